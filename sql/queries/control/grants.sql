-- Stream tokens that were given out.
-- database: control

-- name: grants_forget
DELETE FROM stream_grants WHERE not_after_us < :before;

-- name: grants_give
INSERT INTO stream_grants (token_hash, event_id, device, kind, session, not_after_us)
VALUES (:token_hash, :event_id, :device, :kind, :session, :not_after_us);

-- name: grants_find
SELECT event_id, device, kind, session, not_after_us FROM stream_grants WHERE token_hash = :token_hash;

-- name: grants_spend
DELETE FROM stream_grants WHERE token_hash = :token_hash;
