-- What somebody shows besides the password.
ALTER TABLE users ADD COLUMN totp_secret BLOB;                   -- RFC 6238, NULL = none
ALTER TABLE users ADD COLUMN totp_pending BLOB;                  -- shown, not confirmed by a first code
ALTER TABLE users ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0; -- of the last code that was taken: none is taken twice
ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'password'; -- how it was begun

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (user_id),
    code_hash BLOB NOT NULL,        -- BLAKE2b-256 with the user's id
    PRIMARY KEY (user_id, code_hash)
) WITHOUT ROWID;

CREATE TABLE passkeys (
    credential_id BLOB PRIMARY KEY, -- the authenticator's name for it
    passkey_id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (user_id),
    name TEXT NOT NULL,             -- the person's
    domain TEXT NOT NULL,           -- the relying party's id that it was made for
    algorithm INTEGER NOT NULL,     -- COSE: -7 ES256, -8 EdDSA, -257 RS256
    public_key BLOB NOT NULL,
    sign_count INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    used_us INTEGER
);
CREATE INDEX passkeys_user ON passkeys (user_id);
