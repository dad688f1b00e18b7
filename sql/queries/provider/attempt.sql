-- Sign-ins with an outside identity provider that are under way.
-- database: control

-- name: attempt_insert
INSERT INTO provider_attempts (state_hash, browser_hash, purpose, nonce, verifier, subject, return_path, network,
                               created_us, expires_us)
VALUES (:state_hash, :browser_hash, :purpose, :nonce, :verifier, :subject, :return_path, :network, :now_us, :expires_us);

-- name: attempt_sweep
DELETE FROM provider_attempts WHERE expires_us <= :now_us;

-- name: attempt_trim_network
-- The oldest of a network go, so that it keeps the others' room free.
DELETE FROM provider_attempts WHERE state_hash IN (
    SELECT state_hash FROM provider_attempts WHERE network = :network ORDER BY created_us DESC LIMIT 1000 OFFSET :keep);

-- name: attempt_trim
DELETE FROM provider_attempts WHERE state_hash IN (
    SELECT state_hash FROM provider_attempts ORDER BY expires_us DESC LIMIT 1000 OFFSET :keep);

-- name: attempt_take
-- One browser's answer, once: whoever has the state alone takes nothing, and spends nothing.
DELETE FROM provider_attempts
WHERE state_hash = :state_hash AND browser_hash = :browser_hash AND expires_us > :now_us AND purpose <> 'factor'
RETURNING purpose, nonce, verifier, subject, return_path;

-- name: attempt_waiting
-- A browser that has come back and has to show a second factor.
SELECT subject, return_path FROM provider_attempts
WHERE browser_hash = :browser_hash AND purpose = 'factor' AND expires_us > :now_us
ORDER BY created_us DESC LIMIT 1;

-- name: attempt_forget
DELETE FROM provider_attempts WHERE browser_hash = :browser_hash;
