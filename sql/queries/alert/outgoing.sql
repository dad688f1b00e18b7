-- What is to be published.
-- database: control

-- name: outgoing_next
-- An alert's row sends its newest revision.
SELECT outbox.number, outbox.alert_id, outbox.scope, outbox.name, outbox.kind,
       alerts.revision, alerts.expire_us, alerts.payload
FROM outbox JOIN alerts ON alerts.alert_id = outbox.alert_id
WHERE outbox.number > :after ORDER BY outbox.number LIMIT 1;

-- name: outgoing_delete
DELETE FROM outbox WHERE number = :number;

-- name: outgoing_sent
UPDATE deliveries SET state = 1, sent_us = :now
WHERE alert_id = :alert_id AND revision = :revision AND state = 0
  AND (:scope = 'broadcast' OR (:scope = 'zone' AND zone = :name)
       OR (:scope = 'device' AND device = :name));

-- name: outgoing_count
SELECT count(*) FROM outbox;
