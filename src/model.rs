//! Nouns that every room shares, as the engine has them: a room of its own package, see `docs/architecture.md`.

pub use overlift_engine::model::*;
