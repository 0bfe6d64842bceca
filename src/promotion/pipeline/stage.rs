//! A stage of the pipeline, as the configuration has it or the folders tell.

use std::sync::Arc;

use super::super::environment::Trigger;
use super::super::pull_request::PullRequestSettings;
use super::super::rules::Rules;
use crate::clearance::{Freeze, Health};
use crate::model::{ApplicationName, EnvironmentName, RepoPath};
use crate::policy::Gates;
use crate::traffic::Rollout;

/// One stage of the pipeline: an environment of the configuration, with its folders.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its name.
    pub name: EnvironmentName,
    /// What starts a promotion into it.
    pub trigger: Trigger,
    /// Where it may be promoted from.
    pub from: Sources,
    /// Its folders: one for each application that has it, or one.
    pub places: Vec<StageFolder>,
    /// What says that it is healthy.
    pub health: Option<Arc<Health>>,
    /// When nothing is merged into it.
    pub freezes: Arc<[Freeze]>,
    /// How its traffic moves once a promotion is merged.
    pub rollouts: Arc<[Rollout]>,
}

/// Where a stage may be promoted from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sources {
    /// The one before it; of an application that lacks that one, the one before that.
    Before,
    /// These.
    Named(Vec<EnvironmentName>),
    /// What its name tells, see [`NameRank`]: nobody wrote an order down.
    ByName(NameRank),
}

/// Where in the usual order of environments a name stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRank {
    /// Lower ones come before; `None` if the name tells no order.
    pub rank: Option<u16>,
    /// The rest of the name, such as `eu` in `prod-eu`: it leads from `staging-eu` to `prod-eu`.
    pub rest: String,
}

impl NameRank {
    /// Whether it is the plain one of those at another's place in the order: `prod` beside `prod-eu`.
    pub(super) fn is_plain_beside(&self, other: &Self) -> bool {
        self.rest.is_empty() && self.rank == other.rank
    }

    /// Whether it is what several environments share (`shared-prod`), which is another thing than they are: changes
    /// pass from `shared-preprod` into it, and from `staging` into `prod`.
    pub(super) fn is_of_what_is_shared(&self) -> bool {
        self.rest.split('-').any(|word| matches!(word, "common" | "global" | "shared"))
    }
}

/// The folder of one stage of one application, and what differs there.
#[derive(Clone, Debug)]
pub struct StageFolder {
    /// The application; `None` in a repository without them.
    pub application: Option<ApplicationName>,
    /// The folder.
    pub path: RepoPath,
    /// What a promotion into it brings over, and what stays.
    pub rules: Arc<Rules>,
    /// Texts and people of its pull request.
    pub pull_request: Arc<PullRequestSettings>,
    /// What is checked.
    pub gates: Arc<Gates>,
}
