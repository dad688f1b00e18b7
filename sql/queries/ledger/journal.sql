-- The audit log's entries in order, and the newest signed checkpoint.
-- database: control

-- name: journal_size
SELECT coalesce(max(number), 0) FROM audit;

-- name: journal_insert
INSERT INTO audit (number, at_us, actor, action, resource, entry, kept)
VALUES ((SELECT coalesce(max(number), 0) + 1 FROM audit), :at_us, :actor, :action, :resource,
        :entry, :kept);

-- name: journal_adopt
INSERT INTO audit (number, at_us, actor, action, resource, entry, kept)
VALUES (:number, :at_us, :actor, :action, :resource, :entry, :kept);

-- name: journal_first
SELECT coalesce(min(number) - 1, 0) FROM audit;

-- name: journal_time
SELECT at_us FROM audit WHERE number = :number;

-- name: journal_forget
DELETE FROM audit WHERE number <= :end AND number < (SELECT min(number) FROM audit) + :few;

-- name: journal_each
SELECT number, entry FROM audit WHERE number >= :number ORDER BY number LIMIT :limit;

-- name: journal_get
SELECT entry, kept, salt, sealed FROM audit WHERE number = :number;

-- name: journal_span
-- Which numbers a span of time has: times follow the numbers, but for clocks that were set.
SELECT min(number), max(number) FROM audit WHERE at_us >= :from_us AND at_us < :to_us;

-- name: journal_list
SELECT number, entry, kept, salt, sealed FROM audit
WHERE number < :before AND number >= :least
  AND at_us >= :from_us AND at_us < :to_us
ORDER BY number DESC LIMIT :limit;

-- The same along the index of what is asked for; a filter that may be missing would scan the table.
-- name: journal_list_resource
SELECT number, entry, kept, salt, sealed FROM audit
WHERE resource = :resource
  AND number < :before AND number >= :least
  AND (actor = :actor OR :actor IS NULL)
  AND (action = :action OR :action IS NULL)
  AND at_us >= :from_us AND at_us < :to_us
ORDER BY number DESC LIMIT :limit;

-- name: journal_list_actor
SELECT number, entry, kept, salt, sealed FROM audit
WHERE actor = :actor
  AND number < :before AND number >= :least
  AND (action = :action OR :action IS NULL)
  AND at_us >= :from_us AND at_us < :to_us
ORDER BY number DESC LIMIT :limit;

-- name: journal_list_action
SELECT number, entry, kept, salt, sealed FROM audit
WHERE action = :action
  AND number < :before AND number >= :least
  AND at_us >= :from_us AND at_us < :to_us
ORDER BY number DESC LIMIT :limit;

-- name: journal_find
SELECT number FROM audit WHERE action = :action AND resource = :resource ORDER BY number DESC LIMIT 1;

-- name: journal_erase
UPDATE audit SET kept = NULL, salt = NULL, sealed = NULL
WHERE number = :number AND (kept IS NOT NULL OR salt IS NOT NULL);

-- name: journal_signed
SELECT note FROM audit_signed WHERE one = 1;

-- name: journal_sign
-- Never an older one: of several servers the former leader may be slow.
INSERT INTO audit_signed (one, size, note) VALUES (1, :size, :note)
ON CONFLICT (one) DO UPDATE SET size = excluded.size, note = excluded.note
WHERE excluded.size >= audit_signed.size;

-- name: journal_keep
INSERT INTO audit_kept (kind, size, note) VALUES (:kind, :size, :note)
ON CONFLICT (kind, size) DO NOTHING;

-- name: journal_kept
SELECT kind, size, note FROM audit_kept ORDER BY kind, size;
