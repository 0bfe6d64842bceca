-- The delivery that a job follows from, for logs. Of several that became one job, the first.
ALTER TABLE jobs ADD COLUMN delivery TEXT;

-- Nobody ever wrote anything here.
ALTER TABLE promotions DROP COLUMN rendered_digest;
