-- Contents on their way that no version names yet (store::files::put): what a crash leaves in the storage is found by them.
CREATE TABLE loose_contents (storage_key TEXT PRIMARY KEY, since BIGINT NOT NULL);
CREATE INDEX loose_contents_since ON loose_contents (since);
CREATE INDEX versions_contents ON versions (storage_key);
INSERT INTO loose_contents (storage_key, since) SELECT content_key, created_at FROM uploads WHERE content_key IS NOT NULL;
ALTER TABLE uploads DROP COLUMN content_key;
