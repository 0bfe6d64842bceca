//! Resources that go under one name or namespace and come under another: what they are before and after, so that
//! rules compare the two and do not take what was there for new.

use std::collections::BTreeMap;

use crate::diff::{Change, ResourceDiff};
use crate::kustomize::{Build, ResourceId};

/// What goes, with what comes in its place.
pub(in crate::policy) struct Move<'a> {
    /// What goes.
    pub gone: &'a ResourceDiff,
    /// What comes.
    pub comes: &'a ResourceDiff,
}

/// All moves among changes: what is the same resource in its file, one on each side.
pub(in crate::policy) fn moves(resources: &[ResourceDiff]) -> Vec<Move<'_>> {
    let mut sides: BTreeMap<_, [Vec<&ResourceDiff>; 2]> = BTreeMap::new();
    for diff in resources {
        let side = match diff.change {
            Change::Deleted => 0,
            Change::Added => 1,
            Change::Changed => continue,
        };
        let ResourceId { gvk, name, .. } = &diff.original;
        sides.entry((&gvk.group, &gvk.kind, name)).or_default()[side].push(diff);
    }
    let mut moves = Vec::new();
    for [gone, comes] in sides.into_values() {
        if let ([gone], [comes]) = (&gone[..], &comes[..]) {
            moves.push(Move { gone, comes });
        }
    }
    moves
}

impl Move<'_> {
    /// The two as one resource that changes.
    pub(in crate::policy) fn as_one(&self) -> ResourceDiff {
        ResourceDiff {
            change: Change::Changed,
            id_before: Some(self.gone.id.clone()),
            before: self.gone.before.clone(),
            masked: self.gone.masked || self.comes.masked,
            ..self.comes.clone()
        }
    }

    /// Whether what goes leaves somebody without it: a policy that moves to another namespace while workloads stay
    /// where it was.
    pub(in crate::policy) fn is_missed(&self, after: &Build) -> bool {
        let (from, to) = (&self.gone.id, &self.comes.id);
        let is_policy = from.gvk.group.ends_with("istio.io")
            || ["NetworkPolicy", "CiliumNetworkPolicy", "PodDisruptionBudget"]
                .contains(&from.gvk.kind.as_str());
        let is_root = from.namespace == "istio-system";
        let workload = |id: &ResourceId| {
            ["Deployment", "StatefulSet", "DaemonSet", "Rollout", "CronJob", "Job"]
                .contains(&id.gvk.kind.as_str())
        };
        let stay = || {
            after.resources.iter().any(|it| it.id.namespace == from.namespace && workload(&it.id))
        };
        is_policy && from.namespace != to.namespace && (is_root || stay())
    }
}
