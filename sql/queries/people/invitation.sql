-- Links with which a guest becomes a user, or a user chooses a new password.
-- database: control

-- name: invitation_insert
INSERT INTO invitations (token_hash, invitation_id, name, role, zones, resets, created_by, created_us, expires_us)
VALUES (:token_hash, :invitation_id, :name, :role, :zones, :resets, :created_by, :now_us, :expires_us);

-- name: invitation_take
DELETE FROM invitations WHERE token_hash = :token_hash AND expires_us > :now_us
RETURNING name, role, zones, resets, created_by, invitation_id;

-- name: invitation_find
SELECT name, role, zones, resets, created_by, invitation_id FROM invitations
WHERE token_hash = :token_hash AND expires_us > :now_us;

-- name: invitation_list
SELECT invitation_id, name, role, zones, resets, created_by, created_us, expires_us FROM invitations
WHERE expires_us > :now_us ORDER BY invitation_id DESC;

-- name: invitation_count
SELECT count(*) FROM invitations;

-- name: invitation_withdraw
DELETE FROM invitations WHERE invitation_id = :invitation_id;

-- name: invitation_withdraw_name
DELETE FROM invitations WHERE name = :name;

-- name: invitation_withdraw_by
-- Of somebody who may not invite any more.
DELETE FROM invitations WHERE created_by = :name;

-- name: invitation_sweep
DELETE FROM invitations WHERE expires_us <= :now_us;
