-- The checks of ours that a branch's rules required at the last look: what is new is reported on open pull requests.
ALTER TABLE repositories ADD COLUMN required_checks TEXT;
