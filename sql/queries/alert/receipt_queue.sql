-- Receipts on the device's disk until the broker has them.
-- database: edge, gateway

-- name: receipt_push
INSERT INTO receipts (alert_id, revision, state, reason, at_us)
VALUES (:alert_id, :revision, :state, :reason, :at_us);

-- name: receipt_drop_sent
DELETE FROM receipts
WHERE alert_id = :alert_id AND sent = 1
  AND number < (SELECT max(number) FROM receipts WHERE alert_id = :alert_id);

-- name: receipt_drop_oldest
DELETE FROM receipts WHERE number <= (SELECT max(number) FROM receipts) - :keep;

-- name: receipt_newest
SELECT alert_id, revision, state, reason, at_us, sent FROM receipts
WHERE alert_id = :alert_id ORDER BY number DESC LIMIT 1;

-- name: receipt_unsent
SELECT alert_id, revision, state, reason, at_us, number FROM receipts
WHERE sent = 0 AND number > :after ORDER BY number LIMIT :limit;

-- name: receipt_done
UPDATE receipts SET sent = 1 WHERE number = :number RETURNING alert_id;

-- name: receipt_count
SELECT count(*) FROM receipts WHERE sent = 0;
