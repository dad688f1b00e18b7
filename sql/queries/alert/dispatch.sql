-- An operator's order: the alert, its history, its deliveries and what is to be published.
-- database: control

-- name: dispatch_key_find
SELECT body, alert_id FROM idempotency WHERE actor = :actor AND key = :key;

-- name: dispatch_key_add
INSERT INTO idempotency (actor, key, body, alert_id, at_us)
VALUES (:actor, :key, :body, :alert_id, :at_us);

-- name: dispatch_find
SELECT content, state FROM alerts WHERE alert_id = :alert_id;

-- name: dispatch_add
INSERT INTO alerts (alert_id, revision, state, tier, content, payload, begin_us, expire_us,
                    created_us, created_by, changed_us, cancelled_us, due_us)
VALUES (:alert_id, :revision, :state, :tier, :content, :payload, :begin_us, :expire_us,
        :now, :actor, :now, :cancelled_us, :due_us);

-- name: dispatch_store
-- The next revision.
UPDATE alerts SET revision = :revision, state = :state, content = :content, payload = :payload,
    begin_us = :begin_us, expire_us = :expire_us, changed_us = :now, cancelled_us = :cancelled_us,
    due_us = :due_us
WHERE alert_id = :alert_id;

-- name: dispatch_tally
-- One alert more, for those who see all of the site.
INSERT INTO tallies (zone, alerts) VALUES ('*', 1)
ON CONFLICT (zone) DO UPDATE SET alerts = tallies.alerts + 1;

-- name: dispatch_history
INSERT INTO alert_history (alert_id, revision, state, at_us, actor)
VALUES (:alert_id, :revision, :state, :at_us, :actor);

-- name: dispatch_deliver
-- Every edge that the topic reaches; a device that is named may be one never heard of.
INSERT INTO deliveries (alert_id, device, zone, revision, state, reason, queued_us, attempts,
                        due_us)
SELECT :alert_id, name, zone, CAST(:revision AS BIGINT), 0, '', CAST(:now AS BIGINT), 1,
       CAST(:due_us AS BIGINT) FROM devices
WHERE kind = 0 AND (:scope = 'broadcast' OR (:scope = 'zone' AND zone = :name))
UNION ALL
SELECT :alert_id, :name, coalesce((SELECT zone FROM devices WHERE name = :name), ''), :revision,
       0, '', :now, 1, :due_us
WHERE :scope = 'device'
ON CONFLICT (alert_id, device) DO UPDATE SET zone = excluded.zone;

-- name: dispatch_reach
-- The zone of a topic: who may see and change the alert.
INSERT INTO alert_zones (alert_id, zone)
SELECT :alert_id, CASE :scope WHEN 'broadcast' THEN '*' WHEN 'zone' THEN :name
    ELSE coalesce((SELECT zone FROM devices WHERE name = :name), '') END
WHERE true
ON CONFLICT (alert_id, zone) DO NOTHING;

-- name: dispatch_again
-- Who was told of an older revision hears of this one, wherever it stands now.
UPDATE deliveries SET
    revision = :revision, state = 0, reason = '', queued_us = :now, sent_us = NULL,
    received_us = NULL, lit_us = CASE WHEN :cancels THEN lit_us END, cleared_us = NULL,
    attempts = 1, asks = 0, due_us = :due_us
WHERE alert_id = :alert_id;

-- name: dispatch_forget_outbox
DELETE FROM outbox WHERE alert_id = :alert_id;

-- name: dispatch_post
INSERT INTO outbox (alert_id, scope, name, kind, created_us)
VALUES (:alert_id, :scope, :name, :kind, :now)
ON CONFLICT (alert_id, scope, name, kind) DO NOTHING;
