-- The newest admitted time of every issuer.
-- database: control, edge, gateway

-- name: marks_list
SELECT issuer, newest_us FROM replay_marks;

-- name: marks_save
INSERT INTO replay_marks (issuer, newest_us) VALUES (:issuer, :newest_us)
ON CONFLICT (issuer) DO UPDATE SET newest_us = excluded.newest_us;
