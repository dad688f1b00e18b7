-- The keys of sealed columns.
-- database: control

-- name: vault_keys
SELECT key_id, wrapped, created_us FROM seal_keys ORDER BY key_id;

-- name: vault_key_add
-- Nothing when somebody else was here in the meantime.
INSERT INTO seal_keys (key_id, wrapped, created_us) VALUES (:key_id, :wrapped, :created_us)
ON CONFLICT (key_id) DO NOTHING;

-- name: vault_key_rewrap
UPDATE seal_keys SET wrapped = :wrapped WHERE key_id = :key_id;

-- name: vault_key_remove
DELETE FROM seal_keys WHERE key_id = :key_id;

-- name: vault_newest
SELECT coalesce(max(key_id), 0) FROM seal_keys;

-- name: vault_secret
SELECT secret FROM site_secrets WHERE name = :name;

-- name: vault_secret_add
INSERT INTO site_secrets (name, secret) VALUES (:name, :secret) ON CONFLICT (name) DO NOTHING;
