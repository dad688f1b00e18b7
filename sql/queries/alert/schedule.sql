-- What becomes due by itself.
-- database: control

-- name: schedule_alerts
SELECT alert_id, revision, state, content FROM alerts
WHERE due_us <= :now ORDER BY due_us LIMIT :limit;

-- name: schedule_alert_state
UPDATE alerts SET state = :state, due_us = :due_us, changed_us = :now WHERE alert_id = :alert_id;

-- name: schedule_history
INSERT INTO alert_history (alert_id, revision, state, at_us, actor)
VALUES (:alert_id, :revision, :state, :at_us, 'clock');

-- name: schedule_over
-- Nobody is told any more of an alert that ran out; who showed it is asked whether it is off.
UPDATE deliveries SET asks = 0, due_us = CASE WHEN state IN (3, 4) THEN CAST(:ask_us AS BIGINT) END
WHERE alert_id = :alert_id;

-- name: schedule_deliveries
SELECT alert_id, device, state, attempts, asks
FROM deliveries WHERE due_us <= :now ORDER BY due_us LIMIT :limit;

-- name: schedule_retry
UPDATE deliveries SET attempts = attempts + :sent, asks = :asks, due_us = :due_us
WHERE alert_id = :alert_id AND device = :device;

-- name: schedule_post
INSERT INTO outbox (alert_id, scope, name, kind, created_us)
VALUES (:alert_id, :scope, :name, :kind, :now)
ON CONFLICT (alert_id, scope, name, kind) DO NOTHING;

-- name: schedule_hasten
UPDATE deliveries SET due_us = :now
WHERE device = :device AND state < 2 AND due_us > :now;

-- name: schedule_forget_keys
DELETE FROM idempotency WHERE at_us <= :before;

-- name: schedule_next
SELECT min(due) FROM (
    SELECT min(due_us) AS due FROM alerts WHERE due_us IS NOT NULL
    UNION ALL
    SELECT min(due_us) FROM deliveries WHERE due_us IS NOT NULL
) AS times;
