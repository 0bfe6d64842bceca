-- What open pages are told of: the last change of each of these, looked for every two seconds.
CREATE INDEX standings_by_age ON standings (updated_at);
CREATE INDEX promotion_texts_by_age ON promotion_texts (updated_at);
CREATE INDEX environment_notes_by_age ON environment_notes (updated_at);
