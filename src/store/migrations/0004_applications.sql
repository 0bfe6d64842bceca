-- A promotion belongs to an application; empty where a repository has none, as all had before.
ALTER TABLE promotions ADD COLUMN application TEXT NOT NULL DEFAULT '';
DROP INDEX promotions_by_pair;
CREATE INDEX promotions_by_pair
    ON promotions (repository, application, source, target, created_at);
DROP INDEX promotions_one_open_per_pair;
CREATE UNIQUE INDEX promotions_one_open_per_pair
    ON promotions (repository, application, source, target) WHERE state IN ('opening', 'open');

-- The primary key changes, which SQLite cannot do in place.
CREATE TABLE surveys_of_applications (
    repository TEXT NOT NULL,
    application TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    surveyed_at BIGINT NOT NULL,
    PRIMARY KEY (repository, application, source, target)
);
INSERT INTO surveys_of_applications (repository, application, source, target, surveyed_at)
    SELECT repository, '', source, target, surveyed_at FROM surveys;
DROP TABLE surveys;
ALTER TABLE surveys_of_applications RENAME TO surveys;
