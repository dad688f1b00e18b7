-- What a witness remembers of each log.
-- database: gateway

-- name: witness_book_get
SELECT vkey, note FROM witness_logs WHERE origin = :origin;

-- name: witness_book_put
INSERT INTO witness_logs (origin, vkey, size, note) VALUES (:origin, :vkey, :size, :note)
ON CONFLICT (origin) DO UPDATE SET vkey = excluded.vkey, size = excluded.size,
    note = excluded.note;
