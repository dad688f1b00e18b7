-- Messages from each server to all others.
-- database: control

-- name: bulletin_present
INSERT INTO servers (run, name, seen_us) VALUES (:run, :name, :now)
ON CONFLICT (run) DO UPDATE SET seen_us = excluded.seen_us;

-- name: bulletin_absent
DELETE FROM servers WHERE seen_us < :before AND run <> :run;

-- name: bulletin_forget
DELETE FROM bulletins WHERE at_us < :before;

-- name: bulletin_peers
SELECT run, (SELECT coalesce(max(number), 0) FROM bulletins WHERE bulletins.run = servers.run)
FROM servers WHERE run <> :run ORDER BY run DESC LIMIT :limit;

-- name: bulletin_write
INSERT INTO bulletins (run, number, at_us, kind, data) VALUES (:run, :number, :now, :kind, :data);

-- name: bulletin_read
SELECT number, kind, data FROM bulletins WHERE run = :run AND number > :after
ORDER BY number LIMIT :limit;
