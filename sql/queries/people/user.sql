-- People who may sign in.
-- database: control

-- name: user_insert
INSERT INTO users (user_id, name, role, zones, password_hash, must_change, one_time_hash, one_time_used, created_us, changed_us)
VALUES (:user_id, :name, :role, :zones, :password_hash, :must_change, :one_time_hash, 0, :now_us, :now_us);

-- name: user_by_name
SELECT user_id, name, role, zones, password_hash, must_change, one_time_hash, one_time_used, disabled, generation
FROM users WHERE name = :name;

-- name: user_set_password
-- Nothing changes when the one that was confirmed has been changed or reset meanwhile.
UPDATE users SET password_hash = :password_hash, must_change = 0, changed_us = :now_us
WHERE user_id = :user_id AND password_hash = :old_hash;

-- name: user_upgrade_password
-- The same password, hashed better.
UPDATE users SET password_hash = :password_hash WHERE user_id = :user_id AND password_hash = :old_hash;

-- name: user_set_one_time
-- Whoever starts the program with a new one has lost the way in: of that role again, whatever was.
UPDATE users SET role = :role, zones = '', password_hash = :one_time_hash, must_change = 1, one_time_hash = :one_time_hash,
    one_time_used = 0, changed_us = :now_us, disabled = 0, generation = generation + 1
WHERE user_id = :user_id;

-- name: user_use_one_time
UPDATE users SET one_time_used = 1 WHERE user_id = :user_id AND must_change = 1 AND one_time_used = 0;

-- name: user_change
UPDATE users SET role = :role, zones = :zones, disabled = :disabled, generation = generation + 1
WHERE user_id = :user_id;

-- name: user_reset
UPDATE users SET password_hash = '', must_change = 0, generation = generation + 1,
    changed_us = :now_us
WHERE user_id = :user_id;

-- name: user_other_administrators
SELECT count(*) FROM users WHERE role = 'administrator' AND disabled = 0 AND user_id <> :user_id;

-- name: user_list
SELECT users.name, users.role, users.zones, users.disabled, users.must_change, users.created_us,
       users.password_hash = '', count(sessions.session_id), max(sessions.used_us)
FROM users LEFT JOIN sessions ON sessions.user_id = users.user_id
    AND sessions.used_us > :used_after_us AND sessions.created_us > :created_after_us
WHERE users.name = :name OR :name IS NULL
GROUP BY users.user_id ORDER BY users.name;

-- name: user_bcrypt_cost
SELECT coalesce(max(substr(password_hash, 5, 2)), '00') FROM users WHERE password_hash LIKE '$2%';
