-- Signing in with an outside identity provider: who of it is whom here, and sign-ins under way.
CREATE TABLE provider_links (
    link_id TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,          -- the provider's name for the person: never given to another
    user_id TEXT NOT NULL REFERENCES users (user_id),
    label TEXT NOT NULL,            -- what the provider calls them, for people to read
    created_us INTEGER NOT NULL,
    used_us INTEGER,
    UNIQUE (issuer, subject)
);
CREATE INDEX provider_links_user ON provider_links (user_id);

CREATE TABLE provider_attempts (
    state_hash BLOB PRIMARY KEY,    -- BLAKE2b-256 of the state that the provider sends back
    browser_hash BLOB NOT NULL,     -- of the cookie of the browser that asked
    purpose TEXT NOT NULL,          -- sign_in, link, join, factor
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,         -- PKCE's
    subject TEXT NOT NULL,          -- whom it is about: a session, an invitation, a user, or ''
    name TEXT NOT NULL,             -- of a guest who joins
    return_path TEXT NOT NULL,      -- where on the page to go then
    network TEXT NOT NULL,          -- that asked
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL
);
CREATE INDEX provider_attempts_browser ON provider_attempts (browser_hash);
CREATE INDEX provider_attempts_network ON provider_attempts (network, created_us);
CREATE INDEX provider_attempts_end ON provider_attempts (expires_us);
