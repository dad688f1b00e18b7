-- name: stream_use
INSERT INTO stream_tokens (token_id, not_after_us) VALUES (:token_id, :not_after_us)
ON CONFLICT (token_id) DO NOTHING;

-- name: stream_forget
DELETE FROM stream_tokens WHERE not_after_us < :now_us;
