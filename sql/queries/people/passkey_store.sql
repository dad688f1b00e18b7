-- Passkeys of users.
-- database: control

-- name: passkey_insert
INSERT INTO passkeys (credential_id, passkey_id, user_id, name, domain, algorithm, public_key, sign_count, created_us)
VALUES (:credential_id, :passkey_id, :user_id, :name, :domain, :algorithm, :public_key, :sign_count, :now_us);

-- name: passkey_find
SELECT credential_id, domain, algorithm, public_key, sign_count FROM passkeys
WHERE credential_id = :credential_id AND user_id = :user_id;

-- name: passkey_used
-- Nothing changes when somebody else has used it meanwhile.
UPDATE passkeys SET sign_count = :sign_count, used_us = :now_us
WHERE credential_id = :credential_id AND sign_count = :old_count;

-- name: passkey_list
SELECT passkey_id, credential_id, name, domain, created_us, used_us FROM passkeys WHERE user_id = :user_id
ORDER BY passkey_id;

-- name: passkey_delete
DELETE FROM passkeys WHERE passkey_id = :passkey_id AND user_id = :user_id;
