-- Second factors.
-- database: control

-- name: factor_find
SELECT totp_secret IS NOT NULL, (SELECT count(*) FROM recovery_codes WHERE recovery_codes.user_id = users.user_id),
       (SELECT count(*) FROM passkeys WHERE passkeys.user_id = users.user_id)
FROM users WHERE user_id = :user_id;

-- name: factor_totp
SELECT totp_secret, totp_pending, totp_step FROM users WHERE user_id = :user_id;

-- name: factor_totp_begin
UPDATE users SET totp_pending = :secret WHERE user_id = :user_id;

-- name: factor_totp_confirm
UPDATE users SET totp_secret = :secret, totp_pending = NULL, totp_step = :step WHERE user_id = :user_id;

-- name: factor_totp_used
-- Nothing changes when somebody else has used this code or a later one in the meantime.
UPDATE users SET totp_step = :step WHERE user_id = :user_id AND totp_step < :step;

-- name: factor_totp_remove
UPDATE users SET totp_secret = NULL, totp_pending = NULL WHERE user_id = :user_id;

-- name: factor_code_add
INSERT INTO recovery_codes (user_id, code_hash) VALUES (:user_id, :code_hash);

-- name: factor_codes
SELECT code_hash FROM recovery_codes WHERE user_id = :user_id;

-- name: factor_code_use
DELETE FROM recovery_codes WHERE user_id = :user_id AND code_hash = :code_hash;

-- name: factor_codes_remove
DELETE FROM recovery_codes WHERE user_id = :user_id;

-- name: factor_passkeys_remove
DELETE FROM passkeys WHERE user_id = :user_id;
