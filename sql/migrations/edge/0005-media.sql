-- Where the media of an event lie, relative to the media folder. tocsin-watch tells it.
CREATE TABLE media (
    event_id TEXT PRIMARY KEY,
    clip_path TEXT,
    snapshot_path TEXT
);

-- Tokens that were used, until they would have run out anyway: none opens media twice.
CREATE TABLE stream_tokens (
    token_id TEXT PRIMARY KEY,
    not_after_us INTEGER NOT NULL
);
CREATE INDEX stream_tokens_by_end ON stream_tokens (not_after_us);

-- Small facts that must survive a restart: the last sane time, the run of tocsin-watch.
CREATE TABLE memory (
    name TEXT PRIMARY KEY,
    fact TEXT NOT NULL
);
