-- What exactly a passkey approves: SHA-256, or zero where it approves nothing by itself.
ALTER TABLE challenges ADD COLUMN subject BLOB NOT NULL DEFAULT '';
