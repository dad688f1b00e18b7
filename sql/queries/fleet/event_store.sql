-- The timeline.
-- database: control

-- name: event_put
INSERT INTO events (event_id, device, sequence, state, camera, zone, label, score, count,
                    started_us, updated_us, ended_us, boxes, clip_bytes, clip_duration_s,
                    clip_codec, snapshot, model, received_us, clip_lead_s, picture_zones)
VALUES (:event_id, :device, :sequence, :state, :camera, :zone, :label, :score, :count,
        :started_us, :updated_us, :ended_us, :boxes, :clip_bytes, :clip_duration_s,
        :clip_codec, :snapshot, :model, :now, :clip_lead_s, :picture_zones)
ON CONFLICT (event_id) DO UPDATE SET
    sequence = excluded.sequence, state = excluded.state, camera = excluded.camera,
    zone = excluded.zone, label = excluded.label, score = excluded.score, count = excluded.count,
    started_us = excluded.started_us, updated_us = excluded.updated_us,
    ended_us = excluded.ended_us, boxes = excluded.boxes, clip_bytes = excluded.clip_bytes,
    clip_duration_s = excluded.clip_duration_s, clip_codec = excluded.clip_codec,
    snapshot = excluded.snapshot, model = excluded.model, clip_lead_s = excluded.clip_lead_s,
    picture_zones = excluded.picture_zones
WHERE events.device = excluded.device AND events.sequence < excluded.sequence
RETURNING received_us; -- which stays what it was when the event is known

-- name: event_owner
SELECT device, zone FROM events WHERE event_id = :event_id;

-- name: event_get
SELECT event_id, device, sequence, state, camera, zone, label, score, count, started_us,
       updated_us, ended_us, boxes, clip_bytes, clip_duration_s, clip_codec, snapshot, model,
       received_us, clip_lead_s, picture_zones
FROM events WHERE event_id = :event_id;

-- name: event_list
SELECT event_id, device, sequence, state, camera, zone, label, score, count, started_us,
       updated_us, ended_us, boxes, clip_bytes, clip_duration_s, clip_codec, snapshot, model,
       received_us, clip_lead_s, picture_zones
FROM events
WHERE started_us >= :from_us AND started_us < :to_us
  AND (started_us, event_id) < (:before_us, :before_id)
  AND (camera = :camera OR :camera IS NULL)
  AND (label = :label OR :label IS NULL)
  AND (zone = :zone OR :zone IS NULL)
  AND (device = :device OR :device IS NULL)
  AND (CAST(:zones AS TEXT) IS NULL OR :zones LIKE '%,' || zone || ',%')
ORDER BY started_us DESC, event_id DESC LIMIT :limit;

-- name: event_count
SELECT CAST(coalesce(sum(events), 0) AS BIGINT) FROM tallies WHERE CAST(:zones AS TEXT) IS NULL OR :zones LIKE '%,' || zone || ',%';

-- name: event_oldest
SELECT min(started_us) FROM events;

-- name: event_forget
DELETE FROM events WHERE event_id IN
    (SELECT event_id FROM events WHERE started_us < :before ORDER BY started_us LIMIT :most)
RETURNING zone;
