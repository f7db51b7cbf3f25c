-- مخطط مكتبة إعارة
PRAGMA foreign_keys = ON;

CREATE TABLE authors (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);

CREATE TABLE books (
  id        INTEGER PRIMARY KEY,
  title     TEXT NOT NULL,
  author_id INTEGER NOT NULL REFERENCES authors(id),
  subject   TEXT NOT NULL,
  year      INTEGER CHECK (year BETWEEN 600 AND 2100)
);

-- الكتاب عنوان، والنسخة ما على الرف
CREATE TABLE copies (
  id      INTEGER PRIMARY KEY,
  book_id INTEGER NOT NULL REFERENCES books(id) ON DELETE CASCADE,
  barcode TEXT NOT NULL UNIQUE
);

CREATE TABLE members (
  id        INTEGER PRIMARY KEY,
  name      TEXT NOT NULL,
  joined_on TEXT NOT NULL CHECK (joined_on IS date(joined_on, '+0 days')),
  max_loans INTEGER NOT NULL DEFAULT 3 CHECK (max_loans BETWEEN 1 AND 10)
);

CREATE TABLE loans (
  id          INTEGER PRIMARY KEY,
  copy_id     INTEGER NOT NULL REFERENCES copies(id),
  member_id   INTEGER NOT NULL REFERENCES members(id),
  taken_on    TEXT NOT NULL CHECK (taken_on IS date(taken_on, '+0 days')),
  due_on      TEXT NOT NULL CHECK (due_on IS date(due_on, '+0 days') AND due_on >= taken_on),
  returned_on TEXT CHECK (returned_on IS NULL OR returned_on >= taken_on)
);

-- فهرس فريد جزئي: نسخة واحدة، إعارة مفتوحة واحدة
CREATE UNIQUE INDEX one_open_loan ON loans (copy_id) WHERE returned_on IS NULL;
CREATE INDEX loans_by_member ON loans (member_id, returned_on);
CREATE INDEX books_by_author ON books (author_id);

CREATE TRIGGER loan_limit BEFORE INSERT ON loans
WHEN NEW.returned_on IS NULL AND
     (SELECT COUNT(*) FROM loans WHERE member_id = NEW.member_id AND returned_on IS NULL)
     >= (SELECT max_loans FROM members WHERE id = NEW.member_id)
BEGIN
  SELECT RAISE(ABORT, 'بلغ العضو حد الإعارة');
END;

CREATE VIEW open_loans AS
SELECT l.id, m.name AS member, b.title, c.barcode, l.due_on
FROM loans l
JOIN members m ON m.id = l.member_id
JOIN copies  c ON c.id = l.copy_id
JOIN books   b ON b.id = c.book_id
WHERE l.returned_on IS NULL;

-- بحث نصي كامل يُحدَّث بالمشغّلات. أدخل النص بلا تشكيل: FTS5 لا يزيل الحركات العربية
CREATE VIRTUAL TABLE book_search USING fts5(
  title, subject, content='books', content_rowid='id',
  tokenize = "unicode61"
);
CREATE TRIGGER books_ai AFTER INSERT ON books BEGIN
  INSERT INTO book_search (rowid, title, subject) VALUES (NEW.id, NEW.title, NEW.subject);
END;
CREATE TRIGGER books_ad AFTER DELETE ON books BEGIN
  INSERT INTO book_search (book_search, rowid, title, subject) VALUES ('delete', OLD.id, OLD.title, OLD.subject);
END;
CREATE TRIGGER books_au AFTER UPDATE ON books BEGIN
  INSERT INTO book_search (book_search, rowid, title, subject) VALUES ('delete', OLD.id, OLD.title, OLD.subject);
  INSERT INTO book_search (rowid, title, subject) VALUES (NEW.id, NEW.title, NEW.subject);
END;
