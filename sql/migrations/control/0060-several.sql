-- What several control servers of one site hold in common, besides all the rest.

-- Who leads. There is no time in it, for clocks differ: whoever leads beats, the others watch.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,           -- the run of a server
    beats INTEGER NOT NULL          -- rises while the holder is well
);

-- The servers that run, each start anew.
CREATE TABLE servers (
    run TEXT PRIMARY KEY,           -- UUIDv7
    name TEXT NOT NULL,             -- as in its certificate
    seen_us INTEGER NOT NULL        -- of its own clock, every few seconds: to forget those that ended
);

-- What each tells the others' browsers. Of one run the numbers are committed in order.
CREATE TABLE bulletins (
    run TEXT NOT NULL,
    number INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,             -- JSON
    PRIMARY KEY (run, number)
);
CREATE INDEX bulletins_at ON bulletins (at_us);

-- What a passkey is asked to sign, until it has.
CREATE TABLE challenges (
    challenge BLOB PRIMARY KEY,
    user_id TEXT NOT NULL,
    purpose INTEGER NOT NULL,       -- enum challenge_purpose
    not_after_us INTEGER NOT NULL
);
CREATE INDEX challenges_end ON challenges (not_after_us);

-- Which stream tokens were given out, until they are used.
CREATE TABLE stream_grants (
    token_hash BLOB PRIMARY KEY,    -- BLAKE2b-256 of the token
    event_id TEXT NOT NULL,
    device TEXT NOT NULL,
    kind INTEGER NOT NULL,          -- enum media_kind
    session BLOB NOT NULL,          -- the key of the session that asked
    not_after_us INTEGER NOT NULL
);
CREATE INDEX stream_grants_end ON stream_grants (not_after_us);
