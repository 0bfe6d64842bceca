-- Who signed in with GitHub to see the pages, under the hash of what their browser holds.
CREATE TABLE page_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX page_sessions_by_end ON page_sessions (until);
-- What GitHub lets them read.
CREATE TABLE page_session_repositories (
    session TEXT NOT NULL,
    repository TEXT NOT NULL,
    PRIMARY KEY (session, repository)
);
