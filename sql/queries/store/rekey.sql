-- Another key for a database file.
-- database: edge, gateway

-- name: rekey_alone
-- Moves the log into the file and keeps everybody else out, until the connection closes.
PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE; COMMIT;

-- name: rekey_copy
VACUUM INTO :path;

-- name: rekey_loose
-- For the copy: nobody misses it after a crash, and it is forced to the disk before it counts.
PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=DELETE; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
