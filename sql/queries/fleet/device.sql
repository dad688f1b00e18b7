-- What control knows of every device.
-- database: control

-- name: device_find
SELECT status_us, online, words, zone, media_url, started_us FROM devices WHERE name = :name;

-- name: device_store
INSERT INTO devices (name, kind, zone, online, version, media_url, sign_width, sign_height,
                     started_us, status_us, contact_us, words, identity, certificate_expires_us,
                     telemetry)
VALUES (:name, :kind, :zone, :online, :version, :media_url, :sign_width, :sign_height,
        :started_us, :status_us, :now, :words, :identity, :certificate_expires_us, '')
ON CONFLICT (name) DO UPDATE SET
    kind = excluded.kind, zone = excluded.zone, online = excluded.online,
    version = excluded.version, media_url = excluded.media_url, sign_width = excluded.sign_width,
    sign_height = excluded.sign_height, started_us = excluded.started_us,
    status_us = CASE WHEN devices.status_us > :now + 60000000
                          OR devices.status_us < excluded.status_us THEN excluded.status_us
                     ELSE devices.status_us END,
    contact_us = CASE WHEN excluded.online = 1 THEN excluded.contact_us
                      ELSE devices.contact_us END,
    words = excluded.words, identity = excluded.identity,
    certificate_expires_us = excluded.certificate_expires_us;

-- name: device_contact
UPDATE devices SET contact_us = :now WHERE name = :name AND contact_us < :now;

-- name: device_telemetry
UPDATE devices SET telemetry = :telemetry, contact_us = :now,
    tampered_us = CASE WHEN tampered_us < :tampered_us THEN :tampered_us ELSE tampered_us END
WHERE name = :name;

-- name: device_suspended
SELECT tampered_us > tamper_cleared_us FROM devices WHERE name = :name;

-- name: device_clear
UPDATE devices SET tamper_cleared_us = tampered_us WHERE name = :name AND tampered_us > tamper_cleared_us;

-- name: device_lapse
UPDATE devices SET online = 0, words = '' WHERE online = 1 AND contact_us <= :before RETURNING name;

-- name: device_camera
INSERT INTO cameras (device, name, state, reason, since_us, seen_us)
VALUES (:device, :name, :state, :reason, :since_us, :seen_us)
ON CONFLICT (device, name) DO UPDATE SET
    state = excluded.state, reason = excluded.reason, since_us = excluded.since_us,
    seen_us = excluded.seen_us;

-- name: device_camera_forget
DELETE FROM cameras WHERE device = :device AND seen_us <> :seen_us;

-- name: device_camera_fps
UPDATE cameras SET fps = :fps WHERE device = :device AND name = :name;

-- name: device_list
SELECT name, kind, zone, online, version, sign_width, sign_height, contact_us, identity,
       certificate_expires_us, telemetry, started_us,
       CASE WHEN tampered_us > tamper_cleared_us THEN tampered_us ELSE 0 END
FROM devices WHERE name = :name OR :name IS NULL ORDER BY name;

-- name: device_count
SELECT count(*) FROM devices;

-- name: device_cameras
SELECT cameras.name, cameras.device, devices.zone, cameras.state, cameras.reason, cameras.fps,
       cameras.since_us,
       (SELECT count(*) FROM events WHERE events.device = cameras.device
            AND events.camera = cameras.name AND events.started_us >= :today),
       (SELECT max(started_us) FROM events WHERE events.device = cameras.device
            AND events.camera = cameras.name)
FROM cameras JOIN devices ON devices.name = cameras.device
WHERE cameras.device = :device OR :device IS NULL ORDER BY cameras.device, cameras.name;
