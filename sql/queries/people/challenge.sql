-- Questions for passkeys, until they are answered.
-- database: control

-- name: challenge_forget
DELETE FROM challenges WHERE not_after_us <= :now;

-- name: challenge_bound
-- Of a user the newest few.
DELETE FROM challenges WHERE user_id = :user_id AND challenge NOT IN (
    SELECT newest.challenge FROM challenges AS newest WHERE newest.user_id = :user_id
    ORDER BY newest.not_after_us DESC, newest.challenge LIMIT :limit);

-- name: challenge_give
INSERT INTO challenges (challenge, user_id, purpose, subject, not_after_us)
VALUES (:challenge, :user_id, :purpose, :subject, :not_after_us);

-- name: challenge_take
DELETE FROM challenges WHERE challenge = :challenge AND user_id = :user_id AND purpose = :purpose
  AND subject = :subject AND not_after_us > :now;
