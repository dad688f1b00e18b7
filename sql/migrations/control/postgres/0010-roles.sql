-- As 0010-roles.sql. A database on PostgreSQL is never older than this: there are no alerts yet whose zones it would enter.
-- Where a person may act, whether at all; what is needed to end a session; who was invited.
ALTER TABLE users ADD COLUMN zones TEXT NOT NULL DEFAULT '';         -- '' = the whole site, else ',north,south,'
ALTER TABLE users ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;  -- rises with every change of rights: older access tokens end

DELETE FROM sessions; -- the new columns have no sensible value for an old one: sign in again
ALTER TABLE sessions ADD COLUMN session_id TEXT NOT NULL DEFAULT ''; -- UUIDv7: names it in lists and tokens, opens nothing
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';      -- what the program calls itself
ALTER TABLE sessions ADD COLUMN refresh_number INTEGER;              -- of the refresh token that counts; NULL = it has none
ALTER TABLE sessions ADD COLUMN refreshed_us INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX sessions_id ON sessions (session_id);

CREATE TABLE invitations (
    token_hash BLOB PRIMARY KEY,    -- BLAKE2b-256 of the token in the link
    invitation_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,             -- '' = the guest chooses
    role TEXT NOT NULL,
    zones TEXT NOT NULL,
    resets INTEGER NOT NULL,        -- a new password for a user that is there
    created_by TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL
);

-- The zones that an alert is for: who may see it, who may change it. '*' = everywhere.
CREATE TABLE alert_zones (
    alert_id TEXT NOT NULL REFERENCES alerts (alert_id),
    zone TEXT NOT NULL,
    PRIMARY KEY (alert_id, zone)
) WITHOUT ROWID;
