-- Alerts, what was said of them, how far they came, and what is still to be published.
CREATE TABLE alerts (
    alert_id TEXT PRIMARY KEY,      -- UUIDv7: sorts by creation
    revision INTEGER NOT NULL,
    state INTEGER NOT NULL,         -- enum alert_state
    tier INTEGER NOT NULL,          -- enum tier
    content TEXT NOT NULL,          -- of the newest revision, JSON as in docs/protocols/bus.md
    payload BLOB NOT NULL,          -- the same, signed: every topic and repetition sends these bytes
    begin_us INTEGER NOT NULL,
    expire_us INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    changed_us INTEGER NOT NULL,
    cancelled_us INTEGER,
    due_us INTEGER                  -- when it begins, runs out, or its tombstone is cleared
);
CREATE INDEX alerts_due ON alerts (due_us) WHERE due_us IS NOT NULL;
CREATE INDEX alerts_state ON alerts (state, alert_id);

CREATE TABLE alert_history (
    number INTEGER PRIMARY KEY,
    alert_id TEXT NOT NULL REFERENCES alerts (alert_id),
    revision INTEGER NOT NULL,
    state INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    actor TEXT NOT NULL             -- a user, or "clock"
);
CREATE INDEX alert_history_alert ON alert_history (alert_id);

CREATE TABLE deliveries (
    alert_id TEXT NOT NULL REFERENCES alerts (alert_id),
    device TEXT NOT NULL,
    zone TEXT NOT NULL,
    revision INTEGER NOT NULL,
    state INTEGER NOT NULL,         -- enum delivery_state, rising within a revision
    reason TEXT NOT NULL,
    queued_us INTEGER NOT NULL,
    sent_us INTEGER,
    received_us INTEGER,
    lit_us INTEGER,
    cleared_us INTEGER,
    attempts INTEGER NOT NULL,      -- times it was published
    asks INTEGER NOT NULL DEFAULT 0, -- of these, after it was received, to hear of lit or cleared
    due_us INTEGER,                 -- when to send again
    PRIMARY KEY (alert_id, device)
) WITHOUT ROWID; -- the devices of an alert stand on few pages: written and counted together
CREATE INDEX deliveries_due ON deliveries (due_us) WHERE due_us IS NOT NULL;

CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id TEXT NOT NULL,
    scope TEXT NOT NULL,            -- broadcast, zone, device
    name TEXT NOT NULL,             -- of the zone or device
    kind INTEGER NOT NULL,          -- enum outgoing_kind
    created_us INTEGER NOT NULL,
    UNIQUE (alert_id, scope, name, kind)
);

CREATE TABLE idempotency (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    alert_id TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_at ON idempotency (at_us);
