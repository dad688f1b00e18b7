-- Who of an outside identity provider is whom here.
-- database: control

-- name: link_insert
INSERT INTO provider_links (link_id, issuer, subject, user_id, label, created_us)
VALUES (:link_id, :issuer, :subject, :user_id, :label, :now_us)
ON CONFLICT (issuer, subject) DO NOTHING;

-- name: link_find
SELECT provider_links.link_id, users.user_id, users.name, users.generation
FROM provider_links JOIN users ON users.user_id = provider_links.user_id
WHERE provider_links.issuer = :issuer AND provider_links.subject = :subject;

-- name: link_find_id
SELECT provider_links.link_id, users.user_id, users.name, users.generation
FROM provider_links JOIN users ON users.user_id = provider_links.user_id
WHERE provider_links.link_id = :link_id;

-- name: link_used
UPDATE provider_links SET used_us = :now_us WHERE link_id = :link_id;

-- name: link_count
SELECT count(*) FROM provider_links WHERE user_id = :user_id;

-- name: link_list
SELECT link_id, issuer, label, created_us, used_us FROM provider_links WHERE user_id = :user_id ORDER BY link_id;

-- name: link_delete
DELETE FROM provider_links WHERE link_id = :link_id AND user_id = :user_id;

-- name: link_delete_user
DELETE FROM provider_links WHERE user_id = :user_id;
