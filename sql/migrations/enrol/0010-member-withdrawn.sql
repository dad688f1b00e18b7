-- When a member was last withdrawn by name: certificates of before, that the register does not know, are not renewed.
CREATE TABLE withdrawn_members (
    role INTEGER NOT NULL,
    name TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (role, name)
);
