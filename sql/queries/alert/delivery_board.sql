-- Alerts and how far they came, for people.
-- database: control

-- name: board_list
SELECT alert_id, revision, state, content, created_us, created_by, cancelled_us FROM alerts
WHERE (alert_id < :before OR :before IS NULL)
  AND (:filter = 0 OR (:filter = 1 AND state < 2) OR (:filter = 2 AND state >= 2))
  AND (CAST(:zones AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM alert_zones AS reached WHERE reached.alert_id = alerts.alert_id
         AND (reached.zone = '*' OR :zones LIKE '%,' || reached.zone || ',%')))
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
WHERE alert_id = :alert_id AND (device = :device OR :device IS NULL)
  AND (CAST(:zones AS TEXT) IS NULL OR :zones LIKE '%,' || deliveries.zone || ',%') ORDER BY device;

-- name: board_count
SELECT count(*) FROM alerts WHERE CAST(:zones AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM alert_zones AS reached WHERE reached.alert_id = alerts.alert_id
         AND (reached.zone = '*' OR :zones LIKE '%,' || reached.zone || ',%'));

-- name: board_zones
SELECT zone FROM alert_zones WHERE alert_id = :alert_id ORDER BY zone;

-- name: board_reach
-- How many zones it is for, how many of them are among :zones, and whether it is for everybody.
SELECT count(*), count(*) FILTER (WHERE :zones LIKE '%,' || zone || ',%'), count(*) FILTER (WHERE zone = '*')
FROM alert_zones WHERE alert_id = :alert_id;
