-- The table of applied migrations. It is in every database.
-- database: control, edge, gateway

-- name: migrations_table
CREATE TABLE IF NOT EXISTS migrations (
    number INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_us INTEGER NOT NULL
);

-- name: migrations_applied
SELECT number, title, checksum FROM migrations ORDER BY number;

-- name: migration_find
SELECT number, title, checksum FROM migrations WHERE number = :number;

-- name: migration_record
INSERT INTO migrations (number, title, checksum, applied_us)
VALUES (:number, :title, :checksum, :applied_us);
