-- What a receiver remembers of alerts.
-- database: edge, gateway

-- name: inbox_find
SELECT revision, keep_until_us, progress, tier, exercise FROM inbox WHERE alert_id = :alert_id;

-- name: inbox_store
INSERT INTO inbox (alert_id, revision, action, tier, exercise, content, payload, received_us, begin_us,
                   expire_us, keep_until_us, progress)
VALUES (:alert_id, :revision, :action, :tier, :exercise, :content, :payload, :received_us, :begin_us,
        :expire_us, :keep_until_us, :progress)
ON CONFLICT (alert_id) DO UPDATE SET
    revision = excluded.revision, action = excluded.action, tier = excluded.tier,
    exercise = excluded.exercise,
    content = excluded.content, payload = excluded.payload, received_us = excluded.received_us,
    begin_us = excluded.begin_us, expire_us = excluded.expire_us,
    keep_until_us = excluded.keep_until_us, progress = excluded.progress;

-- name: inbox_progress
UPDATE inbox SET progress = :progress WHERE alert_id = :alert_id;

-- name: inbox_count
SELECT count(*) FROM inbox;

-- name: inbox_open
SELECT content, payload, received_us, progress FROM inbox
WHERE action = 0 AND expire_us > :now ORDER BY tier DESC, received_us DESC, alert_id DESC;

-- name: inbox_over
SELECT content, payload, received_us, progress FROM inbox
WHERE (action = 1 OR expire_us <= :now) AND (progress & 8) = 0 ORDER BY received_us;

-- name: inbox_next
SELECT min(CASE WHEN begin_us > :now THEN begin_us ELSE expire_us END) FROM inbox
WHERE action = 0 AND expire_us > :now;

-- name: inbox_forget
DELETE FROM inbox
WHERE keep_until_us <= :now
  AND (:reports = 0 OR (progress & 8) <> 0 OR keep_until_us <= :abandon);

-- name: inbox_forget_receipts
DELETE FROM receipts WHERE sent = 1 AND alert_id NOT IN (SELECT alert_id FROM inbox);
