//! The rules of branches that were heard of lately.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::lock::lock;
use crate::model::{BranchName, RepoName};

/// Rules change by hand and seldom: what was heard counts for so long.
const KNOWN_FOR: Duration = Duration::from_secs(600);

/// The rules of so many branches are kept; beyond that, all go and are asked for anew.
const MOST: usize = 1024;

/// What is asked of whatever is merged into a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BranchRules {
    /// The checks that have to be a success, by name.
    pub required_checks: BTreeSet<String>,
    /// Whether a ruleset wants a merge queue. That of the older protection shows in the refusal of a merge.
    pub merge_queue: bool,
}

/// The rules that were heard of lately.
#[derive(Default)]
pub(super) struct KnownRules(Mutex<BTreeMap<(RepoName, BranchName), (Instant, BranchRules)>>);

impl KnownRules {
    pub(super) fn get(&self, of: &(RepoName, BranchName)) -> Option<BranchRules> {
        let known = lock(&self.0);
        let (heard, rules) = known.get(of)?;
        (heard.elapsed() < KNOWN_FOR).then(|| rules.clone())
    }

    pub(super) fn put(&self, of: (RepoName, BranchName), rules: BranchRules) {
        let mut known = lock(&self.0);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(of, (Instant::now(), rules));
    }
}
