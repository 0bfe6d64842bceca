//! Credentials that cannot be printed.
