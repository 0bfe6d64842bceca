//! The `environments` of the file as stages, with the folders that their paths match.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::file;
use super::freeze::read_freezes;
use super::health::read_health;
use super::places::{Section, Segment};
use super::reader::Reader;
use super::shared::Terms;
use super::steps::read_steps;
use crate::clearance::{Freeze, Health};
use crate::config::error::ConfigError;
use crate::config::pattern::{Listing, PathPattern, name_applications};
use crate::model::{ApplicationName, EnvironmentName, Files, Location, RepoPath};
use crate::promotion::{Sources, Stage, Trigger};
use crate::traffic::Rollout;
use Segment::{Item, Key};

/// An environment of the file with its folders.
pub(super) struct Declared {
    index: usize,
    name: EnvironmentName,
    trigger: Trigger,
    from: Sources,
    health: Option<Arc<Health>>,
    freezes: Vec<Freeze>,
    rollouts: Vec<Rollout>,
    places: Vec<(Option<ApplicationName>, RepoPath)>,
    patterns: Vec<PathPattern>,
}

impl Declared {
    pub(super) fn has_applications(&self) -> bool {
        self.patterns.iter().any(PathPattern::has_application)
    }

    /// The stage, with what holds for each of its applications.
    pub(super) fn stage(self, terms: &Terms) -> Stage {
        let Self { index, name, trigger, from, places, health, freezes, rollouts, .. } = self;
        let place = |(application, path): (Option<ApplicationName>, RepoPath)| {
            terms.of(Some(index), application.as_ref()).place(application, path)
        };
        let places = places.into_iter().map(place).collect();
        let (freezes, rollouts) = (freezes.into(), rollouts.into());
        Stage { name, trigger, from, places, health, freezes, rollouts }
    }
}

/// Reads the environments; faults stay with the reader.
pub(super) fn read_environments(
    environments: Option<&[file::Environment]>,
    files: &dyn Files,
    reader: &mut Reader<'_>,
) -> Vec<Declared> {
    let mut declared = Vec::new();
    for (index, environment) in environments.unwrap_or_default().iter().enumerate() {
        let at = |key| [Key("environments"), Item(index), Key(key)];
        let name = read_name(&environment.name, &at("name"), reader);
        let from = read_from(environment.from.as_deref(), index, reader);
        let mut patterns = Vec::new();
        for (number, text) in environment.path.iter().enumerate() {
            let steps = [&at("path")[..], &[Item(number)]].concat();
            let pattern = PathPattern::parse(text).map_err(|source| ConfigError::Pattern {
                at: reader.places.at_or_before(&steps, environment.path.len()),
                source: source.into(),
            });
            patterns.extend(reader.faults.keep(pattern));
        }
        let trigger = match environment.trigger {
            file::Trigger::Manual => Trigger::Manual,
            file::Trigger::Push => Trigger::Push,
            file::Trigger::Healthy => Trigger::Healthy,
        };
        let section = Section::new(reader.places, &[Key("environments"), Item(index)]);
        let inside = |key| section.inside(&[Key(key)]);
        let health = environment.health.as_ref();
        let health =
            health.map(|file| read_health(file, &inside("health"), &mut reader.faults).into());
        let freezes = read_freezes(&environment.freeze, &inside("freeze"), &mut reader.faults);
        let rollouts = read_steps(&environment.steps, &inside("steps"), &mut reader.faults);
        if let Some(name) = name {
            let places = Vec::new();
            declared.push(Declared {
                index,
                name,
                trigger,
                from,
                health,
                freezes,
                rollouts,
                places,
                patterns,
            });
        }
    }
    check_alike(&declared, reader);
    if let Err(fault) = expand(&mut declared, files) {
        reader.faults.add(fault);
    }
    declared
}

fn read_name(
    text: &str,
    steps: &[Segment<'_>],
    reader: &mut Reader<'_>,
) -> Option<EnvironmentName> {
    let name = EnvironmentName::parse(text);
    let at = || reader.places.at(steps);
    let name = name.map_err(|source| ConfigError::Name { at: at(), source: source.into() });
    reader.faults.keep(name)
}

fn read_from(names: Option<&[String]>, index: usize, reader: &mut Reader<'_>) -> Sources {
    let Some(names) = names else { return Sources::Before };
    let steps = |from| [Key("environments"), Item(index), Key("from"), Item(from)];
    let read = |(from, text): (usize, &String)| read_name(text, &steps(from), reader);
    Sources::Named(names.iter().enumerate().filter_map(read).collect())
}

/// All paths have an application in them, or none has.
fn check_alike(declared: &[Declared], reader: &mut Reader<'_>) {
    let all =
        || declared.iter().flat_map(|it| it.patterns.iter().map(move |pattern| (it, pattern)));
    let with = all().filter(|(_, pattern)| pattern.has_application()).count();
    if with == 0 || with == all().count() {
        return;
    }
    // Whoever is in the minority is probably meant to change.
    let odd = with * 2 <= all().count();
    if let Some((it, _)) = all().find(|(_, pattern)| pattern.has_application() == odd) {
        let at = reader.places.at(&[Key("environments"), Item(it.index), Key("path")]);
        reader.faults.add(ConfigError::Mixed { at, has: odd });
    }
}

/// Finds the folders that paths match.
fn expand(declared: &mut [Declared], files: &dyn Files) -> Result<(), ConfigError> {
    let listing = Listing::new(files);
    let names: BTreeSet<String> =
        declared.iter().map(|it| it.name.as_str().to_ascii_lowercase()).collect();
    let is_environment = |part: &str| names.contains(&part.to_ascii_lowercase());
    let (mut matches, mut paths) = (Vec::new(), Vec::new());
    for (index, it) in declared.iter().enumerate() {
        let mut seen = BTreeSet::new();
        for pattern in &it.patterns {
            let found = pattern.expand(&listing).map_err(|source| ConfigError::Read {
                at: Location::file(RepoPath::root()),
                source: source.into(),
            })?;
            for found in found.into_iter().filter(|found| seen.insert(found.path.clone())) {
                let context = pattern.context(is_environment);
                matches.push((index, context, found.folder.clone().unwrap_or_default()));
                paths.push((index, found));
            }
        }
    }
    for ((index, found), name) in paths.into_iter().zip(name_applications(&matches)) {
        match &found.folder {
            None => declared[index].places.push((None, found.path)),
            // A folder that can be no name is no application.
            Some(_) => declared[index].places.extend(name.map(|name| (Some(name), found.path))),
        }
    }
    Ok(())
}
