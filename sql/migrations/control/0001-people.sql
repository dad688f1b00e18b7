-- Who may sign in, and who has.
CREATE TABLE users (
    user_id TEXT PRIMARY KEY,       -- UUIDv7
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,             -- as in people/permission
    password_hash TEXT NOT NULL,    -- Argon2id, PHC string
    must_change INTEGER NOT NULL,   -- the password is one that somebody else chose
    one_time_hash TEXT NOT NULL,    -- of the newest one-time password ever given, "" for none
    one_time_used INTEGER NOT NULL, -- it has opened its one session
    created_us INTEGER NOT NULL,
    changed_us INTEGER NOT NULL     -- of the password
);

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,    -- BLAKE2b-256 of the token, which nobody keeps
    user_id TEXT NOT NULL REFERENCES users (user_id),
    created_us INTEGER NOT NULL,
    used_us INTEGER NOT NULL,       -- within a minute
    address TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_used ON sessions (used_us);
