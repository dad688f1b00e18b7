-- A device whose housing was opened is suspended until an operator clears it: tamper_cleared_us then becomes tampered_us.
ALTER TABLE devices ADD COLUMN tampered_us INTEGER NOT NULL DEFAULT 0; -- when it was opened last; 0 = never
ALTER TABLE devices ADD COLUMN tamper_cleared_us INTEGER NOT NULL DEFAULT 0;
