-- Nobody becomes a user by signing in at the provider: an attempt has no name of a guest.
ALTER TABLE provider_attempts DROP COLUMN name;
