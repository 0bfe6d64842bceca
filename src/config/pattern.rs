//! Paths of environments with `{application}` in them, and the folders and files that they match.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ApplicationName, Files, InvalidPath, ReadError, RepoPath};

/// What stands for the name of an application.
pub(in crate::config) const APPLICATION: &str = "{application}";

/// A path in which one folder may be that of an application, or the last name may have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::config) struct PathPattern {
    /// The folders before the application, or all of them.
    before: RepoPath,
    /// Where the application is; `None` if there is none in it.
    place: Option<Place>,
}

/// Where in a path the application is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A whole folder, with the path below it.
    Folder { below: String },
    /// A part of the last name, with what stands before and behind it there.
    Name { begin: String, end: String },
}

/// Why a text is no [`PathPattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// It is no path.
    #[error(transparent)]
    Path(#[from] InvalidPath),
    /// `{application}` is neither one whole folder nor in the last name.
    #[error(
        "`{{application}}` stands for one whole folder name, or for a part of the last name: write it once"
    )]
    NotAFolder,
}

/// A folder or a file that a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct Match {
    /// The application's folder name, or its part of a name; `None` for a pattern without one.
    pub(in crate::config) folder: Option<String>,
    /// The environment's folder, or its file.
    pub(in crate::config) path: RepoPath,
}

impl PathPattern {
    /// Reads a path that names something below the root.
    pub(in crate::config) fn parse(text: &str) -> Result<Self, InvalidPattern> {
        let read = |text: &str| match RepoPath::parse(text) {
            Ok(path) if text.trim().is_empty() => Err(InvalidPath::Outside(path.to_string())),
            read => read,
        };
        if !text.contains(['{', '}']) {
            return Ok(Self { before: read(text)?, place: None });
        }
        let parts: Vec<&str> = text.trim_end_matches('/').split('/').collect();
        let at = parts.iter().position(|part| part.contains(['{', '}'])).unwrap_or_default();
        let (before, part, below) = (&parts[..at], parts[at], &parts[at + 1..]);
        let (begin, end) = part.split_once(APPLICATION).ok_or(InvalidPattern::NotAFolder)?;
        let is_whole = part == APPLICATION;
        if [begin, end].iter().chain(below).any(|text| text.contains(['{', '}']))
            || !is_whole && !below.is_empty()
        {
            return Err(InvalidPattern::NotAFolder);
        }
        let place = if is_whole {
            Place::Folder { below: RepoPath::parse(&below.join("/"))?.as_str().to_owned() }
        } else {
            Place::Name { begin: begin.to_owned(), end: end.to_owned() }
        };
        Ok(Self { before: RepoPath::parse(&before.join("/"))?, place: Some(place) })
    }

    /// Whether an application is in it.
    pub(in crate::config) const fn has_application(&self) -> bool {
        self.place.is_some()
    }

    /// Whether it leads through a folder that is hidden, or has examples and the like.
    pub(in crate::config) fn passes(&self, is_aside: impl Fn(&RepoPath) -> bool) -> bool {
        is_aside(&self.before)
    }

    /// The folders, or files, that it matches.
    pub(in crate::config) fn expand(&self, listing: &Listing<'_>) -> Result<Vec<Match>, ReadError> {
        let Some(place) = &self.place else {
            return Ok(vec![Match { folder: None, path: self.before.clone() }]);
        };
        let files = listing.below(&self.before)?;
        let below = files.iter().filter_map(|path| path.strip_prefix(&self.before));
        let found: BTreeSet<&str> = below.filter_map(|path| place.application(path)).collect();
        let found = found.into_iter().filter_map(|application| {
            let path = self.before.join(&place.of(application)).ok()?;
            Some(Match { folder: Some(application.to_owned()), path })
        });
        Ok(found.collect())
    }

    /// The folders around the application, without those that `is_environment` knows: what tells two
    /// applications of one folder name apart.
    pub(in crate::config) fn context(&self, is_environment: impl Fn(&str) -> bool) -> Vec<String> {
        let below = match &self.place {
            Some(Place::Folder { below }) => below.as_str(),
            Some(Place::Name { .. }) | None => "",
        };
        let around = self.before.parts().chain(below.split('/'));
        around.filter(|part| !part.is_empty() && !is_environment(part)).map(str::to_owned).collect()
    }
}

impl Place {
    /// The application that the path of a file is of.
    fn application<'p>(&self, path: &'p str) -> Option<&'p str> {
        let folder = path.split_once('/');
        match self {
            Self::Folder { below } => {
                let (folder, rest) = folder.filter(|(folder, _)| !folder.starts_with('.'))?;
                let rest = rest.strip_prefix(below.as_str())?;
                // A path that ends in a file is that file.
                let ends = below.is_empty() || rest.is_empty() || rest.starts_with('/');
                ends.then_some(folder)
            }
            Self::Name { begin, end } => {
                let name = folder.map_or(path, |(folder, _)| folder);
                let application = name.strip_prefix(begin.as_str())?.strip_suffix(end.as_str())?;
                let is_one = !application.is_empty() && !name.starts_with('.');
                is_one.then_some(application)
            }
        }
    }

    /// The path of an application.
    fn of(&self, application: &str) -> String {
        match self {
            Self::Folder { below } if below.is_empty() => application.to_owned(),
            Self::Folder { below } => format!("{application}/{below}"),
            Self::Name { begin, end } => format!("{begin}{application}{end}"),
        }
    }
}

impl std::fmt::Display for PathPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let last = self.place.as_ref().map(|place| place.of(APPLICATION)).unwrap_or_default();
        let parts = [self.before.as_str(), &last].into_iter().filter(|part| !part.is_empty());
        f.write_str(&parts.collect::<Vec<_>>().join("/"))
    }
}

/// The files of a repository, each folder listed once.
pub(in crate::config) struct Listing<'a> {
    files: &'a dyn Files,
    listed: std::cell::RefCell<BTreeMap<RepoPath, std::rc::Rc<Vec<RepoPath>>>>,
}

impl<'a> Listing<'a> {
    pub(in crate::config) fn new(files: &'a dyn Files) -> Self {
        Self { files, listed: std::cell::RefCell::default() }
    }

    /// All files below a folder, in the order of their paths.
    pub(in crate::config) fn below(
        &self,
        dir: &RepoPath,
    ) -> Result<std::rc::Rc<Vec<RepoPath>>, ReadError> {
        if let Some(listed) = self.listed.borrow().get(dir) {
            return Ok(std::rc::Rc::clone(listed));
        }
        let mut listed = self.files.list(dir)?;
        listed.sort();
        let listed = std::rc::Rc::new(listed);
        self.listed.borrow_mut().insert(dir.clone(), std::rc::Rc::clone(&listed));
        Ok(listed)
    }
}

/// The applications of what patterns match, each pattern with its context and the environment that
/// it is a path of.
///
/// An application is called like its folder. Where one environment has that folder twice
/// (`apps/monitoring`, `infrastructure/monitoring`), the folders above tell them apart, without those
/// that are above all of them (`environments`).
pub(in crate::config) fn name_applications(
    matches: &[(usize, Vec<String>, String)],
) -> Vec<Option<ApplicationName>> {
    let mut contexts: BTreeMap<&str, BTreeMap<usize, BTreeSet<&[String]>>> = BTreeMap::new();
    for (environment, context, folder) in matches {
        let there = contexts.entry(folder).or_default();
        there.entry(*environment).or_default().insert(context);
    }
    let mut telling: BTreeMap<&str, BTreeMap<&[String], Vec<&str>>> = BTreeMap::new();
    for (folder, there) in contexts {
        if there.values().any(|contexts| contexts.len() > 1) {
            let all = there.into_values().flatten().collect();
            telling.insert(folder, what_tells_apart(&all));
        }
    }
    let name = |(_, context, folder): &(usize, Vec<String>, String)| {
        let above = telling.get(folder.as_str()).and_then(|it| it.get(context.as_slice()));
        let parts = above.into_iter().flatten().copied().chain([folder.as_str()]);
        ApplicationName::parse(&as_name(&parts.collect::<Vec<_>>().join("-"))).ok()
    };
    matches.iter().map(name).collect()
}

/// Of each of these contexts the folders that others lack, if that tells them apart; else all of them.
fn what_tells_apart<'a>(all: &BTreeSet<&'a [String]>) -> BTreeMap<&'a [String], Vec<&'a str>> {
    let own = |context: &'a [String], keep: &dyn Fn(&String) -> bool| -> Vec<&'a str> {
        context.iter().filter(|part| keep(part)).map(String::as_str).collect()
    };
    let is_shared = |part: &String| all.iter().all(|context| context.contains(part));
    let short: BTreeMap<_, _> =
        all.iter().map(|context| (*context, own(context, &|part| !is_shared(part)))).collect();
    if short.values().collect::<BTreeSet<_>>().len() == all.len() {
        return short;
    }
    all.iter().map(|context| (*context, own(context, &|_| true))).collect()
}

/// A folder's name as a name of ours: other characters become hyphens.
pub(in crate::config) fn as_name(folder: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let text: String = folder.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    text.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FileTree;

    fn expand(pattern: &str, files: &[&str]) -> Vec<(Option<String>, String)> {
        let tree = FileTree::of(files.iter().map(|path| (path, ""))).unwrap();
        let found = PathPattern::parse(pattern).unwrap().expand(&Listing::new(&tree)).unwrap();
        found.into_iter().map(|it| (it.folder, it.path.to_string())).collect()
    }

    #[test]
    fn a_pattern_matches_folders_that_have_files() {
        let files = ["apps/a/overlays/dev/k.yaml", "apps/b/overlays/dev/x/k.yaml", "apps/c/k.yaml"];
        let found = expand("apps/{application}/overlays/dev", &files);
        let expected = [("a", "apps/a/overlays/dev"), ("b", "apps/b/overlays/dev")]
            .map(|(folder, path)| (Some(folder.to_owned()), path.to_owned()));
        assert_eq!(found, expected);
        assert_eq!(expand("dev/{application}", &["dev/a/x", "dev/x", "dev/.b/x"]).len(), 1);
        assert_eq!(expand("{application}/dev", &["a/dev/x", "a/developer/x", "b/x"]).len(), 1);
        assert_eq!(expand("apps/dev", &files), [(None, "apps/dev".to_owned())]);
        let files = ["a/values-dev.yaml", "b/values-dev.yaml.gotmpl", "c/values-dev.yaml/x"];
        let found = expand("{application}/values-dev.yaml", &files);
        assert_eq!(
            found.iter().map(|it| it.1.as_str()).collect::<Vec<_>>(),
            [files[0], "c/values-dev.yaml"]
        );
        let files = ["v/a-dev.yaml", "v/-dev.yaml", "v/.b-dev.yaml", "v/c-dev.yaml.bak", "v/d-dev"];
        let found = |pattern: &str| expand(pattern, &[&files[..], &["v/e-dev/x/y.yaml"]].concat());
        let expected = |folder: &str, path: &str| (Some(folder.to_owned()), path.to_owned());
        assert_eq!(found("v/{application}-dev.yaml"), [expected("a", files[0])]);
        let folders = [expected("d", files[4]), expected("e", "v/e-dev")];
        assert_eq!(found("v/{application}-dev"), folders);
    }

    #[test]
    fn an_application_is_one_whole_folder_or_in_the_last_name() {
        for bad in [
            "apps/{app}/dev",
            "apps/{application}-x/dev",
            "{application}/{application}",
            "{application}-{application}",
            "{application}/x-{application}",
            "{application}-{x}",
            "}{application}",
        ] {
            assert_eq!(PathPattern::parse(bad), Err(InvalidPattern::NotAFolder), "{bad}");
        }
        for text in [
            "apps/{application}/dev",
            "{application}",
            "a/{application}",
            "a/b",
            "values/{application}-dev.yaml",
            "values-{application}.yaml",
        ] {
            assert_eq!(PathPattern::parse(text).unwrap().to_string(), text);
        }
        assert!(PathPattern::parse("../{application}").is_err());
    }

    #[test]
    fn folders_of_one_name_are_told_apart_by_those_above() {
        let of = |environment, context: &str, folder: &str| {
            (environment, vec![context.to_owned()], folder.to_owned())
        };
        let named = name_applications(&[
            of(0, "apps", "web"),
            of(0, "apps", "monitoring"),
            of(0, "infra", "monitoring"),
            of(1, "apps", "monitoring"),
            of(1, "elsewhere", "web"),
        ]);
        let named: Vec<String> = named.into_iter().flatten().map(|it| it.to_string()).collect();
        let expected = ["web", "apps-monitoring", "infra-monitoring", "apps-monitoring", "web"];
        assert_eq!(named, expected);
    }
}
