-- The statements of one purchase through the REST API, as the server sends them (store: sessions::authenticate, sales::purchase),
-- for pgbench -M prepared. Each client has customers of its own, and buys one file after the other for each of them.
\set n :n + 1
\set session :first_session + :client_id + :clients * (:n % :each)
\set file :first_file + :n / :each
SELECT sessions.customer_id AS customer, sessions.staff_id, customers.serial, customers.name, customers.activated_at, customers.expires_at, customers.blocked_at, customers.balance, staff.username, staff.role, staff.disabled_at, (SELECT COUNT(*) FROM notifications WHERE notifications.customer_id = sessions.customer_id AND read_at IS NULL) AS unread FROM sessions LEFT JOIN customers ON customers.id = sessions.customer_id LEFT JOIN staff ON staff.id = sessions.staff_id WHERE sessions.id = :session AND sessions.ended_at IS NULL AND sessions.expires_at > :now \gset
BEGIN;
SELECT files.title, files.price, (SELECT subscriptions.id FROM subscriptions WHERE subscriptions.customer_id = :customer AND subscriptions.expires_at > :now AND subscriptions.files_left > 0 AND (NOT EXISTS (SELECT 1 FROM package_categories WHERE package_categories.package_id = subscriptions.package_id) OR EXISTS (SELECT 1 FROM package_categories WHERE package_categories.package_id = subscriptions.package_id AND package_categories.category_id = files.category_id)) ORDER BY subscriptions.expires_at LIMIT 1) AS subscription_id FROM files WHERE files.id = :file AND files.published = 1 AND files.version_id IS NOT NULL \gset
INSERT INTO purchases (customer_id, file_id, price, subscription_id, attempts_allowed, created_at) VALUES (:customer, :file, :price, NULL, 3, :now) ON CONFLICT DO NOTHING RETURNING id AS purchase \gset
UPDATE customers SET balance = balance - :price, spent = spent + :price WHERE id = :customer AND balance >= :price RETURNING balance \gset
INSERT INTO transfers (source, target, amount, kind, customer_id, balance_after, reference, description, created_at) VALUES (:customer, 4, :price, 'purchase', :customer, :balance, :purchase, :title, :now);
INSERT INTO notifications (customer_id, notice, created_at) VALUES (:customer, '{"kind":"purchased","purchase_id":12345,"file_id":12345,"title":"مقدمه شبكات حاسوب للمبتدئين 12345","price":120}', :now);
INSERT INTO audit_log (actor, action, subject, outcome, ip, user_agent, created_at) VALUES ('customer:12345', 'sales.purchase', 'file:12345', 'ok', '127.0.0.1', '', :now);
COMMIT;
