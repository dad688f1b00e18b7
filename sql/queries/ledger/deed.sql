-- The deeds of other programs, each once.
-- database: control

-- name: deed_mark
SELECT number FROM audit_taken WHERE source = :source;

-- name: deed_begin
INSERT INTO audit_taken (source, number) VALUES (:source, 0) ON CONFLICT (source) DO NOTHING;

-- name: deed_take
UPDATE audit_taken SET number = :number WHERE source = :source AND number = :known;
