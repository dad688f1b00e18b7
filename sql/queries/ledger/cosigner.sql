-- The witnesses of the audit log, as control knows them.
-- database: control

-- name: cosigner_get
SELECT vkey, size, at_us, line FROM audit_witnesses WHERE name = :name;

-- name: cosigner_put
INSERT INTO audit_witnesses (name, vkey, size, at_us, line)
VALUES (:name, :vkey, :size, :at_us, :line)
ON CONFLICT (name) DO UPDATE SET vkey = excluded.vkey, size = excluded.size,
    at_us = excluded.at_us, line = excluded.line;

-- name: cosigner_each
SELECT name, vkey, size, at_us, line FROM audit_witnesses ORDER BY name;
