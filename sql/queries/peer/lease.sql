-- Which server does what only one may do.
-- database: control

-- name: lease_find
SELECT holder, beats FROM leases WHERE name = :name;

-- name: lease_first
INSERT INTO leases (name, holder, beats) VALUES (:name, :holder, 1)
ON CONFLICT (name) DO NOTHING;

-- name: lease_take
-- Nothing changes when the holder has moved meanwhile.
UPDATE leases SET holder = :holder, beats = beats + 1
WHERE name = :name AND holder = :seen_holder AND beats = :seen_beats;

-- name: lease_release
UPDATE leases SET holder = '', beats = beats + 1 WHERE name = :name AND holder = :holder;
