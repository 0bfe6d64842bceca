-- The title and body that a promotion's pull request shows, masked as everywhere, for the pages.
CREATE TABLE promotion_texts (
    promotion TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX promotions_by_age ON promotions (updated_at, id);
