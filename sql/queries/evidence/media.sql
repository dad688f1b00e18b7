-- name: media_put
INSERT INTO media (event_id, clip_path, snapshot_path) VALUES (:event_id, :clip_path, :snapshot_path)
ON CONFLICT (event_id) DO UPDATE SET
    clip_path = COALESCE(excluded.clip_path, media.clip_path),
    snapshot_path = COALESCE(excluded.snapshot_path, media.snapshot_path);

-- name: media_forget
DELETE FROM media WHERE event_id = :event_id;

-- name: media_find
SELECT clip_path, snapshot_path FROM media WHERE event_id = :event_id;

-- name: media_clips
SELECT COUNT(*) FROM media WHERE clip_path IS NOT NULL;
