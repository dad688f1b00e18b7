-- Whether row-level security holds.
-- database: control on PostgreSQL

-- name: guard_role
SELECT rolsuper OR rolbypassrls, rolname FROM pg_roles WHERE rolname = current_user;

-- name: guard_owner
-- Tables that the role could change its policies on.
SELECT count(*) FROM pg_class
WHERE relnamespace = current_schema()::text::regnamespace AND relkind IN ('r', 'p')
  AND pg_has_role(current_user, relowner, 'MEMBER');

-- name: guard_gap
-- What leads around the policies: a table with zones or a part of a guarded one that has none, a view with its owner's
-- rights, a view's copy of rows, a function with its owner's rights.
SELECT relname FROM pg_class AS c
WHERE relnamespace = current_schema()::text::regnamespace AND (
    (relkind IN ('r', 'p', 'f') AND NOT (relrowsecurity AND relforcerowsecurity) AND (
        EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = c.oid AND attname = 'zone' AND NOT attisdropped)
        OR EXISTS (SELECT 1 FROM pg_inherits JOIN pg_class AS whole ON whole.oid = inhparent
                   WHERE inhrelid = c.oid AND whole.relrowsecurity)))
    OR (relkind = 'v' AND NOT coalesce(reloptions && ARRAY['security_invoker=true', 'security_invoker=on',
                                                          'security_invoker=1'], false))
    OR relkind = 'm')
UNION ALL
SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::text::regnamespace AND prosecdef
ORDER BY 1 LIMIT 1;
