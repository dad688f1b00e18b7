-- Sessions of people who have signed in.
-- database: control

-- name: session_insert
INSERT INTO sessions (token_hash, user_id, created_us, used_us, address)
VALUES (:token_hash, :user_id, :now_us, :now_us, :address);

-- name: session_find
SELECT users.user_id, users.name, users.role, users.must_change, sessions.created_us, sessions.used_us
FROM sessions JOIN users ON users.user_id = sessions.user_id
WHERE sessions.token_hash = :token_hash AND sessions.used_us > :used_after_us AND sessions.created_us > :created_after_us;

-- name: session_touch
UPDATE sessions SET used_us = :now_us WHERE token_hash = :token_hash;

-- name: session_delete
DELETE FROM sessions WHERE token_hash = :token_hash;

-- name: session_delete_others
DELETE FROM sessions WHERE user_id = :user_id AND token_hash <> :token_hash;

-- name: session_delete_ended
DELETE FROM sessions WHERE used_us <= :used_after_us OR created_us <= :created_after_us;

-- name: session_delete_oldest
DELETE FROM sessions WHERE user_id = :user_id AND token_hash NOT IN (
    SELECT token_hash FROM sessions WHERE user_id = :user_id ORDER BY used_us DESC LIMIT :keep);
