-- What pages say of an environment, as it was found last: how it is, what it lacks of which source. Opaque here.
CREATE TABLE environment_notes (
    repository TEXT NOT NULL,
    application TEXT NOT NULL,
    environment TEXT NOT NULL,
    subject TEXT NOT NULL,
    content TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (repository, application, environment, subject)
);
-- Who merged it, by login.
ALTER TABLE promotions ADD COLUMN merged_by TEXT;
-- What holds a promotion, in words, beside the whole of how it stands: lists ask for that alone.
ALTER TABLE standings ADD COLUMN holds TEXT;
