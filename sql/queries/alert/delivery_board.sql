-- Alerts and how far they came, for people.
-- database: control

-- name: board_list
SELECT alert_id, revision, state, content, created_us, created_by, cancelled_us FROM alerts
WHERE (:before IS NULL OR alert_id < :before)
  AND (:filter = 0 OR (:filter = 1 AND state < 2) OR (:filter = 2 AND state >= 2))
ORDER BY alert_id DESC LIMIT :limit;

-- name: board_alert
SELECT alert_id, revision, state, content, created_us, created_by, cancelled_us FROM alerts
WHERE alert_id = :alert_id;

-- name: board_counts
SELECT count(*), count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state = 1),
       count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 3),
       count(*) FILTER (WHERE state = 4), count(*) FILTER (WHERE state = 5),
       count(*) FILTER (WHERE state < 2 AND queued_us <= :silent_us)
FROM deliveries WHERE alert_id = :alert_id;

-- name: board_deliveries
SELECT deliveries.device, deliveries.zone, state, reason, queued_us, sent_us, received_us, lit_us,
       cleared_us, attempts, devices.contact_us, revision
FROM deliveries LEFT JOIN devices ON devices.name = deliveries.device
WHERE alert_id = :alert_id AND (:device IS NULL OR device = :device) ORDER BY device;

-- name: board_count
SELECT count(*) FROM alerts;
