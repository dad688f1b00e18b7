-- On PostgreSQL: row-level security of 0120's table, see postgres/0130-tally-guard.sql.
SELECT 1;
