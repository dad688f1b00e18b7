-- The site's events, for a map.
-- database: control

-- name: events_list
SELECT event_id, device, camera, zone, label, count, started_us, ended_us FROM events
WHERE started_us >= :since_us
ORDER BY started_us, event_id;
