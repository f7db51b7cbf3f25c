-- Authenticators (RFC 6238). What is kept is a seed: the secret is derived from it under the server's key, so that a stolen
-- database makes no digits. `totp_pending` is one that was not proven yet, `totp_step` the last step whose digits were used.
ALTER TABLE staff RENAME COLUMN totp_secret TO totp_seed;
ALTER TABLE staff ADD COLUMN totp_pending TEXT;
ALTER TABLE staff ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;
