-- What devices say of themselves and of what they see.
CREATE TABLE devices (
    name TEXT PRIMARY KEY,
    kind INTEGER NOT NULL,          -- enum status_kind
    zone TEXT NOT NULL,
    online INTEGER NOT NULL,
    version TEXT NOT NULL,
    media_url TEXT NOT NULL,
    sign_width INTEGER NOT NULL,
    sign_height INTEGER NOT NULL,
    started_us INTEGER NOT NULL,
    status_us INTEGER NOT NULL,     -- the device's own time of its newest status
    contact_us INTEGER NOT NULL,    -- our time of its newest message
    words TEXT NOT NULL,            -- its newest status without the time, JSON: to notice a change
    identity TEXT NOT NULL,
    certificate_expires_us INTEGER NOT NULL,
    telemetry TEXT NOT NULL         -- JSON, "" before the first
);
CREATE INDEX devices_zone ON devices (zone, kind);

CREATE TABLE cameras (
    device TEXT NOT NULL REFERENCES devices (name),
    name TEXT NOT NULL,
    state INTEGER NOT NULL,         -- enum camera_state
    reason TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    fps REAL,
    seen_us INTEGER NOT NULL,
    PRIMARY KEY (device, name)
);

CREATE TABLE events (
    event_id TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    state INTEGER NOT NULL,         -- enum event_state
    camera TEXT NOT NULL,
    zone TEXT NOT NULL,
    label TEXT NOT NULL,
    score REAL NOT NULL,
    count INTEGER NOT NULL,
    started_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    ended_us INTEGER NOT NULL,      -- 0 = not yet
    boxes TEXT NOT NULL,            -- JSON
    clip_bytes INTEGER,
    clip_duration_s REAL,
    clip_codec TEXT,
    snapshot INTEGER NOT NULL,
    model TEXT NOT NULL,
    received_us INTEGER NOT NULL
);
CREATE INDEX events_started ON events (started_us, event_id);
CREATE INDEX events_camera ON events (device, camera, started_us);

CREATE TABLE replay_marks (
    issuer TEXT PRIMARY KEY,
    newest_us INTEGER NOT NULL
);
