//! Which directories a build came by, and what it knows of those that it meets again.
//!
//! Overlays that share a base form diamonds, and diamonds upon diamonds would double the work with
//! each storey. The first visit of a base keeps nothing, because most bases are met once and a copy
//! is not free; the second keeps what it comes to, and all others take a copy of that. Each visit
//! counts towards the limits whether it was made or taken.

use std::collections::BTreeMap;

use super::accumulator::Accumulator;
use super::load::Root;
use crate::model::RepoPath;

/// A build visits at most this many directories; each visit of the same one counts.
pub const VISIT_LIMIT: usize = 20_000;

/// The visits of one build.
#[derive(Debug, Default)]
pub struct Visits {
    /// How many directories were visited; each visit of the same one counts.
    pub count: usize,
    /// How many resources were taken from files; each time that one is taken counts.
    pub resources: usize,
    /// How often the schema was changed.
    pub schema: usize,
    /// How deep in bases we are.
    pub depth: usize,
    /// The depth that was reached since somebody last asked.
    deepest: usize,
    /// The directories in the order of the visits.
    dirs: Vec<RepoPath>,
    /// The bases that were built; `None` for those that were only once.
    built: BTreeMap<RepoPath, Option<Built>>,
}

/// What a base and all below it come to.
#[derive(Clone, Debug)]
pub struct Built {
    /// Its resources, configuration and vars.
    pub accumulator: Accumulator,
    /// What was remarked.
    pub warnings: Vec<String>,
    /// What it cost.
    pub cost: Cost,
    /// The namespace that it was handed.
    namespace: String,
    schema: usize,
    dirs: Vec<RepoPath>,
}

/// What counts towards the limits of a build.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Visited directories.
    pub count: usize,
    /// Resources from files.
    pub resources: usize,
    /// How many bases lie upon each other.
    pub depth: usize,
}

/// Where a visit began.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    count: usize,
    resources: usize,
    schema: usize,
    dirs: usize,
    deepest: usize,
    warnings: usize,
}

impl Visits {
    /// Notes a visit of a directory.
    pub fn note(&mut self, dir: &RepoPath) {
        self.count += 1;
        self.dirs.push(dir.clone());
    }

    /// Goes one base deeper.
    pub fn enter(&mut self) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }

    /// What is known of a base, if it may be taken from here.
    pub fn known(&self, root: &Root<'_>, namespace: &str) -> Option<&Built> {
        let built = self.built.get(&root.dir)?.as_ref()?;
        let same = built.schema == self.schema && built.namespace == namespace;
        (same && !built.dirs.iter().any(|dir| root.leads_back_to(dir))).then_some(built)
    }

    /// Counts what a base would cost that is not built again.
    pub const fn count_again(&mut self, cost: Cost) {
        self.count += cost.count;
        self.resources += cost.resources;
    }

    /// Where a visit begins.
    pub const fn start(&mut self, warnings: usize) -> Start {
        let deepest = self.deepest;
        self.deepest = self.depth;
        let Self { count, resources, schema, .. } = *self;
        Start { count, resources, schema, dirs: self.dirs.len(), deepest, warnings }
    }

    /// Keeps what a base came to, from its second time on.
    pub fn keep(
        &mut self,
        dir: &RepoPath,
        namespace: &str,
        start: Start,
        accumulator: &Accumulator,
        warnings: &[String],
    ) {
        let depth = self.deepest - self.depth;
        self.deepest = self.deepest.max(start.deepest);
        let Some(place) = self.built.get_mut(dir) else {
            self.built.insert(dir.clone(), None);
            return;
        };
        if start.schema == self.schema {
            *place = Some(Built {
                accumulator: accumulator.clone(),
                warnings: warnings[start.warnings..].to_vec(),
                cost: Cost {
                    count: self.count - start.count,
                    resources: self.resources - start.resources,
                    depth,
                },
                namespace: namespace.to_owned(),
                schema: self.schema,
                dirs: self.dirs[start.dirs..].to_vec(),
            });
        }
    }
}
