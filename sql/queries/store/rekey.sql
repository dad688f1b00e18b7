-- Another key for a database file.
-- database: edge, gateway

-- name: rekey_alone
-- Moves the log into the file and keeps everybody else out, until the connection closes.
PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE; COMMIT;

-- name: rekey_copy
VACUUM INTO :path;
