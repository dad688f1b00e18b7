-- The audit log. Its order is fixed here, in the transaction of what it tells of; a thread then
-- carries it to the log's files (docs/protocols/audit.md).
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,     -- the entry's index in the log, plus one; without gaps
    at_us INTEGER NOT NULL,
    actor TEXT NOT NULL,            -- '' = nobody signed in, or a program
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    entry BLOB NOT NULL,            -- the bytes of the tree
    salt BLOB,                      -- NULL: nothing was sealed, or it is erased
    sealed TEXT
);
CREATE INDEX audit_actor ON audit (actor, number);
CREATE INDEX audit_action ON audit (action, number);
CREATE INDEX audit_resource ON audit (resource, number);

-- The newest checkpoint that was signed, kept apart from the log's files: they must extend it.
CREATE TABLE audit_signed (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL,
    note TEXT NOT NULL
);

-- Who cosigns, and what each has cosigned last.
CREATE TABLE audit_witnesses (
    name TEXT PRIMARY KEY,
    vkey TEXT NOT NULL,
    size INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    line TEXT NOT NULL              -- the signature line for that size
);
