-- Zones are kept apart. tocsin.zones is '*' (the whole site) or names with commas between; unset or '' is no zone at all,
-- also for rows whose zone is ''. Sent with each transaction by src/store/postgres.c (src/store/guard.h).
-- The sub-selects are worked out once for a query, not once for a row. FORCE: for the tables' owner too.

-- What has a zone.
ALTER TABLE devices ENABLE ROW LEVEL SECURITY;
ALTER TABLE devices FORCE ROW LEVEL SECURITY;
CREATE POLICY zone ON devices
    USING ((SELECT current_setting('tocsin.zones', true) = '*')
           OR (zone <> '' AND zone = ANY ((SELECT string_to_array(current_setting('tocsin.zones', true), ','))::text[])))
    WITH CHECK ((SELECT current_setting('tocsin.zones', true) = '*')
           OR (zone <> '' AND zone = ANY ((SELECT string_to_array(current_setting('tocsin.zones', true), ','))::text[])));

ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY zone ON events
    USING ((SELECT current_setting('tocsin.zones', true) = '*')
           OR (zone <> '' AND zone = ANY ((SELECT string_to_array(current_setting('tocsin.zones', true), ','))::text[])))
    WITH CHECK ((SELECT current_setting('tocsin.zones', true) = '*')
           OR (zone <> '' AND zone = ANY ((SELECT string_to_array(current_setting('tocsin.zones', true), ','))::text[])));

ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE deliveries FORCE ROW LEVEL SECURITY;
CREATE POLICY zone ON deliveries
    USING ((SELECT current_setting('tocsin.zones', true) = '*')
           OR (zone <> '' AND zone = ANY ((SELECT string_to_array(current_setting('tocsin.zones', true), ','))::text[])))
    WITH CHECK ((SELECT current_setting('tocsin.zones', true) = '*')
           OR (zone <> '' AND zone = ANY ((SELECT string_to_array(current_setting('tocsin.zones', true), ','))::text[])));

-- '*' is an alert for everybody: all may see it, but only the whole site may make one.
ALTER TABLE alert_zones ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert_zones FORCE ROW LEVEL SECURITY;
CREATE POLICY zone ON alert_zones
    USING ((SELECT current_setting('tocsin.zones', true) = '*')
           OR (zone = '*' AND (SELECT current_setting('tocsin.zones', true) <> ''))
           OR (zone <> '' AND zone = ANY ((SELECT string_to_array(current_setting('tocsin.zones', true), ','))::text[])))
    WITH CHECK ((SELECT current_setting('tocsin.zones', true) = '*')
           OR (zone <> '' AND zone <> '*'
               AND zone = ANY ((SELECT string_to_array(current_setting('tocsin.zones', true), ','))::text[])));

-- What belongs to something that has one: it is seen where that is seen.
ALTER TABLE cameras ENABLE ROW LEVEL SECURITY;
ALTER TABLE cameras FORCE ROW LEVEL SECURITY;
CREATE POLICY device ON cameras
    USING ((SELECT current_setting('tocsin.zones', true) = '*')
           OR EXISTS (SELECT 1 FROM devices WHERE devices.name = cameras.device))
    WITH CHECK ((SELECT current_setting('tocsin.zones', true) = '*')
           OR EXISTS (SELECT 1 FROM devices WHERE devices.name = cameras.device));

-- A new alert has no zones yet: whoever has any zone may add one, and sees it once alert_zones lets them.
ALTER TABLE alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE alerts FORCE ROW LEVEL SECURITY;
CREATE POLICY add ON alerts FOR INSERT
    WITH CHECK ((SELECT current_setting('tocsin.zones', true) <> ''));
CREATE POLICY see ON alerts FOR SELECT
    USING ((SELECT current_setting('tocsin.zones', true) = '*')
           OR EXISTS (SELECT 1 FROM alert_zones WHERE alert_zones.alert_id = alerts.alert_id));
CREATE POLICY change ON alerts FOR UPDATE
    USING ((SELECT current_setting('tocsin.zones', true) = '*')
           OR EXISTS (SELECT 1 FROM alert_zones WHERE alert_zones.alert_id = alerts.alert_id AND zone <> '*'))
    WITH CHECK ((SELECT current_setting('tocsin.zones', true) = '*')
           OR EXISTS (SELECT 1 FROM alert_zones WHERE alert_zones.alert_id = alerts.alert_id AND zone <> '*'));
CREATE POLICY remove ON alerts FOR DELETE USING ((SELECT current_setting('tocsin.zones', true) = '*'));

ALTER TABLE alert_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert_history FORCE ROW LEVEL SECURITY;
CREATE POLICY alert ON alert_history
    USING ((SELECT current_setting('tocsin.zones', true) = '*')
           OR EXISTS (SELECT 1 FROM alerts WHERE alerts.alert_id = alert_history.alert_id))
    WITH CHECK ((SELECT current_setting('tocsin.zones', true) = '*')
           OR EXISTS (SELECT 1 FROM alerts WHERE alerts.alert_id = alert_history.alert_id));

ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY alert ON outbox
    USING ((SELECT current_setting('tocsin.zones', true) = '*')
           OR EXISTS (SELECT 1 FROM alerts WHERE alerts.alert_id = outbox.alert_id))
    WITH CHECK ((SELECT current_setting('tocsin.zones', true) = '*')
           OR EXISTS (SELECT 1 FROM alerts WHERE alerts.alert_id = outbox.alert_id));
