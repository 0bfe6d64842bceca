//! Promoting without a store: GitHub alone says what is there.

use std::sync::Arc;

use super::super::Clock;
use super::super::local::Workspace;
use crate::github::{Github, Repository};

/// A repository on GitHub, seen with a token.
pub struct OnGithub {
    pub(super) github: Github,
    pub(super) clock: Clock,
    pub(super) repository: Repository,
    pub(super) local: Option<Arc<Workspace>>,
}
