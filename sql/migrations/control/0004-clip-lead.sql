-- How much of a clip lies before its event, so that boxes can be drawn over the video.
ALTER TABLE events ADD COLUMN clip_lead_s REAL; -- NULL: the device did not say
