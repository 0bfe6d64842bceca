-- One text for SQLite and PostgreSQL: BIGINT for numbers and times (milliseconds since 1970), TEXT for
-- the rest. Ids come from the caller, so that no database has to count.

CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    repository TEXT,
    state TEXT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX deliveries_by_age ON deliveries (received_at);

CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    repository TEXT,
    -- Jobs with one key are one job while they wait.
    key TEXT NOT NULL,
    -- Jobs with one lane run one after the other.
    lane TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'parked')),
    created_at BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    -- When the first of the attempts since the last progress failed.
    failing_since BIGINT,
    fence BIGINT NOT NULL DEFAULT 0,
    worker TEXT,
    lease_until BIGINT,
    reason TEXT
);
CREATE UNIQUE INDEX jobs_one_running_per_lane ON jobs (lane) WHERE state = 'running';
CREATE UNIQUE INDEX jobs_one_queued_per_key ON jobs (key) WHERE state = 'queued';
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE state = 'queued';

CREATE TABLE promotions (
    id TEXT NOT NULL PRIMARY KEY,
    repository TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    branch TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    -- What the edits were made from, and what they show: tells whether they still fit.
    base_digest TEXT NOT NULL,
    rendered_digest TEXT NOT NULL,
    base_commit TEXT NOT NULL,
    head_commit TEXT NOT NULL,
    tree TEXT NOT NULL,
    pull_request BIGINT,
    state TEXT NOT NULL CHECK (state IN ('opening', 'open', 'merged', 'closed')),
    closed_because TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX promotions_by_pair ON promotions (repository, source, target, created_at);
CREATE UNIQUE INDEX promotions_one_open_per_pair ON promotions (repository, source, target)
    WHERE state IN ('opening', 'open');

CREATE TABLE repositories (
    name TEXT NOT NULL PRIMARY KEY,
    default_branch TEXT,
    installation BIGINT,
    -- The default branch's commit whose promotions are all queued.
    looked_at TEXT,
    seen_at BIGINT NOT NULL
);
