-- Whom the site CA has invited, what it has certified, and what it has withdrawn.
CREATE TABLE tokens (
    hash BLOB PRIMARY KEY,          -- SHA-256 of the token; the token itself is nowhere
    role INTEGER NOT NULL,          -- enum role
    name TEXT NOT NULL,
    hosts TEXT NOT NULL,            -- DNS names and addresses, parted by commas
    made_us INTEGER NOT NULL,
    expire_us INTEGER NOT NULL,
    used_us INTEGER                 -- NULL: not yet
);

CREATE TABLE certificates (
    serial BLOB PRIMARY KEY,
    role INTEGER NOT NULL,
    name TEXT NOT NULL,
    begin_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL,
    withdrawn_us INTEGER            -- NULL: good
);
CREATE INDEX certificates_name ON certificates (role, name);

-- One row: the newest list (CRL) that was signed.
CREATE TABLE list (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL,
    signed_us INTEGER NOT NULL,
    der BLOB NOT NULL
);
