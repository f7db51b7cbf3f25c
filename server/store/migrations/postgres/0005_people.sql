-- Customers as the staff find and help them, and what is looked for in the logs.

-- An account that was closed at its owner's wish: nothing of the person is left in it, its ledger stays.
ALTER TABLE customers ADD COLUMN closed_at BIGINT;
CREATE INDEX customers_tail ON customers (substr(serial, 10));
CREATE INDEX customers_blocked ON customers (id) WHERE blocked_at IS NOT NULL;
CREATE INDEX customers_temporary ON customers (id) WHERE activated_at IS NULL;

-- What an activated customer is found by: the words of the name (folded in Rust, shared::text::fold), the serial's own part, and the
-- phone's digits from each place on, so that the beginning of a word is any part of the number.
CREATE VIEW customer_words AS
    SELECT id, COALESCE(name_folded, '') || ' ' || substr(serial, 10)
        || ' ' || digits || ' ' || substr(digits, 2) || ' ' || substr(digits, 3) || ' ' || substr(digits, 4)
        || ' ' || substr(digits, 5) || ' ' || substr(digits, 6) || ' ' || substr(digits, 7) || ' ' || substr(digits, 8)
        || ' ' || substr(digits, 9) || ' ' || substr(digits, 10) || ' ' || substr(digits, 11) || ' ' || substr(digits, 12)
        || ' ' || substr(digits, 13) AS folded
    FROM (SELECT id, serial, name_folded, replace(phone, '+', '') AS digits FROM customers WHERE phone IS NOT NULL) AS known;
CREATE TABLE customers_search (
    customer_id BIGINT PRIMARY KEY REFERENCES customers (id) ON DELETE CASCADE,
    folded TEXT NOT NULL,
    words TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', folded)) STORED
);
INSERT INTO customers_search (customer_id, folded) SELECT id, folded FROM customer_words;
CREATE INDEX customers_search_words ON customers_search USING GIN (words);
CREATE FUNCTION find_customer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM customers_search WHERE customer_id = NEW.id;
    INSERT INTO customers_search (customer_id, folded) SELECT id, folded FROM customer_words WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER customers_found AFTER INSERT ON customers FOR EACH ROW WHEN (NEW.phone IS NOT NULL) EXECUTE FUNCTION find_customer();
CREATE TRIGGER customers_refound AFTER UPDATE OF phone, name_folded ON customers FOR EACH ROW EXECUTE FUNCTION find_customer();

-- Attempts that the staff gave beside those that were bought.
ALTER TABLE purchases ADD COLUMN attempts_granted BIGINT NOT NULL DEFAULT 0;

-- A transfer is corrected once.
CREATE UNIQUE INDEX transfers_corrected ON transfers (reference) WHERE kind = 'correction';

-- The log of downloads: whose link it is, of which file, and the last thing that went wrong with it (a kind of download_events).
ALTER TABLE links ADD COLUMN customer_id BIGINT REFERENCES customers (id);
ALTER TABLE links ADD COLUMN file_id BIGINT REFERENCES files (id);
ALTER TABLE links ADD COLUMN trouble TEXT;
UPDATE links SET
    customer_id = (SELECT customer_id FROM purchases WHERE purchases.id = links.purchase_id),
    file_id = (SELECT file_id FROM purchases WHERE purchases.id = links.purchase_id),
    trouble = (SELECT MAX(kind) FROM download_events WHERE download_events.purchase_id = links.purchase_id
        AND download_events.link = links.number AND (kind LIKE 'refused%' OR kind = 'storage_failed'));
CREATE INDEX links_customer ON links (customer_id, id);
CREATE INDEX links_file ON links (file_id, id);
CREATE INDEX links_phase ON links (phase, id);
CREATE INDEX links_trouble ON links (id) WHERE trouble IS NOT NULL;
CREATE INDEX links_revoked_unclaimed ON links (id) WHERE phase = 'revoked' AND claimed_at IS NULL;
CREATE INDEX links_time ON links (created_at);
CREATE INDEX download_events_ip ON download_events (ip, purchase_id, link);

-- The audit log, by what is looked for in it.
CREATE INDEX audit_log_action ON audit_log (action, id);
CREATE INDEX audit_log_ip ON audit_log (ip, id);
CREATE INDEX audit_log_time ON audit_log (created_at);
CREATE INDEX audit_log_not_ok ON audit_log (id) WHERE outcome <> 'ok';
