-- What is sealed, column by column: to seal it under another key.
-- database: control

-- name: reseal_totp_secret
SELECT user_id, totp_secret FROM users WHERE substr(totp_secret, 1, 8) <> :head ORDER BY user_id LIMIT :limit;

-- name: reseal_totp_secret_set
UPDATE users SET totp_secret = :sealed WHERE user_id = :row AND totp_secret = :old;

-- name: reseal_totp_pending
SELECT user_id, totp_pending FROM users WHERE substr(totp_pending, 1, 8) <> :head ORDER BY user_id LIMIT :limit;

-- name: reseal_totp_pending_set
UPDATE users SET totp_pending = :sealed WHERE user_id = :row AND totp_pending = :old;

-- name: reseal_code_hash
SELECT user_id, code_hash FROM recovery_codes WHERE substr(code_hash, 1, 8) <> :head ORDER BY user_id LIMIT :limit;

-- name: reseal_code_hash_set
UPDATE recovery_codes SET code_hash = :sealed WHERE user_id = :row AND code_hash = :old;

-- name: reseal_site_secret
SELECT name, secret FROM site_secrets WHERE substr(secret, 1, 8) <> :head ORDER BY name LIMIT :limit;

-- name: reseal_site_secret_set
UPDATE site_secrets SET secret = :sealed WHERE name = :row AND secret = :old;

-- name: reseal_record
SELECT number, entry, kept, salt, sealed FROM audit
WHERE number > :after AND (kept IS NOT NULL OR salt IS NOT NULL) ORDER BY number LIMIT :limit;

-- name: reseal_unsealed
SELECT number, entry, kept, salt, sealed FROM audit
WHERE number > :after AND salt IS NOT NULL ORDER BY number LIMIT :limit;

-- name: reseal_record_set
UPDATE audit SET kept = :sealed, salt = NULL, sealed = NULL
WHERE number = :number AND (kept IS NOT NULL OR salt IS NOT NULL);

-- name: reseal_left
SELECT (SELECT count(*) FROM users WHERE substr(totp_secret, 1, 8) <> :head)
     + (SELECT count(*) FROM users WHERE substr(totp_pending, 1, 8) <> :head)
     + (SELECT count(*) FROM recovery_codes WHERE substr(code_hash, 1, 8) <> :head)
     + (SELECT count(*) FROM site_secrets WHERE substr(secret, 1, 8) <> :head)
     + (SELECT count(*) FROM audit WHERE number > :after AND (salt IS NOT NULL OR substr(kept, 1, 8) <> :head));
