//! What holds for the promotions into an environment: what the file says at its top, for the environment,
//! and for the application. The nearer word counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::file;
use super::gates::read_gates;
use super::places::{Section, Segment};
use super::reader::Reader;
use super::rules::read_rules;
use crate::config::error::ConfigError;
use crate::model::{ApplicationName, RepoPath};
use crate::policy::Gates;
use crate::promotion::{PathGlob, PullRequestSettings, Rules, StageFolder};
use Segment::{Item, Key};

/// What holds for some promotions.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    pub(super) rules: Arc<Rules>,
    pub(super) pull_request: Arc<PullRequestSettings>,
    pub(super) gates: Arc<Gates>,
}

impl Shared {
    /// What holds where the file says nothing.
    pub(super) fn of_empty(has_applications: bool, configuration: Option<RepoPath>) -> Self {
        let pull_request = match has_applications {
            true => PullRequestSettings::of_applications(),
            false => PullRequestSettings::default(),
        };
        let pull_request = PullRequestSettings { configuration, ..pull_request };
        Self { pull_request: Arc::new(pull_request), ..Self::default() }
    }

    /// The folder of an environment for which this holds.
    pub(super) fn place(
        &self,
        application: Option<ApplicationName>,
        path: RepoPath,
    ) -> StageFolder {
        let Self { rules, pull_request, gates } = self.clone();
        StageFolder { application, path, rules, pull_request, gates }
    }

    /// What a section makes of it.
    fn with(&self, section: &Part<'_>, reader: &mut Reader<'_>) -> Self {
        let Part { promotion, pull_request, gates, section } = section;
        let rules = read_rules(&self.rules, promotion, &section.inside(&[Key("promotion")]));
        let gates = read_gates(&self.gates, gates, &section.inside(&[Key("gates")]));
        let pull_request = reader.read_pull_request(
            &self.pull_request,
            pull_request,
            &section.inside(&[Key("pullRequest")]),
        );
        Self {
            rules: Arc::new(reader.faults.keep(rules).unwrap_or_default()),
            pull_request: Arc::new(pull_request),
            gates: Arc::new(reader.faults.keep(gates).unwrap_or_default()),
        }
    }
}

/// A part of the file that says something about promotions.
struct Part<'a> {
    promotion: &'a file::Promotion,
    pull_request: &'a file::PullRequest,
    gates: &'a file::Gates,
    section: Section<'a>,
}

/// What holds for each environment and application.
pub(super) struct Terms {
    /// What the file says at its top.
    pub(super) top: Shared,
    /// Names of applications; each has its place in `of_application`.
    names: Vec<PathGlob>,
    /// By environment (`None` for those that were found) and application part.
    known: BTreeMap<(Option<usize>, Option<usize>), Shared>,
}

impl Terms {
    /// Reads all parts; faults stay with the reader.
    pub(super) fn read(
        file: &file::File,
        has_applications: bool,
        path: &RepoPath,
        reader: &mut Reader<'_>,
    ) -> Self {
        let places = reader.places;
        let top = Part {
            promotion: &file.promotion,
            pull_request: &file.pull_request,
            gates: &file.gates,
            section: Section::new(places, &[]),
        };
        let top = Shared::of_empty(has_applications, Some(path.clone())).with(&top, reader);
        let mut known = BTreeMap::from([((None, None), top.clone())]);
        for (index, environment) in file.environments.iter().flatten().enumerate() {
            let part = Part {
                promotion: &environment.promotion,
                pull_request: &environment.pull_request,
                gates: &environment.gates,
                section: Section::new(places, &[Key("environments"), Item(index)]),
            };
            if says_something(environment) {
                known.insert((Some(index), None), top.with(&part, reader));
            }
        }
        let environments: Vec<(Option<usize>, Shared)> =
            known.iter().map(|((environment, _), shared)| (*environment, shared.clone())).collect();
        let mut names = Vec::new();
        for (index, application) in file.applications.iter().enumerate() {
            let section = Section::new(places, &[Key("applications"), Item(index)]);
            let name = PathGlob::parse(&application.name).map_err(|source| ConfigError::Rule {
                at: section.at(&[Key("name")]),
                source: source.into(),
                nearest: None,
            });
            let Some(name) = reader.faults.keep(name) else { continue };
            let part = Part {
                promotion: &application.promotion,
                pull_request: &application.pull_request,
                gates: &application.gates,
                section,
            };
            for (environment, shared) in &environments {
                known.insert((*environment, Some(names.len())), shared.with(&part, reader));
            }
            names.push(name);
        }
        Self { top, names, known }
    }

    /// What holds for one environment of one application.
    pub(super) fn of(
        &self,
        environment: Option<usize>,
        application: Option<&ApplicationName>,
    ) -> Shared {
        let fits = |application: &ApplicationName| {
            self.names.iter().position(|name| name.matches(application.as_str()))
        };
        let part = application.and_then(fits);
        let ways = [(environment, part), (None, part)];
        let found = ways.iter().find_map(|way| self.known.get(way));
        found.unwrap_or(&self.top).clone()
    }
}

fn says_something(environment: &file::Environment) -> bool {
    let file::Environment { promotion, pull_request, gates, .. } = environment;
    *promotion != file::Promotion::default()
        || *pull_request != file::PullRequest::default()
        || *gates != file::Gates::default()
}
