//! Building overlays, as the engine has it: a room of its own package, see `docs/architecture.md`.

pub use overlift_engine::kustomize::*;
