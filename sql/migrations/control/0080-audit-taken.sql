-- How far the deeds of other programs were taken over into the audit log (ledger/deed).
CREATE TABLE audit_taken (
    source TEXT PRIMARY KEY,        -- the program: "enrol/enrol"
    number INTEGER NOT NULL         -- of its newest deed that is entered
);
