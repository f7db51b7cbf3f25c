-- The catalog in the staff's hands, and uploads on their way.
CREATE INDEX files_in_category ON files (category_id, id);
CREATE INDEX files_drafts ON files (id) WHERE version_id IS NULL;

-- What has arrived of an upload lies in parts until all of it is there. One request at a time writes: its token is `writer`, good until
-- `writer_until`. `content_key` is where the whole is put together. A finished upload is kept a while, so that a lost answer can be had again.
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    file_id BIGINT NOT NULL REFERENCES files (id),
    file_name TEXT NOT NULL,
    length BIGINT NOT NULL CHECK (length > 0),
    received BIGINT NOT NULL DEFAULT 0 CHECK (received >= 0 AND received <= length),
    fingerprint TEXT NOT NULL,
    note TEXT NOT NULL,
    writer TEXT,
    writer_until BIGINT NOT NULL DEFAULT 0,
    content_key TEXT,
    version_id BIGINT REFERENCES versions (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX uploads_file ON uploads (file_id);
CREATE INDEX uploads_expiring ON uploads (expires_at);
CREATE TABLE upload_parts (
    upload_id TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    start BIGINT NOT NULL,
    storage_key TEXT NOT NULL,
    PRIMARY KEY (upload_id, start)
);
