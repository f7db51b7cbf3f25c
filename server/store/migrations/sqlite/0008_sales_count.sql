-- How often each file was sold (store::sales_count): recounted for the files of which something was bought or paid back since `until`, a
-- moment at which all was counted. An index counts a file's sales without reading its purchases.
CREATE INDEX purchases_sold ON purchases (file_id, refunded_at) WHERE refunded_at IS NULL;
UPDATE files SET sales_count = counted.sales
    FROM (SELECT files.id, COUNT(purchases.id) AS sales FROM files
        LEFT JOIN purchases ON purchases.file_id = files.id AND purchases.refunded_at IS NULL GROUP BY files.id) AS counted
    WHERE files.id = counted.id AND files.sales_count <> counted.sales;
CREATE TABLE sales_counted (until BIGINT NOT NULL);
INSERT INTO sales_counted (until) SELECT COALESCE(MAX(created_at), 0) FROM purchases;
