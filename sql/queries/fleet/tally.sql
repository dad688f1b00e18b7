-- How many devices, cameras and events each zone has.
-- database: control

-- name: tally_events
INSERT INTO tallies (zone, events) VALUES (:zone, :more)
ON CONFLICT (zone) DO UPDATE SET events = tallies.events + excluded.events;

-- name: tally_add_zone
INSERT INTO tallies (zone) VALUES (:zone) ON CONFLICT (zone) DO NOTHING;

-- name: tally_devices
UPDATE tallies SET
    devices = (SELECT count(*) FROM devices WHERE devices.zone = tallies.zone),
    cameras = (SELECT count(*) FROM cameras JOIN devices ON devices.name = cameras.device
               WHERE devices.zone = tallies.zone)
WHERE zone = :zone;

-- name: tally_each
SELECT zone, devices, cameras, events, alerts FROM tallies ORDER BY zone;
