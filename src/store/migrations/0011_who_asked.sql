-- People who asked for something that they may not ask for: where, and when GitHub was last asked about them.
CREATE TABLE refusals (
    repository TEXT NOT NULL,
    login TEXT NOT NULL,
    number BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    PRIMARY KEY (repository, login, number)
);
-- Commands in comments that were taken, by the delivery that brought each: a comment asks once.
CREATE TABLE commands (
    repository TEXT NOT NULL,
    comment BIGINT NOT NULL,
    delivery TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    PRIMARY KEY (repository, comment)
);
