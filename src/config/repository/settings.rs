//! From the file as it was written to the values that `promotion` works with.

use std::collections::BTreeSet;

use super::environments::{Declared, read_environments};
use super::file::{self, decode};
use super::keys::ROOT;
use super::places::{Faults, Places, Section, Step};
use super::pull_request::Reader;
use super::shared::{Shared, Terms};
use super::{Loads, Previews, RepositoryConfig};
use crate::config::discovery;
use crate::config::error::ConfigError;
use crate::model::{
    ApplicationName, EnvironmentName, Files, InvalidPath, KustomizeVersion, Location, NoticeEvent,
    NoticeFormat, ReceiverName, RemotePattern, RepoPath, Subscription, nearest,
};
use crate::promotion::{
    By, CarriedField, InvalidRule, Keep, PathGlob, Pipeline, PipelineError, Prune, Rules, Sources,
    Stage, Trigger,
};
use crate::yaml::FieldPath;
use Step::{Item, Key};

/// What holds in a repository that says nothing.
pub(super) fn discovered(files: &dyn Files) -> Result<RepositoryConfig, ConfigError> {
    let found = discovery::find(files)?;
    let shared = Shared::of_empty(found.has_applications());
    let pipeline =
        Pipeline::new(found_stages(&found, |_, _| shared.clone())).map_err(|source| {
            let at = Location::file(RepoPath::root());
            ConfigError::Pipeline { at, source: Box::new(source), nearest: None }
        })?;
    Ok(RepositoryConfig {
        path: None,
        pipeline,
        gates: shared.gates,
        loads: Loads::BelowItself,
        kustomize: KustomizeVersion::default(),
        previews: Previews::Off,
        remote_bases: Vec::new(),
        deployments: false,
        notices: Vec::new(),
        inputs: BTreeSet::new(),
        left: found.left,
    })
}

/// The stages of what was found, in the order that names tell.
fn found_stages(
    found: &discovery::Found,
    mut shared: impl FnMut(&EnvironmentName, Option<&ApplicationName>) -> Shared,
) -> Vec<Stage> {
    let mut stages = Vec::new();
    for stage in &found.stages {
        let mut places = Vec::new();
        for (application, path) in &stage.places {
            let shared = shared(&stage.name, application.as_ref());
            places.push(shared.place(application.clone(), path.clone()));
        }
        stages.push(Stage {
            name: stage.name.clone(),
            trigger: Trigger::Manual,
            from: Sources::ByName(stage.rank.clone()),
            places,
            health: None,
            freezes: Vec::new().into(),
            rollouts: Vec::new().into(),
        });
    }
    stages
}

/// Reads the whole file.
pub(super) fn read_settings(
    text: &str,
    path: &RepoPath,
    files: &dyn Files,
) -> Result<RepositoryConfig, ConfigError> {
    let places = Places::read(text, path)?;
    places.check(&ROOT)?;
    let decoded = decode(places.root(), &Location::file(path.clone()))?;
    let mut reader = Reader::new(&places, files);
    let found = match &decoded.environments {
        Some(_) => None,
        None => reader.faults.keep(discovery::find(files)),
    };
    let declared = read_environments(decoded.environments.as_deref(), files, &mut reader);
    let has_applications = match &found {
        Some(found) => found.has_applications(),
        None => declared.iter().any(Declared::has_applications),
    };
    let terms = Terms::read(&decoded, has_applications, &mut reader);
    let remote_bases = read_remote_bases(&decoded.remote_bases, &places);
    let remote_bases = reader.faults.keep(remote_bases).unwrap_or_default();
    let notices = read_notices(&decoded.notices, &places);
    let notices = reader.faults.keep(notices).unwrap_or_default();
    let stages = match &found {
        Some(found) => found_stages(found, |_, application| terms.of(None, application)),
        None => declared.into_iter().map(|it| it.stage(&terms)).collect(),
    };
    std::mem::take(&mut reader.faults).end()?;
    let pipeline = Pipeline::new(stages).map_err(|error| place(error, &decoded, &places))?;
    reader.try_texts(&pipeline)?;
    reader.inputs.insert(path.clone());
    Ok(RepositoryConfig {
        path: Some(path.clone()),
        pipeline,
        gates: terms.top.gates,
        loads: decoded.load_restrictor.loads(),
        kustomize: kustomize(decoded.kustomize.as_deref()),
        previews: decoded.previews.of_service(),
        remote_bases,
        deployments: decoded.deployments,
        notices,
        inputs: reader.inputs,
        left: found.map(|found| found.left).unwrap_or_default(),
    })
}

/// The kustomize that a file names; which names there are was checked before.
fn kustomize(name: Option<&str>) -> KustomizeVersion {
    name.and_then(|name| name.parse().ok()).unwrap_or_default()
}

impl file::LoadRestrictor {
    const fn loads(self) -> Loads {
        match self {
            Self::RootOnly => Loads::BelowItself,
            Self::None => Loads::OfRepository,
        }
    }
}

impl file::Previews {
    const fn of_service(self) -> Previews {
        match self {
            Self::Comment => Previews::Comment,
            Self::Check => Previews::Check,
            Self::Off => Previews::Off,
        }
    }
}

/// Who is told of what; words and names were checked with places before.
fn read_notices(
    notices: &[file::Notice],
    places: &Places<'_>,
) -> Result<Vec<Subscription>, ConfigError> {
    let read = |(index, notice): (usize, &file::Notice)| {
        let to = ReceiverName::parse(&notice.to).map_err(|error| ConfigError::Gate {
            at: places.at(&[Key("notices"), Item(index), Key("to")]),
            because: error.to_string(),
        })?;
        let on = match &notice.on {
            Some(words) => words.iter().filter_map(|word| NoticeEvent::parse(word)).collect(),
            None => NoticeEvent::ALL.into_iter().collect(),
        };
        let format = notice.format.as_deref().and_then(NoticeFormat::parse).unwrap_or_default();
        Ok(Subscription { to, on, format })
    };
    notices.iter().enumerate().map(read).collect()
}

fn read_remote_bases(
    texts: &[String],
    places: &Places<'_>,
) -> Result<Vec<RemotePattern>, ConfigError> {
    let parsed = texts.iter().enumerate().map(|(index, text)| {
        RemotePattern::parse(text).map_err(|source| ConfigError::RemoteBase {
            at: places.at(&[Key("remoteBases"), Item(index)]),
            source: source.into(),
        })
    });
    parsed.collect()
}

/// A path that names something below the root.
pub(super) fn read_path(text: &str, at: Location) -> Result<RepoPath, ConfigError> {
    match RepoPath::parse(text) {
        Ok(path) if text.trim().is_empty() => {
            let source = InvalidPath::Outside(path.to_string());
            Err(ConfigError::Path { at, source: source.into() })
        }
        Ok(path) => Ok(path),
        Err(source) => Err(ConfigError::Path { at, source: source.into() }),
    }
}

/// The rules of a section on top of those above it.
pub(super) fn read_rules(
    above: &Rules,
    promotion: &file::Promotion,
    section: &Section<'_>,
) -> Result<Rules, ConfigError> {
    let mut rules = Rules { by: read_by(promotion).or(above.by), ..above.clone() };
    let mut faults = Faults::default();
    if promotion.since.is_some() {
        rules.since.clone_from(&promotion.since);
    }
    if let Some(copy) = &promotion.copy {
        rules.copy = read_globs(copy, "copy", section, &mut faults);
    }
    if let Some(exclude) = &promotion.exclude {
        rules.exclude = read_globs(exclude, "exclude", section, &mut faults);
    }
    if let Some(keep) = &promotion.keep {
        rules.keep = read_keeps(keep, "keep", section, &mut faults);
    }
    if let Some(take) = &promotion.take {
        rules.take = read_keeps(take, "take", section, &mut faults);
    }
    rules.prune = match promotion.prune {
        None => rules.prune,
        Some(file::Prune::Never) => Prune::Never,
        Some(file::Prune::Removed) => Prune::Removed,
    };
    rules.wire = promotion.wire.unwrap_or(rules.wire);
    if let Some(fields) = &promotion.fields {
        let known: Vec<&'static str> = CarriedField::names().collect();
        let parse = |(index, name): (usize, &String)| {
            let at = section.at(&[Key("fields"), Item(index)]);
            let field = CarriedField::parse(name);
            faults.keep(field.map_err(|source| rule_fault(at, source, nearest(name, &known))))
        };
        rules.fields = fields.iter().enumerate().filter_map(parse).collect();
    }
    faults.end().map(|()| rules)
}

/// How a section wants files to be edited: what only copying knows means copying.
fn read_by(promotion: &file::Promotion) -> Option<By> {
    let copies =
        promotion.copy.is_some() || promotion.prune.is_some() || promotion.fields.is_some();
    match promotion.by {
        Some(file::By::Changes) => Some(By::Changes),
        Some(file::By::Files) => Some(By::Files),
        None => copies.then_some(By::Files),
    }
}

fn rule_fault(at: Location, source: InvalidRule, nearest: Option<&'static str>) -> ConfigError {
    ConfigError::Rule { at, source: source.into(), nearest }
}

fn read_globs(
    texts: &[String],
    list: &'static str,
    section: &Section<'_>,
    faults: &mut Faults,
) -> Vec<PathGlob> {
    let parse = |(index, text): (usize, &String)| {
        let at = section.at(&[Key(list), Item(index)]);
        faults.keep(PathGlob::parse(text).map_err(|source| rule_fault(at, source, None)))
    };
    texts.iter().enumerate().filter_map(parse).collect()
}

fn read_keeps(
    keeps: &[file::Keep],
    list: &'static str,
    section: &Section<'_>,
    faults: &mut Faults,
) -> Vec<Keep> {
    let keeps = keeps.iter().enumerate();
    keeps.filter_map(|(index, keep)| faults.keep(read_keep(keep, (list, index), section))).collect()
}

fn read_keep(
    keep: &file::Keep,
    (list, index): (&'static str, usize),
    section: &Section<'_>,
) -> Result<Keep, ConfigError> {
    let at = |key| [Key(list), Item(index), Key(key)];
    let fields = keep.fields.iter().enumerate().map(|(field, text)| {
        let steps = [Key(list), Item(index), Key("fields"), Item(field)];
        FieldPath::parse(text).map_err(|source| ConfigError::FieldPath {
            at: section.at(&steps),
            source: source.into(),
        })
    });
    let file = PathGlob::parse(&keep.file);
    Ok(Keep {
        file: file.map_err(|source| rule_fault(section.at(&at("file")), source, None))?,
        fields: fields.collect::<Result<_, _>>()?,
    })
}

/// Gives a fault of the pipeline the place of the key that is wrong.
fn place(error: PipelineError, file: &file::File, places: &Places<'_>) -> ConfigError {
    let environment = [Key("environments"), Item(error.index().unwrap_or(0))];
    let key: &[Step] = match &error {
        PipelineError::DuplicateName { .. } => &[Key("name")],
        PipelineError::SharedPath { .. } | PipelineError::NestedPath { .. } => &[Key("path")],
        PipelineError::UnknownFrom { from_index, .. }
        | PipelineError::UselessFrom { from_index, .. } => &[Key("from"), Item(*from_index)],
        PipelineError::Cycle { .. } => &[Key("from")],
        PipelineError::TriggerWithoutSource { .. } | PipelineError::TriggerWithoutHealth { .. } => {
            &[Key("trigger")]
        }
        PipelineError::StepsWithoutSource { .. } => &[Key("steps")],
        PipelineError::Empty => &[],
    };
    let meant = match &error {
        PipelineError::UnknownFrom { from, .. } => {
            let names =
                file.environments.iter().flatten().map(|environment| environment.name.as_str());
            nearest(from.as_str(), &names.collect::<Vec<_>>())
        }
        _ => None,
    };
    ConfigError::Pipeline {
        at: places.at(&[&environment, key].concat()),
        nearest: meant.and_then(|name| EnvironmentName::parse(name).ok()),
        source: Box::new(error),
    }
}
