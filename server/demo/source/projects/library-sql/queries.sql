-- 1. المتأخرات مع عدد الأيام
SELECT member, title, due_on,
       CAST(julianday('2025-03-15') - julianday(due_on) AS INTEGER) AS days_late
FROM open_loans WHERE due_on < '2025-03-15' ORDER BY due_on;

-- 2. النسخ المتاحة الآن لكل كتاب
SELECT b.title, COUNT(c.id) AS copies,
       COUNT(c.id) - COUNT(l.id) AS available
FROM books b
JOIN copies c ON c.book_id = b.id
LEFT JOIN loans l ON l.copy_id = c.id AND l.returned_on IS NULL
GROUP BY b.id ORDER BY available DESC, b.title;

-- 3. أكثر المواضيع إعارة، مع نصيب كل منها
SELECT b.subject, COUNT(*) AS loans,
       ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 1) AS percent
FROM loans l JOIN copies c ON c.id = l.copy_id JOIN books b ON b.id = c.book_id
GROUP BY b.subject ORDER BY loans DESC, b.subject;

-- 4. آخر إعارة لكل عضو، ومن لم يستعر قط
WITH ranked AS (
  SELECT l.*, ROW_NUMBER() OVER (PARTITION BY member_id ORDER BY taken_on DESC) AS n FROM loans l
)
SELECT m.name, COALESCE(r.taken_on, 'لم يستعر') AS last_loan
FROM members m LEFT JOIN ranked r ON r.member_id = m.id AND r.n = 1 ORDER BY m.id;

-- 5. بحث نصي
SELECT b.title, a.name FROM book_search s
JOIN books b ON b.id = s.rowid JOIN authors a ON a.id = b.author_id
WHERE book_search MATCH 'أدب' ORDER BY rank;
