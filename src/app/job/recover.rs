//! Take in the deliveries that GitHub failed to make.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::repository_address::RepositoryAddress;

/// Take in the deliveries that GitHub failed to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Recover {}

impl Kind for Recover {
    const WORD: &'static str = "recover";

    fn place(&self) -> Option<&RepositoryAddress> {
        None
    }

    fn queue_key(&self) -> String {
        Self::WORD.to_owned()
    }
}
