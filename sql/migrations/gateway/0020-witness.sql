-- What this gateway has cosigned as a witness: one checkpoint for each log.
CREATE TABLE witness_logs (
    origin TEXT PRIMARY KEY,
    vkey TEXT NOT NULL,
    size INTEGER NOT NULL,
    note TEXT NOT NULL              -- signed by the log: the proof, should it show another history
);
