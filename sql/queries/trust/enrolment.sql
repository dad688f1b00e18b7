-- The register of the site CA.
-- database: enrol

-- name: token_add
INSERT INTO tokens (hash, role, name, hosts, made_us, expire_us)
VALUES (:hash, :role, :name, :hosts, :made_us, :expire_us);

-- name: token_find
SELECT role, name, hosts, expire_us, used_us FROM tokens WHERE hash = :hash;

-- name: token_use
UPDATE tokens SET used_us = :now_us WHERE hash = :hash AND used_us IS NULL;

-- name: token_void
DELETE FROM tokens WHERE role = :role AND name = :name AND used_us IS NULL;

-- name: token_forget
DELETE FROM tokens WHERE expire_us < :before_us;

-- name: certificate_add
INSERT INTO certificates (serial, role, name, begin_us, end_us)
VALUES (:serial, :role, :name, :begin_us, :end_us);

-- name: certificate_meet
INSERT INTO certificates (serial, role, name, begin_us, end_us)
VALUES (:serial, :role, :name, :begin_us, :end_us)
ON CONFLICT (serial) DO NOTHING;

-- name: certificate_withdrawn
SELECT count(*) FROM certificates WHERE serial = :serial AND withdrawn_us IS NOT NULL;

-- name: certificate_left_out
SELECT count(*) FROM withdrawn_members
WHERE role = :role AND name = :name AND at_us >= :issued_us
    AND NOT EXISTS (SELECT 1 FROM certificates WHERE serial = :serial);

-- name: certificate_note
INSERT INTO certificates (serial, role, name, begin_us, end_us, withdrawn_us)
VALUES (:serial, :role, :name, :begin_us, :end_us, :now_us)
ON CONFLICT (serial) DO UPDATE SET withdrawn_us = coalesce(certificates.withdrawn_us, excluded.withdrawn_us);

-- name: certificate_withdraw_name
UPDATE certificates SET withdrawn_us = :now_us
WHERE role = :role AND name = :name AND end_us > :now_us AND withdrawn_us IS NULL;

-- name: member_withdraw
INSERT INTO withdrawn_members (role, name, at_us) VALUES (:role, :name, :now_us)
ON CONFLICT (role, name) DO UPDATE SET at_us = excluded.at_us;

-- name: certificate_list_withdrawn
SELECT serial, withdrawn_us FROM certificates
WHERE withdrawn_us IS NOT NULL AND end_us > :now_us ORDER BY withdrawn_us;

-- name: certificate_list_count
SELECT count(*) FROM certificates WHERE withdrawn_us IS NOT NULL AND end_us > :now_us;

-- name: member_list
SELECT role, name, max(end_us), count(*) FILTER (WHERE withdrawn_us IS NOT NULL AND end_us > :now_us), count(*)
FROM certificates GROUP BY role, name ORDER BY role, name LIMIT :count_max;

-- name: list_get
SELECT number, signed_us, der FROM list;

-- name: list_set
INSERT INTO list (one, number, signed_us, der) VALUES (1, :number, :signed_us, :der)
ON CONFLICT (one) DO UPDATE SET number = excluded.number, signed_us = excluded.signed_us, der = excluded.der;
