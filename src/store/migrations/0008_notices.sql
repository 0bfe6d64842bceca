-- Who wants to be told of what in a repository, as its configuration said last. Opaque here.
CREATE TABLE subscriptions (
    repository TEXT NOT NULL PRIMARY KEY,
    subscriptions TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- What people are told outside GitHub. What was sent stays for a while, so that it is not told again.
CREATE TABLE notices (
    id TEXT NOT NULL PRIMARY KEY,
    -- Notices of one stream are sent in the order of their positions.
    stream TEXT NOT NULL,
    position BIGINT NOT NULL,
    content TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    sent_at BIGINT
);
CREATE UNIQUE INDEX notices_in_order ON notices (stream, position);
CREATE INDEX notices_waiting ON notices (stream, position) WHERE sent_at IS NULL;
CREATE INDEX notices_by_age ON notices (created_at);
