-- How often in a row a job's worker died with it, by a panic or with its whole process.
ALTER TABLE jobs ADD COLUMN deaths BIGINT NOT NULL DEFAULT 0;
