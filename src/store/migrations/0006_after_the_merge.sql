-- What a promotion is for: to promote, to undo, or a step. All were to promote before.
ALTER TABLE promotions ADD COLUMN intent TEXT NOT NULL DEFAULT 'promote';
-- The plan that is undone, of one that undoes.
ALTER TABLE promotions ADD COLUMN undoes TEXT;
-- The commit of the default branch that brought it, and when.
ALTER TABLE promotions ADD COLUMN merged_as TEXT;
ALTER TABLE promotions ADD COLUMN merged_at BIGINT;
-- When it was undone.
ALTER TABLE promotions ADD COLUMN undone_at BIGINT;
DROP INDEX promotions_by_pair;
CREATE INDEX promotions_by_pair
    ON promotions (repository, application, source, target, intent, created_at);
DROP INDEX promotions_one_open_per_pair;
CREATE UNIQUE INDEX promotions_one_open_per_pair
    ON promotions (repository, application, source, target, intent)
    WHERE state IN ('opening', 'open');

-- How an open promotion stands: ticks, releases, what was shown. Opaque here.
CREATE TABLE standings (
    promotion TEXT NOT NULL PRIMARY KEY,
    standing TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- The newest word of each source on each commit.
CREATE TABLE evidence (
    repository TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    -- What it speaks of, where it says so; else empty.
    application TEXT NOT NULL,
    environment TEXT NOT NULL,
    state TEXT NOT NULL,
    message TEXT NOT NULL,
    url TEXT,
    -- When it happened by the source's clock, and when it was heard by ours.
    at BIGINT NOT NULL,
    heard BIGINT NOT NULL,
    -- The first healthy word after the last degraded one, and that one.
    healthy_since BIGINT,
    degraded_at BIGINT,
    PRIMARY KEY (repository, commit_sha, kind, name, application, environment)
);
CREATE INDEX evidence_by_age ON evidence (heard);

-- The environments that something is known of, and what they build from.
CREATE TABLE environments (
    repository TEXT NOT NULL,
    application TEXT NOT NULL,
    environment TEXT NOT NULL,
    -- The commit that last changed what it builds from.
    commit_sha TEXT NOT NULL,
    -- A hash over those files.
    inputs TEXT NOT NULL,
    -- Whether GitHub was asked what it knows of that commit.
    asked_at BIGINT,
    -- The environments that are promoted once this one is healthy, as a JSON list.
    leads_to TEXT NOT NULL DEFAULT '[]',
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (repository, application, environment)
);

-- The commits of the default branch at which an environment builds from those files.
CREATE TABLE environment_commits (
    repository TEXT NOT NULL,
    application TEXT NOT NULL,
    environment TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    noted_at BIGINT NOT NULL,
    PRIMARY KEY (repository, application, environment, commit_sha)
);
CREATE INDEX environment_commits_by_commit ON environment_commits (repository, commit_sha);
