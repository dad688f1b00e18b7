-- The zones in which devices stand.
-- database: control

-- name: zone_list
SELECT zone, count(*) FILTER (WHERE kind = 0), count(*) FILTER (WHERE sign_width > 0),
       count(*) FILTER (WHERE kind = 0 AND online = 1)
FROM devices WHERE zone <> '' GROUP BY zone ORDER BY zone;
