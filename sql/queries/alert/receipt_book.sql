-- A device's receipt is entered into its delivery.
-- database: control

-- name: book_find
SELECT alerts.revision, alerts.begin_us, deliveries.revision, deliveries.state
FROM alerts LEFT JOIN deliveries
  ON deliveries.alert_id = alerts.alert_id AND deliveries.device = :device
WHERE alerts.alert_id = :alert_id;

-- name: book_targets
SELECT content FROM alerts WHERE alert_id = :alert_id;

-- name: book_join
INSERT INTO deliveries (alert_id, device, zone, revision, state, reason, queued_us, attempts)
VALUES (:alert_id, :device, :zone, :revision, 0, '', :now, 1);

-- name: book_enter
UPDATE deliveries SET
    state = :state, reason = :reason, asks = 0, due_us = :due_us,
    received_us = CASE WHEN CAST(:state AS BIGINT) >= 3 THEN coalesce(received_us, :at_us) ELSE received_us END,
    lit_us = CASE WHEN :state = 4 THEN :at_us ELSE lit_us END,
    cleared_us = CASE WHEN :state = 5 THEN :at_us ELSE cleared_us END
WHERE alert_id = :alert_id AND device = :device;
