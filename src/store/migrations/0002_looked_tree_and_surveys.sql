-- The tree of the commit that was looked at, so that comparing with it needs no request for the commit.
ALTER TABLE repositories ADD COLUMN looked_tree TEXT;

-- Pairs whose pull requests were searched for on GitHub: what the store does not know of them is not there.
CREATE TABLE surveys (
    repository TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    surveyed_at BIGINT NOT NULL,
    PRIMARY KEY (repository, source, target)
);
