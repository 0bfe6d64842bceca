//! What the target's world says: names that its files have, and names that are defined anywhere. A name that nothing
//! says and nothing defines would be made up.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::cloud::{self, CloudObject};
use super::content::Form;
use super::definitions::definitions;
use super::encoded::all_said;
use super::request::Folders;
use crate::model::{File, Files, RepoPath};

/// So many names are looked for; what is asked for beyond them counts as said by nobody.
const MOST_NAMES: usize = 200;

/// The files that may say a name, and what is known of them.
pub(super) struct World<'a> {
    files: &'a dyn Files,
    folders: Folders<'a>,
    /// The part of the paths that is the target's environment: a folder of this name belongs to it anywhere.
    called: Option<&'a str>,
    paths: OnceCell<Vec<RepoPath>>,
    known: RefCell<BTreeMap<String, bool>>,
    cloud_objects: OnceCell<BTreeSet<CloudObject>>,
    /// Names that come with the promotion, in the target's words.
    coming: BTreeSet<String>,
    /// Files that were asked for and whose content is not here.
    unknown: RefCell<BTreeSet<RepoPath>>,
}

impl<'a> World<'a> {
    pub(super) fn of(files: &'a dyn Files, folders: Folders<'a>) -> Self {
        let Folders { source, target } = folders;
        let pairs = source.parts().zip(target.parts());
        let called = pairs.filter(|(ours, theirs)| ours != theirs).map(|(_, theirs)| theirs).last();
        Self {
            files,
            folders,
            called,
            paths: OnceCell::new(),
            known: RefCell::default(),
            cloud_objects: OnceCell::new(),
            coming: BTreeSet::new(),
            unknown: RefCell::default(),
        }
    }

    /// Learns which names come with the promotion.
    pub(super) fn expect(&mut self, coming: BTreeSet<String>) {
        self.coming = coming;
    }

    /// The files that were asked for and are not here.
    pub(super) fn take_unknown(&self) -> BTreeSet<RepoPath> {
        self.unknown.take()
    }

    /// Whether the target's files have a name, something else defines it, or it comes with the promotion.
    pub(super) fn says(&self, name: &str) -> bool {
        self.coming.contains(name) || self.remembered(name, || self.finds(name))
    }

    /// The objects of clouds that the target's files name.
    pub(super) fn cloud_objects(&self) -> &BTreeSet<CloudObject> {
        self.cloud_objects.get_or_init(|| {
            let own = self.paths().iter().filter(|path| self.is_own(path)).cloned();
            let files = self.holding(&own.collect::<Vec<_>>(), &cloud::marks());
            let texts = files.iter().map(|(_, file)| all_said(&file.content));
            texts.flat_map(|text| cloud::objects_in(&text).collect::<Vec<_>>()).collect()
        })
    }

    /// Whether a file of the source's and its counterpart each name a private network that the other does not.
    pub(super) fn name_networks_apart(&self, source: RepoPath, target: RepoPath) -> bool {
        let files = self.holding(&[source, target], &cloud::marks());
        let texts = files.iter().map(|(_, file)| all_said(&file.content));
        match &texts.collect::<Vec<_>>()[..] {
            [one, other] => cloud::name_networks_apart(one, other),
            _ => false,
        }
    }

    /// Whether the target's files have a host in a domain.
    pub(super) fn says_domain(&self, domain: &str) -> bool {
        let ends = |name: &str| {
            name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let is_said = |file: &File| names_in_file(file).iter().any(|name| ends(name));
        self.remembered(&format!(".{domain}"), || {
            let own = self.paths().iter().filter(|path| self.is_own(path)).cloned();
            self.holding(&own.collect::<Vec<_>>(), &[domain]).iter().any(|(_, it)| is_said(it))
        })
    }

    fn remembered(&self, name: &str, find: impl FnOnce() -> bool) -> bool {
        if let Some(known) = self.known.borrow().get(name) {
            return *known;
        }
        let found = self.known.borrow().len() < MOST_NAMES && find();
        self.known.borrow_mut().insert(name.to_owned(), found);
        found
    }

    fn finds(&self, name: &str) -> bool {
        // The name of an environment alone is in many paths, which tells nothing of how it is said in files.
        let is_compound = name.contains(|c: char| !c.is_alphanumeric());
        let is_file = |path: &RepoPath| {
            path.parts().any(|part| {
                let rest = part.strip_prefix(name);
                rest.is_some_and(|rest| matches!(rest, "" | ".yaml" | ".yml" | ".json"))
            })
        };
        let (own, others): (Vec<RepoPath>, Vec<RepoPath>) =
            self.paths().iter().cloned().partition(|path| self.is_own(path));
        if is_compound && own.iter().chain(&others).any(is_file) {
            return true;
        }
        let is_said = |(_, file): &(RepoPath, File)| names_in_file(file).contains(name);
        let is_defined = |(path, file): &(RepoPath, File)| {
            let value = Form::by_name(path.as_str()).read(&file.content);
            let defined = value.as_ref().map(definitions).unwrap_or_default();
            defined.iter().any(|it| it.text == name)
        };
        let yaml = |path: &RepoPath| Form::by_name(path.as_str()) == Form::Yaml;
        let others: Vec<RepoPath> = others.into_iter().filter(yaml).collect();
        self.holding(&own, &[name]).iter().any(is_said)
            || self.holding(&others, &[name]).iter().any(is_defined)
    }

    /// All files but the source's.
    fn paths(&self) -> &[RepoPath] {
        self.paths.get_or_init(|| {
            let all = self.files.list(&RepoPath::root()).unwrap_or_default();
            all.into_iter().filter(|path| !path.is_within(self.folders.source)).collect()
        })
    }

    /// Whether a file belongs to the target's environment, if not to the same application.
    fn is_own(&self, path: &RepoPath) -> bool {
        let above =
            || path.parent().into_iter().any(|dir| dir.parts().any(|it| Some(it) == self.called));
        path.is_within(self.folders.target) || above()
    }

    fn holding(&self, paths: &[RepoPath], texts: &[&str]) -> Vec<(RepoPath, File)> {
        let holding = self.files.holding(paths, texts);
        self.unknown.borrow_mut().extend(holding.unknown);
        let read = |path: RepoPath| Some((path.clone(), self.files.file(&path).ok()??));
        holding.found.into_iter().filter_map(read).collect()
    }
}

fn names_in_file(file: &File) -> BTreeSet<String> {
    let text = all_said(&file.content);
    names_in(&text).into_iter().map(str::to_owned).collect()
}

/// The names that a text has: words with what joins them, a host with its port. Of a host inside the cluster
/// (`api.shop.svc.cluster.local`) each part is a name of its own.
pub(super) fn names_in(text: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(from) = rest.find(is_part) {
        rest = &rest[from..];
        let mut end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let whole = &rest[..end];
        let name = whole.trim_matches(['.', '-', '_']);
        if whole.split('.').any(|part| part == "svc") {
            names.extend(name.split('.'));
        } else if !name.is_empty() {
            let at = whole.find(name).unwrap_or_default();
            let port = if name.contains('.') { port(&rest[end..]) } else { 0 };
            end += port;
            names.push(&rest[at..if port > 0 { end } else { at + name.len() }]);
        }
        rest = &rest[end..];
    }
    names
}

/// How long the port is that a text begins with, its colon included.
fn port(text: &str) -> usize {
    let Some(digits) = text.strip_prefix(':') else { return 0 };
    let len = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let goes_on = digits[len..].starts_with(|c: char| c.is_alphanumeric() || ".-_".contains(c));
    if len == 0 || goes_on { 0 } else { len + 1 }
}

#[cfg(test)]
impl World<'_> {
    /// Asks something of a world in which production's overlay has one file.
    pub(super) fn with<T>(content: &str, ask: impl FnOnce(&World<'_>) -> T) -> T {
        let path = RepoPath::parse("overlays/production/a.yaml").unwrap();
        let mut files = crate::model::FileTree::new();
        files.insert(path, File::regular(content.as_bytes()));
        Self::of_production(&files, ask)
    }

    fn of_production<T>(files: &dyn Files, ask: impl FnOnce(&World<'_>) -> T) -> T {
        let path = |text: &str| RepoPath::parse(text).unwrap();
        let (source, target) = (path("overlays/staging"), path("overlays/production"));
        ask(&World::of(files, Folders { source: &source, target: &target }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FileTree;

    #[test]
    fn a_name_is_said_by_the_target_or_defined_anywhere() {
        let mut files = FileTree::new();
        for (file, content) in [
            ("overlays/staging/a.yaml", "a: of-staging\n"),
            ("overlays/production/a.yaml", "a: [of-production, https://x.shop.io/y]\n"),
            ("baseline/production/a.yaml", "a: beside\n"),
            ("shared/a.yaml", "kind: ConfigMap\nmetadata: {name: defined}\ndata: {a: mentioned}\n"),
            ("classes/production-low.yaml", "{}\n"),
        ] {
            let path = RepoPath::parse(file).unwrap();
            files.insert(path, File::regular(content.as_bytes()));
        }
        World::of_production(&files, |world| {
            for name in ["of-production", "x.shop.io", "beside", "defined", "production-low"] {
                assert!(world.says(name), "{name}");
            }
            for name in ["of-staging", "mentioned", "production", "of", "production-high"] {
                assert!(!world.says(name), "{name}");
            }
            assert!(world.says_domain("shop.io") && !world.says_domain("hop.io"));
        });
    }

    #[test]
    fn names_are_words_with_what_joins_them() {
        for (text, want) in [
            ("staging-low", &["staging-low"][..]),
            ("--env=prod, -x", &["env", "prod", "x"]),
            ("https://api.prod.shop.io:9443/a/b", &["https", "api.prod.shop.io:9443", "a", "b"]),
            ("r.io/shop-prod:1.2", &["r.io", "shop-prod", "1.2"]),
            ("http://api.shop-prod.svc:80", &["http", "api", "shop-prod", "svc", "80"]),
            ("Host(`a.prod.io`)", &["Host", "a.prod.io"]),
        ] {
            assert_eq!(names_in(text), want, "{text}");
        }
    }
}
