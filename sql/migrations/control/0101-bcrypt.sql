-- Which accounts still have a bcrypt hash of another system: sign-in then takes as long for all.
CREATE INDEX users_bcrypt ON users (password_hash) WHERE password_hash LIKE '$2%';
