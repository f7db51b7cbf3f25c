-- Khazna's tables. Columns are BIGINT, TEXT and nothing else; booleans are 0/1; instants are milliseconds since 1970 UTC.

-- The ledger's accounts: the house's own have a name and a fixed number, every other belongs to the customer of the same id.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    house TEXT UNIQUE
);
INSERT INTO accounts (id, house) VALUES (1, 'codes'), (2, 'direct'), (3, 'bonus'), (4, 'sales'), (5, 'subscriptions'), (6, 'refunds');
-- Customers' accounts are numbered from 1000.
UPDATE sqlite_sequence SET seq = 999 WHERE name = 'accounts';

CREATE TABLE customers (
    id BIGINT PRIMARY KEY REFERENCES accounts (id),
    serial TEXT NOT NULL UNIQUE,
    pin_hash TEXT NOT NULL,
    name TEXT,
    name_folded TEXT,
    phone TEXT UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    activated_at BIGINT,
    blocked_at BIGINT,
    balance BIGINT NOT NULL DEFAULT 0 CHECK (balance >= 0),
    deposited BIGINT NOT NULL DEFAULT 0 CHECK (deposited >= 0),
    spent BIGINT NOT NULL DEFAULT 0 CHECK (spent >= 0),
    CHECK (balance = deposited - spent),
    CHECK ((activated_at IS NULL) = (expires_at IS NOT NULL))
);
CREATE INDEX customers_expiring ON customers (expires_at) WHERE expires_at IS NOT NULL;

-- Which phones had their activation bonus; kept when an account goes.
CREATE TABLE bonuses (
    phone TEXT PRIMARY KEY,
    customer_id BIGINT NOT NULL,
    granted_at BIGINT NOT NULL
);

-- Double entry: `amount` coins moved from `source` to `target`. Rows are never changed; a mistake is put right by a new one.
-- `customer_id` is the side whose statement this is, `balance_after` that customer's balance when it was written.
CREATE TABLE transfers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source BIGINT NOT NULL REFERENCES accounts (id),
    target BIGINT NOT NULL REFERENCES accounts (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    kind TEXT NOT NULL,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    balance_after BIGINT NOT NULL CHECK (balance_after >= 0),
    reference BIGINT,
    description TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    CHECK (source <> target),
    CHECK (customer_id IN (source, target))
);
CREATE INDEX transfers_statement ON transfers (customer_id, id);
CREATE TRIGGER transfers_never_updated BEFORE UPDATE ON transfers BEGIN SELECT RAISE(ABORT, 'a transfer is never changed'); END;
CREATE TRIGGER transfers_never_deleted BEFORE DELETE ON transfers BEGIN SELECT RAISE(ABORT, 'a transfer is never deleted'); END;

CREATE TABLE staff (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    totp_secret TEXT,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

-- A session is one family of refresh tokens.
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id BIGINT REFERENCES customers (id) ON DELETE CASCADE,
    staff_id BIGINT REFERENCES staff (id) ON DELETE CASCADE,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    CHECK ((customer_id IS NULL) <> (staff_id IS NULL))
);
CREATE INDEX sessions_customer ON sessions (customer_id, last_seen_at);
CREATE INDEX sessions_staff ON sessions (staff_id, last_seen_at);
CREATE INDEX sessions_expiring ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    hash TEXT PRIMARY KEY,
    session_id BIGINT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- Failed secrets, counted for an account (by what was typed, so that unknown ones count alike), a phone or an address.
CREATE TABLE throttles (
    subject TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_failure_at BIGINT NOT NULL,
    locked_until BIGINT NOT NULL
);
CREATE INDEX throttles_age ON throttles (last_failure_at);

CREATE TABLE code_batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    value BIGINT NOT NULL CHECK (value > 0),
    count BIGINT NOT NULL CHECK (count > 0),
    label TEXT NOT NULL,
    reseller TEXT NOT NULL DEFAULT '',
    expires_at BIGINT,
    frozen_at BIGINT,
    cancelled_at BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);
-- Only the code's HMAC is kept: a stolen database reveals no code.
CREATE TABLE codes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id BIGINT NOT NULL REFERENCES code_batches (id),
    hash TEXT NOT NULL UNIQUE,
    redeemed_by BIGINT REFERENCES customers (id),
    redeemed_at BIGINT,
    CHECK ((redeemed_by IS NULL) = (redeemed_at IS NULL))
);
CREATE INDEX codes_batch ON codes (batch_id, redeemed_at);

CREATE TABLE categories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    position BIGINT NOT NULL,
    files_count BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    category_id BIGINT NOT NULL REFERENCES categories (id),
    price BIGINT NOT NULL CHECK (price >= 0),
    kind TEXT NOT NULL,
    published BIGINT NOT NULL DEFAULT 1,
    cover_etag TEXT,
    cover_type TEXT,
    preview_etag TEXT,
    preview_type TEXT,
    version_id BIGINT,
    sales_count BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX files_newest ON files (published, id);
CREATE INDEX files_price ON files (published, price, id);
CREATE INDEX files_popular ON files (published, sales_count, id);
CREATE INDEX files_category_newest ON files (category_id, published, id);
CREATE INDEX files_category_price ON files (category_id, published, price, id);
CREATE INDEX files_category_popular ON files (category_id, published, sales_count, id);
-- Title, category and description, folded in Rust (shared::text::fold); `rowid` is the file's id.
CREATE VIRTUAL TABLE files_search USING fts5 (folded, tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3', detail = 'none');

CREATE TABLE versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id BIGINT NOT NULL REFERENCES files (id),
    number BIGINT NOT NULL,
    file_name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL CHECK (size >= 0),
    sha256 TEXT NOT NULL,
    storage_key TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (file_id, number)
);

CREATE TABLE packages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price > 0),
    days BIGINT NOT NULL CHECK (days > 0),
    files BIGINT NOT NULL CHECK (files > 0),
    published BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL
);
-- The categories that a package covers; none means all.
CREATE TABLE package_categories (
    package_id BIGINT NOT NULL REFERENCES packages (id),
    category_id BIGINT NOT NULL REFERENCES categories (id),
    PRIMARY KEY (package_id, category_id)
);
CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    package_id BIGINT NOT NULL REFERENCES packages (id),
    price BIGINT NOT NULL,
    files_left BIGINT NOT NULL CHECK (files_left >= 0),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX subscriptions_customer ON subscriptions (customer_id, expires_at);

-- A customer buys a file once; a purchase that was paid back makes room for another. Each gateway numbers its own events.
CREATE TABLE purchases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    file_id BIGINT NOT NULL REFERENCES files (id),
    price BIGINT NOT NULL CHECK (price >= 0),
    subscription_id BIGINT REFERENCES subscriptions (id),
    attempts_allowed BIGINT NOT NULL,
    embedded_events BIGINT NOT NULL DEFAULT 0,
    worker_events BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    refunded_at BIGINT
);
CREATE UNIQUE INDEX purchases_once ON purchases (customer_id, file_id) WHERE refunded_at IS NULL;
CREATE INDEX purchases_file ON purchases (file_id, created_at);
CREATE INDEX purchases_recent ON purchases (created_at);
CREATE INDEX purchases_mine ON purchases (customer_id, id);

-- One attempt each, at one gateway. `state` is the link protocol's own (shared::link::State), for the Worker's links as the Worker
-- last told it; the columns beside it repeat what is searched for.
CREATE TABLE links (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    purchase_id BIGINT NOT NULL REFERENCES purchases (id),
    number BIGINT NOT NULL,
    gateway TEXT NOT NULL,
    version_id BIGINT NOT NULL REFERENCES versions (id),
    ticket TEXT NOT NULL,
    state TEXT NOT NULL,
    phase TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    claimed_at BIGINT,
    bytes_sent BIGINT NOT NULL DEFAULT 0,
    UNIQUE (purchase_id, number)
);
CREATE INDEX links_expiring ON links (expires_at) WHERE phase IN ('issued', 'claimed');

-- Every step of a download, numbered without gaps within its purchase and gateway.
CREATE TABLE download_events (
    purchase_id BIGINT NOT NULL REFERENCES purchases (id),
    gateway TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    link BIGINT NOT NULL,
    kind TEXT NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    detail TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (purchase_id, gateway, sequence)
);

-- Links that the Worker has yet to be told are revoked: written by the transaction that revokes them.
CREATE TABLE worker_calls (
    purchase_id BIGINT NOT NULL REFERENCES purchases (id),
    link BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (purchase_id, link)
);
CREATE INDEX worker_calls_due ON worker_calls (due_at);

-- Signed requests that were answered, for as long as their signature would hold: none is answered twice.
CREATE TABLE answered_messages (
    id TEXT PRIMARY KEY,
    answered_at BIGINT NOT NULL
);
CREATE INDEX answered_messages_age ON answered_messages (answered_at);

-- What administrators must know; an alert of a kind stands until it is resolved.
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    times BIGINT NOT NULL DEFAULT 1,
    resolved_at BIGINT
);
CREATE UNIQUE INDEX alerts_open ON alerts (kind) WHERE resolved_at IS NULL;

CREATE TABLE notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id BIGINT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    notice TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    read_at BIGINT
);
CREATE INDEX notifications_list ON notifications (customer_id, id);
CREATE INDEX notifications_unread ON notifications (customer_id) WHERE read_at IS NULL;

-- The answer of an operation, written in the operation's own transaction.
CREATE TABLE idempotency_keys (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX audit_log_actor ON audit_log (actor, id);
CREATE INDEX audit_log_subject ON audit_log (subject, id);
