-- How many there are of what is counted at every request: counting rows would cost more than all the rest.
-- Kept by those who write the rows, in the same transaction (fleet/tally, alert/dispatch).
CREATE TABLE tallies (
    zone TEXT PRIMARY KEY,          -- '*': what belongs to the whole site
    devices INTEGER NOT NULL DEFAULT 0,
    cameras INTEGER NOT NULL DEFAULT 0,
    events INTEGER NOT NULL DEFAULT 0,
    alerts INTEGER NOT NULL DEFAULT 0 -- of '*' only: an alert may be for several zones
);
INSERT INTO tallies (zone, events) SELECT zone, count(*) FROM events GROUP BY zone;
INSERT INTO tallies (zone, devices) SELECT zone, count(*) FROM devices GROUP BY zone
ON CONFLICT (zone) DO UPDATE SET devices = excluded.devices;
UPDATE tallies SET cameras = (SELECT count(*) FROM cameras JOIN devices ON devices.name = cameras.device
                              WHERE devices.zone = tallies.zone);
INSERT INTO tallies (zone, alerts) SELECT '*', count(*) FROM alerts;
-- The log by time: which numbers a span of time has.
CREATE INDEX audit_time ON audit (at_us, number);
