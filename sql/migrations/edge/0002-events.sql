-- Events on their way to control, and those that have not ended.
CREATE TABLE event_queue (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    state INTEGER NOT NULL,         -- enum event_state
    content TEXT NOT NULL,          -- JSON
    bytes INTEGER NOT NULL,
    due_us INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    UNIQUE (event_id, sequence)
);
CREATE INDEX event_queue_due ON event_queue (due_us);

CREATE TABLE event_open (
    event_id TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    content TEXT NOT NULL
);
