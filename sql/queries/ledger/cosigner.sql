-- The witnesses of the audit log, as control knows them.
-- database: control

-- name: cosigner_get
SELECT vkey, size, at_us, line, entered_us FROM audit_witnesses WHERE name = :name;

-- name: cosigner_put
INSERT INTO audit_witnesses (name, vkey, size, at_us, line, entered_us)
VALUES (:name, :vkey, :size, :at_us, :line, :entered_us)
ON CONFLICT (name) DO UPDATE SET vkey = excluded.vkey, size = excluded.size,
    at_us = excluded.at_us, line = excluded.line, entered_us = excluded.entered_us;

-- name: cosigner_each
SELECT name, vkey, size, at_us, line, entered_us FROM audit_witnesses ORDER BY name;
