-- name: memory_keep
INSERT INTO memory (name, fact) VALUES (:name, :fact)
ON CONFLICT (name) DO UPDATE SET fact = excluded.fact;

-- name: memory_recall
SELECT fact FROM memory WHERE name = :name;
