//! The files of two folders, and which stands for which.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::cloud::{self, CloudKind, CloudObject};
use super::content::Form;
use super::counterparts::Counterparts;
use super::held::Held;
use super::moved::{self, Moved};
use super::named::Named;
use super::names::Names;
use super::request::{Folders, Request};
use super::reserved;
use super::series::Series;
use super::translation::Translation;
use super::value::{Shape, Value};
use super::world::World;
use crate::model::{ReadError, RepoPath, is_api_group};

/// The files of both sides, now and ever.
pub(super) struct Sides<'a> {
    /// Below the source's folder.
    pub source: BTreeSet<String>,
    /// Below the target's folder.
    pub target: BTreeSet<String>,
    /// What the source had once and has no more.
    pub gone: BTreeSet<String>,
    folders: Folders<'a>,
    pub since: (Option<usize>, Option<usize>),
    /// The target's file that stands for a file of the source's under its own environment's name.
    pub counterparts: BTreeMap<String, String>,
    /// The target's file that stands where a file of the source's stood.
    pub moved: BTreeMap<String, Moved>,
    /// The series of files of which both have some, once somebody asked.
    series: OnceCell<BTreeSet<Series>>,
    /// What the target's kustomizations name, once somebody asked.
    pub listed: OnceCell<Named>,
    /// Whether each has private networks of its own, once somebody asked.
    own_networks: OnceCell<bool>,
    /// What the target says for the source's names, once that is known.
    pub names: Option<Counterparts>,
    /// What the target's files say.
    pub world: World<'a>,
    /// The names of other environments that the target's files have, once that is known.
    pub said: BTreeSet<String>,
    /// Files that stay where they are since they are not for the target, below the target's folder, and why.
    pub held: BTreeMap<String, Held>,
    /// Files that were asked for and whose content is not here.
    pub unknown: RefCell<BTreeSet<RepoPath>>,
}

impl<'a> Sides<'a> {
    pub(super) fn list(request: &Request<'a>) -> Result<Self, ReadError> {
        let Request { files, folders, history, names, .. } = request;
        let below = |dir: &RepoPath| -> Result<BTreeSet<String>, ReadError> {
            let paths = files.list(dir)?;
            Ok(paths.iter().filter_map(|path| path.strip_prefix(dir)).map(str::to_owned).collect())
        };
        let (source, target) = (below(folders.source)?, below(folders.target)?);
        let ever = history.paths_below(folders.source);
        let ever = ever.keys().filter_map(|path| path.strip_prefix(folders.source));
        let gone: BTreeSet<String> =
            ever.filter(|below| !source.contains(*below)).map(str::to_owned).collect();
        let mut by_neutral: BTreeMap<String, &String> = BTreeMap::new();
        for below in target.iter().filter(|below| !source.contains(*below)) {
            by_neutral.entry(names.neutral_target(below)).or_insert(below);
        }
        let counterpart = |below: &String| {
            let theirs = by_neutral.get(&names.neutral_source(below))?;
            (!target.contains(below)).then(|| (below.clone(), (*theirs).clone()))
        };
        let counterparts: BTreeMap<String, String> =
            source.iter().chain(&gone).filter_map(counterpart).collect();
        let sets = (&source, &target, &counterparts);
        let moved = moved::find(history, *folders, names, sets)?;
        let since = (history.folder_since(folders.source), history.folder_since(folders.target));
        Ok(Self {
            source,
            target,
            gone,
            folders: *folders,
            since,
            counterparts,
            moved,
            series: OnceCell::new(),
            listed: OnceCell::new(),
            own_networks: OnceCell::new(),
            names: None,
            world: World::of(*files, *folders),
            said: BTreeSet::new(),
            held: BTreeMap::new(),
            unknown: RefCell::default(),
        })
    }

    /// A path of the source's.
    pub(super) fn source_path(&self, below: &str) -> RepoPath {
        self.folders.source.join(below).expect("paths below a folder come from its own list")
    }

    /// The target's folder.
    pub(super) fn target_root(&self) -> RepoPath {
        self.folders.target.clone()
    }

    /// A path of the target's.
    pub(super) fn target_path(&self, below: &str) -> RepoPath {
        self.folders.target.join(below).expect("paths below a folder come from its own list")
    }

    /// What tells how the target says something, once that is known.
    pub(super) fn translation<'s>(&'s self, names: &'s Names) -> Option<Translation<'s>> {
        Some(Translation { names, known: self.names.as_ref()?, world: &self.world })
    }

    /// Why a value that would come new has to stay away: it names the source, and nothing tells what the target says
    /// instead; or an environment that is neither, and that the target names nowhere.
    pub(super) fn foreign(&self, names: &Names, key: &str, value: &Value) -> Option<Held> {
        let translation = self.translation(names)?;
        self.foreign_key(names, key).or_else(|| self.foreign_in(&translation, key, value))
    }

    fn foreign_in(&self, translation: &Translation<'_>, key: &str, value: &Value) -> Option<Held> {
        let names = translation.names;
        match &value.shape {
            Shape::Scalar { text, .. } if is_api_group(key, text) => None,
            Shape::Scalar { text, .. } => {
                let named = names.source_in(text);
                if let Some(name) = named.filter(|_| translation.of_key(key, text).is_none()) {
                    return Some(Held::Source(name.to_owned()));
                }
                let mut others = names.others_in(text);
                let other = others
                    .find(|name| !self.said.contains(*name))
                    .map(|name| Held::Other(name.to_owned()));
                other.or_else(|| self.foreign_object(&translation.in_own_cloud(text)))
            }
            Shape::List(items) => {
                items.iter().find_map(|item| self.foreign_in(translation, key, item))
            }
            // What is said beside ciphers is bound to them, and cannot be said otherwise.
            Shape::Map(_) if value.is_sealed_document() => {
                source_in(names, value).map(|name| Held::Source(name.to_owned()))
            }
            Shape::Map(pairs) => pairs.iter().find_map(|(key, it)| {
                let held = || match &it.shape {
                    // Its name is of its group, whatever that is called: `things.shop.dev`.
                    Shape::Map(metadata) if key == "metadata" && is_definition(value) => {
                        let mut others = metadata.iter().filter(|(key, _)| key != "name");
                        others.find_map(|(key, it)| self.foreign_in(translation, key, it))
                    }
                    _ => self.foreign_in(translation, key, it),
                };
                self.foreign_key(names, key).or_else(held)
            }),
        }
    }

    /// Why a text has to stay away that is bound to an object of a cloud: the target names others, and never this one.
    fn foreign_object(&self, text: &str) -> Option<Held> {
        // What images come from is what both share as often as not: another is a new one for both. So are networks,
        // unless some file tells them apart.
        let is_bound = |object: &CloudObject| match object.kind {
            CloudKind::Registry(_) => false,
            CloudKind::PrivateNetwork => self.have_own_networks(),
            _ => true,
        };
        let is_foreign = |object: &CloudObject| {
            let own = self.world.cloud_objects();
            is_bound(object)
                && !own.contains(object)
                && own.iter().any(|other| other.kind == object.kind)
        };
        let object = cloud::objects_in(text).find(is_foreign)?;
        Some(match object.kind {
            CloudKind::WithId(_)
            | CloudKind::Endpoint(_)
            | CloudKind::Registry(_)
            | CloudKind::PrivateNetwork => Held::OnlyOne(object.name),
            CloudKind::Aws | CloudKind::Azure | CloudKind::Google => Held::Account(object.name),
        })
    }

    /// Whether some file and its counterpart tell that each environment has private networks of its own.
    fn have_own_networks(&self) -> bool {
        *self.own_networks.get_or_init(|| {
            self.source.iter().any(|below| {
                let target = self.counterpart(below);
                let (source, of_target) = (self.source_path(below), self.target_path(target));
                self.target.contains(target) && self.world.name_networks_apart(source, of_target)
            })
        })
    }

    /// Why a new key has to stay away: it is a name, in which the source's environment is named. It would have to be
    /// another one in the target. That a setting is called after an environment (`DEV_MODE`) tells nothing.
    fn foreign_key(&self, names: &Names, key: &str) -> Option<Held> {
        let is_name = |name: &&str| *name == key || key.contains(['.', '-', '/']);
        // `shop.dev/owner`: the last word of a domain is no environment's.
        let prefix = key
            .split_once('/')
            .and_then(|(domain, word)| domain.rsplit_once('.').map(|(domain, _)| (domain, word)));
        let (domain, word) = prefix.unwrap_or(("", key));
        let name = names.source_in(word).or_else(|| names.source_in(domain)).filter(is_name)?;
        (!self.world.says(key)).then(|| Held::Source(name.to_owned()))
    }

    /// Why a new file has to stay away: by what its author says of it, by what it says, or by its path.
    pub(super) fn foreign_file(&self, names: &Names, below: &str, content: &[u8]) -> Option<Held> {
        let reserved = reserved::file_against(&String::from_utf8_lossy(content), names);
        let foreign = || {
            let value = Form::by_name(self.source_path(below).as_str()).read(content);
            value.and_then(|value| self.foreign(names, "", &value))
        };
        let held = reserved.map(Held::Reserved).or_else(foreign);
        held.or_else(|| self.foreign_path(names, below))
    }

    /// Why a new file has to stay away by its path: that names an environment that is neither, and none of the
    /// target's paths does.
    pub(super) fn foreign_path(&self, names: &Names, below: &str) -> Option<Held> {
        let mut others = names.others_in_path(below);
        others.retain(|name| self.target.iter().all(|it| !names.others_in_path(it).contains(name)));
        others.first().map(|name| Held::Other((*name).to_owned()))
    }

    /// Whether both have a file that is called as this one up to and with the source's environment, in the same folder
    /// (`keys-staging-a.yaml`, `keys-staging-b.yaml`): there such a name does not tell whose a file is.
    pub(super) fn share_names_of_source(&self, names: &Names, below: &str) -> bool {
        let shared = || {
            let both = self.source.intersection(&self.target);
            both.filter_map(|path| Series::of(names, path)).collect()
        };
        let known = self.series.get_or_init(shared);
        Series::of(names, below).is_some_and(|series| known.contains(&series))
    }

    /// Where a file of the source's stands in the target.
    pub(super) fn counterpart<'s>(&'s self, below: &'s str) -> &'s str {
        self.counterparts.get(below).map_or(below, String::as_str)
    }
}

fn is_definition(document: &Value) -> bool {
    document.text_at("kind") == Some("CustomResourceDefinition")
}

/// What names the source in a value.
fn source_in<'v>(names: &Names, value: &'v Value) -> Option<&'v str> {
    match &value.shape {
        Shape::Scalar { text, .. } => names.source_in(text),
        Shape::List(items) => items.iter().find_map(|item| source_in(names, item)),
        Shape::Map(pairs) => pairs.iter().find_map(|(_, value)| source_in(names, value)),
    }
}
