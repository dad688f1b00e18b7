-- The keys of database files of every program.
-- database: edge, gateway

-- name: key_has_vault
SELECT count(*) FROM sqlite_schema WHERE name = 'seal_keys';
