-- Sessions of people who have signed in.
-- database: control

-- name: session_insert
INSERT INTO sessions (token_hash, session_id, user_id, created_us, used_us, address, agent, method, refresh_number)
VALUES (:token_hash, :session_id, :user_id, :now_us, :now_us, :address, :agent, :method, :refresh_number);

-- name: session_find
SELECT users.user_id, users.name, users.role, users.zones, users.generation, users.must_change,
       sessions.created_us, sessions.used_us, sessions.session_id, sessions.token_hash,
       users.totp_secret IS NOT NULL OR EXISTS (SELECT 1 FROM passkeys WHERE passkeys.user_id = users.user_id)
FROM sessions JOIN users ON users.user_id = sessions.user_id
WHERE sessions.token_hash = :token_hash AND sessions.used_us > :used_after_us
  AND sessions.created_us > :created_after_us AND users.disabled = 0;

-- name: session_find_id
SELECT users.user_id, users.name, users.role, users.zones, users.generation, users.must_change,
       sessions.created_us, sessions.used_us, sessions.session_id, sessions.token_hash,
       users.totp_secret IS NOT NULL OR EXISTS (SELECT 1 FROM passkeys WHERE passkeys.user_id = users.user_id)
FROM sessions JOIN users ON users.user_id = sessions.user_id
WHERE sessions.session_id = :session_id AND sessions.used_us > :used_after_us
  AND sessions.created_us > :created_after_us AND users.disabled = 0;

-- name: session_touch
UPDATE sessions SET used_us = :now_us WHERE token_hash = :token_hash;

-- name: session_refresh
-- The next refresh token, unless somebody else was here in the meantime.
UPDATE sessions SET refresh_number = :number + 1, refreshed_us = :now_us, used_us = :now_us
WHERE session_id = :session_id AND refresh_number = :number;

-- name: session_refreshed
SELECT refresh_number, refreshed_us FROM sessions WHERE session_id = :session_id AND refresh_number IS NOT NULL;

-- name: session_delete
DELETE FROM sessions WHERE token_hash = :token_hash;

-- name: session_delete_id
DELETE FROM sessions WHERE session_id = :session_id AND user_id = :user_id;

-- name: session_delete_others
DELETE FROM sessions WHERE user_id = :user_id AND token_hash <> :token_hash;

-- name: session_delete_user
DELETE FROM sessions WHERE user_id = :user_id;

-- name: session_delete_ended
DELETE FROM sessions WHERE used_us <= :used_after_us OR created_us <= :created_after_us;

-- name: session_delete_oldest
DELETE FROM sessions WHERE user_id = :user_id AND token_hash NOT IN (
    SELECT token_hash FROM sessions WHERE user_id = :user_id ORDER BY used_us DESC LIMIT :keep);

-- name: session_list
SELECT sessions.session_id, sessions.created_us, sessions.used_us, sessions.address, sessions.agent,
       sessions.refresh_number IS NOT NULL, sessions.method
FROM sessions JOIN users ON users.user_id = sessions.user_id
WHERE users.name = :name AND sessions.used_us > :used_after_us AND sessions.created_us > :created_after_us
ORDER BY sessions.used_us DESC;
