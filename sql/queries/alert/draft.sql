-- What waits for the approvals of operators.
-- database: control

-- name: draft_add
INSERT INTO drafts (draft_id, alert_id, revision, state, content, expire_us, created_us, created_by)
VALUES (:draft_id, :alert_id, :revision, 0, :content, :expire_us, :now, :actor);

-- name: draft_find
SELECT draft_id, alert_id, revision, state, content, expire_us, created_us, created_by, ended_us,
       ended_by
FROM drafts WHERE draft_id = :draft_id;

-- name: draft_list
-- Those that wait, oldest first.
SELECT draft_id, alert_id, revision, state, content, expire_us, created_us, created_by, ended_us,
       ended_by
FROM drafts WHERE state = 0 AND expire_us > :now ORDER BY draft_id LIMIT :limit;

-- name: draft_count
-- Those that wait, and how many of them are somebody's.
SELECT count(*), count(CASE WHEN created_by = :actor THEN 1 END)
FROM drafts WHERE state = 0 AND expire_us > :now;

-- name: draft_end
UPDATE drafts SET state = :state, ended_us = :now, ended_by = :actor WHERE draft_id = :draft_id;

-- name: draft_approve
INSERT INTO draft_approvals (draft_id, person, approval, at_us)
VALUES (:draft_id, :person, :approval, :now);

-- name: draft_approvals
SELECT person, approval, at_us FROM draft_approvals WHERE draft_id = :draft_id
ORDER BY at_us, person;
