-- What was done here and belongs into the site's audit log: control takes it over (docs/protocols/enrolment.md).
CREATE TABLE deeds (
    number INTEGER PRIMARY KEY,     -- grows; at least the time, so that a register from a backup gives none twice
    previous INTEGER NOT NULL,      -- the number of the deed before; 0: there is none
    at_us INTEGER NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    details TEXT NOT NULL,          -- a JSON object
    address TEXT,                   -- of who asked; NULL: nobody
    agent TEXT
);
