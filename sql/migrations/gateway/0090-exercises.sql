-- An exercise or a test has a key of its own, and never touches what is real under the same id.
ALTER TABLE inbox ADD COLUMN exercise INTEGER NOT NULL DEFAULT 0 CHECK (exercise IN (0, 1));
