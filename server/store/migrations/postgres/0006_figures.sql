-- What the owner chose otherwise than the store's own defaults: one row a setting.
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- A subscription keeps what was bought: how many files, of which categories (none means all), whatever becomes of its package.
-- The `told` columns say when its customer was told that it will end, that it covers no more files, that it is over.
ALTER TABLE subscriptions ADD COLUMN files BIGINT NOT NULL DEFAULT 0;
UPDATE subscriptions SET files = files_left + (SELECT COUNT(*) FROM purchases WHERE purchases.subscription_id = subscriptions.id);
ALTER TABLE subscriptions ADD COLUMN ending_told_at BIGINT;
ALTER TABLE subscriptions ADD COLUMN used_up_told_at BIGINT;
ALTER TABLE subscriptions ADD COLUMN over_told_at BIGINT;
CREATE INDEX subscriptions_ending ON subscriptions (expires_at) WHERE ending_told_at IS NULL;
CREATE INDEX subscriptions_used_up ON subscriptions (id) WHERE files_left = 0 AND used_up_told_at IS NULL;
CREATE INDEX subscriptions_over ON subscriptions (expires_at) WHERE over_told_at IS NULL;
CREATE INDEX subscriptions_package ON subscriptions (package_id, expires_at);
CREATE TABLE subscription_categories (
    subscription_id BIGINT NOT NULL REFERENCES subscriptions (id),
    category_id BIGINT NOT NULL REFERENCES categories (id),
    PRIMARY KEY (subscription_id, category_id)
);
INSERT INTO subscription_categories (subscription_id, category_id)
    SELECT subscriptions.id, package_categories.category_id FROM subscriptions
    JOIN package_categories ON package_categories.package_id = subscriptions.package_id;
CREATE INDEX subscription_categories_category ON subscription_categories (category_id);
CREATE INDEX purchases_subscription ON purchases (subscription_id) WHERE subscription_id IS NOT NULL;

-- When a customer first spent coins, written with the coins themselves.
ALTER TABLE customers ADD COLUMN first_spent_at BIGINT;
UPDATE customers SET first_spent_at =
    (SELECT MIN(created_at) FROM transfers WHERE transfers.customer_id = customers.id AND transfers.kind IN ('purchase', 'subscription'));
-- Temporary accounts that are gone, by the quarter of an hour in which they were opened: they too were opened.
CREATE TABLE forgotten_accounts (
    opened_at BIGINT PRIMARY KEY,
    accounts BIGINT NOT NULL
);
INSERT INTO forgotten_accounts (opened_at, accounts)
    SELECT created_at / 900000 * 900000, COUNT(*) FROM audit_log
    WHERE action = 'account.open' AND NOT EXISTS (SELECT 1 FROM customers WHERE 'customer:' || customers.id = audit_log.subject)
    GROUP BY created_at / 900000 * 900000;

-- What statistics look for by time.
CREATE INDEX customers_opened ON customers (created_at, activated_at, first_spent_at, closed_at);
CREATE INDEX customers_activated ON customers (activated_at) WHERE activated_at IS NOT NULL;
CREATE INDEX transfers_time ON transfers (created_at);
CREATE INDEX purchases_refunded ON purchases (refunded_at) WHERE refunded_at IS NOT NULL;
CREATE INDEX codes_redeemed_time ON codes (redeemed_at) WHERE redeemed_at IS NOT NULL;
CREATE INDEX download_events_time ON download_events (created_at);
-- What the database looks for before a temporary account goes.
CREATE INDEX codes_redeemed_by ON codes (redeemed_by) WHERE redeemed_by IS NOT NULL;

-- Days and months of the shop that are over, counted once (store::statistics). `period` is the period's first day, counted from 1970.
CREATE TABLE counts (
    unit TEXT NOT NULL,
    what TEXT NOT NULL,
    period BIGINT NOT NULL,
    id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    coins BIGINT NOT NULL,
    PRIMARY KEY (unit, what, period, id)
);
CREATE INDEX counts_period ON counts (unit, period);
-- The customers of each period, as a text that store::statistics reads.
CREATE TABLE active_customers (
    unit TEXT NOT NULL,
    period BIGINT NOT NULL,
    ids TEXT NOT NULL,
    PRIMARY KEY (unit, period)
);
-- Until when everything is counted, on a clock that is `utc_offset` milliseconds ahead of UTC. What comes later than its day
-- (the Worker's events do, now and then) sets it back.
CREATE TABLE counted (
    until BIGINT NOT NULL,
    utc_offset BIGINT NOT NULL
);
INSERT INTO counted (until, utc_offset) VALUES (0, 0);
CREATE FUNCTION set_counted_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.created_at < (SELECT until FROM counted) THEN
        UPDATE counted SET until = NEW.created_at WHERE until > NEW.created_at;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER transfers_late AFTER INSERT ON transfers FOR EACH ROW EXECUTE FUNCTION set_counted_back();
CREATE TRIGGER purchases_late AFTER INSERT ON purchases FOR EACH ROW EXECUTE FUNCTION set_counted_back();
CREATE TRIGGER download_events_late AFTER INSERT ON download_events FOR EACH ROW EXECUTE FUNCTION set_counted_back();
