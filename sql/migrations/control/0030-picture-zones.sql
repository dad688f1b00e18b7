-- The zones of its camera's picture in which a visit stood; `zone` is the site's.
ALTER TABLE events ADD COLUMN picture_zones TEXT NOT NULL DEFAULT '[]'; -- JSON
