-- Recharge codes at the desk. `number` is a code's place in its batch, as sheets print it; `redeemed` is counted by the redemptions
-- themselves (reconcile recounts), so that a list of batches reads batches only; `folded` is label and reseller for the search;
-- until `handed_out_until` the maker's ticket brings the plain codes back.
ALTER TABLE codes ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
UPDATE codes SET number = ranked.place
    FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY batch_id ORDER BY id) AS place FROM codes) AS ranked WHERE ranked.id = codes.id;
DROP INDEX codes_batch;
CREATE UNIQUE INDEX codes_number ON codes (batch_id, number);
CREATE INDEX codes_redeemed ON codes (batch_id, redeemed_at, id) WHERE redeemed_at IS NOT NULL;

ALTER TABLE code_batches ADD COLUMN redeemed BIGINT NOT NULL DEFAULT 0 CHECK (redeemed >= 0 AND redeemed <= count);
UPDATE code_batches SET redeemed = (SELECT COUNT(*) FROM codes WHERE codes.batch_id = code_batches.id AND codes.redeemed_at IS NOT NULL);
ALTER TABLE code_batches ADD COLUMN imported BIGINT NOT NULL DEFAULT 0;
ALTER TABLE code_batches ADD COLUMN folded TEXT NOT NULL DEFAULT '';
UPDATE code_batches SET folded = LOWER(label || ' ' || reseller);
ALTER TABLE code_batches ADD COLUMN handed_out_until BIGINT;
