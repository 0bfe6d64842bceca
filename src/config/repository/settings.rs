//! From the file as it was written to the values that `promotion` works with.

use std::collections::BTreeSet;

use super::configuration::{Loads, Previews, RepositoryConfig};
use super::environments::{Declared, read_environments};
use super::file::{self, decode};
use super::keys::ROOT;
use super::places::{Places, Segment};
use super::reader::Reader;
use super::shared::{Shared, Terms};
use crate::config::discovery;
use crate::config::error::ConfigError;
use crate::model::{
    ApplicationName, EnvironmentName, Files, KustomizeVersion, Location, NoticeEvent, NoticeFormat,
    ReceiverName, RemotePattern, RepoPath, Subscription, nearest,
};
use crate::promotion::{Pipeline, PipelineError, Sources, Stage, Trigger};
use Segment::{Item, Key};

/// What holds in a repository that says nothing.
pub(super) fn discovered(files: &dyn Files) -> Result<RepositoryConfig, ConfigError> {
    let found = discovery::find(files)?;
    let shared = Shared::of_empty(found.has_applications(), None);
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
    let terms = Terms::read(&decoded, has_applications, path, &mut reader);
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

/// Gives a fault of the pipeline the place of the key that is wrong.
fn place(error: PipelineError, file: &file::File, places: &Places<'_>) -> ConfigError {
    let environment = [Key("environments"), Item(error.index().unwrap_or(0))];
    let key: &[Segment] = match &error {
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
