-- Events on the edge's disk until control has confirmed them.
-- database: edge

-- name: queue_push
INSERT INTO event_queue (event_id, sequence, state, content, bytes, due_us)
VALUES (:event_id, :sequence, :state, :content, :bytes, :due_us)
ON CONFLICT (event_id, sequence) DO NOTHING;

-- name: queue_open_put
INSERT INTO event_open (event_id, sequence, content) VALUES (:event_id, :sequence, :content)
ON CONFLICT (event_id) DO UPDATE SET sequence = excluded.sequence, content = excluded.content
WHERE excluded.sequence > event_open.sequence;

-- name: queue_open_delete
DELETE FROM event_open WHERE event_id = :event_id;

-- name: queue_open_list
SELECT content FROM event_open ORDER BY event_id LIMIT 256;

-- name: queue_drop_replaced
-- The oldest update that a later word on the same event replaces.
DELETE FROM event_queue WHERE number = (
    SELECT older.number FROM event_queue AS older
    WHERE older.state = 1 AND EXISTS (
        SELECT 1 FROM event_queue AS later
        WHERE later.event_id = older.event_id AND later.sequence > older.sequence)
    ORDER BY older.number LIMIT 1)
RETURNING bytes;

-- name: queue_drop_update
DELETE FROM event_queue
WHERE number = (SELECT number FROM event_queue WHERE state = 1 ORDER BY number LIMIT 1)
RETURNING bytes;

-- name: queue_due
SELECT number, content, attempts FROM event_queue
WHERE due_us <= :now ORDER BY number LIMIT :limit;

-- name: queue_sent
UPDATE event_queue SET attempts = :attempts, due_us = :due_us WHERE number = :number;

-- name: queue_next
SELECT min(due_us) FROM event_queue;

-- name: queue_hasten
UPDATE event_queue SET due_us = :now, attempts = 0 WHERE due_us > :now;

-- name: queue_confirm
DELETE FROM event_queue WHERE event_id = :event_id AND sequence <= :sequence;

-- name: queue_total
SELECT coalesce(sum(bytes), 0), count(*) FROM event_queue;
