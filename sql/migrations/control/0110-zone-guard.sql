-- On PostgreSQL: row-level security, see postgres/0110-zone-guard.sql. The embedded database has none.
SELECT 1;
