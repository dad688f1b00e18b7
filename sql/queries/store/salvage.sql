-- Reads every page of a database once.
-- database: edge, gateway

-- name: salvage_check
PRAGMA quick_check(1);
