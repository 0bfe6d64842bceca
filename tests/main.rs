//! Behaviour, one file for each thing a user would say.
