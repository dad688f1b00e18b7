-- What was done here, in order, until control has it.
-- database: enrol

-- name: deeds_last
SELECT coalesce(max(number), 0) FROM deeds;

-- name: deeds_add
INSERT INTO deeds (number, previous, at_us, action, resource, details, address, agent)
VALUES (:number, :previous, :at_us, :action, :resource, :details, :address, :agent);

-- name: deeds_since
SELECT number, previous, at_us, action, resource, details, address, agent FROM deeds
WHERE number > :after ORDER BY number LIMIT :limit;

-- name: deeds_forget
DELETE FROM deeds
WHERE number <= :after AND at_us < :before_us AND number < (SELECT max(number) FROM deeds);
