-- As postgres/0110-zone-guard.sql. The row '*' counts what belongs to the whole site: whoever sees any zone keeps it right.
ALTER TABLE tallies ENABLE ROW LEVEL SECURITY;
ALTER TABLE tallies FORCE ROW LEVEL SECURITY;
CREATE POLICY zone ON tallies
    USING ((SELECT current_setting('tocsin.zones', true) = '*')
           OR (zone = '*' AND (SELECT current_setting('tocsin.zones', true) <> ''))
           OR (zone <> '' AND zone = ANY ((SELECT string_to_array(current_setting('tocsin.zones', true), ','))::text[])));
