-- The keys under which sensitive columns are sealed (docs/operations/secrets.md), and what is kept sealed.
CREATE TABLE seal_keys (
    key_id INTEGER PRIMARY KEY,     -- the highest one seals; the others still open
    wrapped BLOB NOT NULL,          -- the key, sealed under the site's column key
    created_us INTEGER NOT NULL
);

CREATE TABLE site_secrets (
    name TEXT PRIMARY KEY,
    secret BLOB NOT NULL            -- sealed
);

ALTER TABLE audit ADD COLUMN kept BLOB; -- salt and sensitive text, sealed; in the place of `salt` and `sealed`
CREATE INDEX audit_unsealed ON audit (number) WHERE salt IS NOT NULL; -- empty, once they are sealed
