//! Reading, editing and writing YAML, as the engine has it: a room of its own package, see `docs/architecture.md`.

pub use overlift_engine::yaml::*;
