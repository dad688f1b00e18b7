-- People who may sign in.
-- database: control

-- name: user_insert
INSERT INTO users (user_id, name, role, password_hash, must_change, one_time_hash, one_time_used, created_us, changed_us)
VALUES (:user_id, :name, :role, :password_hash, :must_change, :one_time_hash, 0, :now_us, :now_us);

-- name: user_by_name
SELECT user_id, name, role, password_hash, must_change, one_time_hash, one_time_used
FROM users WHERE name = :name;

-- name: user_set_password
UPDATE users SET password_hash = :password_hash, must_change = 0, changed_us = :now_us
WHERE user_id = :user_id;

-- name: user_set_one_time
UPDATE users SET password_hash = :one_time_hash, must_change = 1, one_time_hash = :one_time_hash,
    one_time_used = 0, changed_us = :now_us
WHERE user_id = :user_id;

-- name: user_use_one_time
UPDATE users SET one_time_used = 1 WHERE user_id = :user_id AND must_change = 1 AND one_time_used = 0;
