-- When a witness's key went on record; 0: not yet, and then the key counts for nothing.
ALTER TABLE audit_witnesses ADD COLUMN entered_us INTEGER NOT NULL DEFAULT 0;
UPDATE audit_witnesses SET entered_us = at_us;
