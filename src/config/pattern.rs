//! Paths of environments with `{application}` in them, and the folders that they match.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ApplicationName, Files, InvalidPath, ReadError, RepoPath};

/// What stands for the folder of an application.
pub(in crate::config) const APPLICATION: &str = "{application}";

/// A path in which one folder may be that of an application.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::config) struct PathPattern {
    /// The folders before the application, or all of them.
    before: RepoPath,
    /// The folders after it; `None` if there is no application in it.
    after: Option<String>,
}

/// Why a text is no [`PathPattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// It is no path.
    #[error(transparent)]
    Path(#[from] InvalidPath),
    /// `{application}` is not one whole folder.
    #[error("`{{application}}` stands for one whole folder name: write it once, between slashes")]
    NotAFolder,
}

/// A folder or a file that a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct Match {
    /// The application's folder name; `None` for a pattern without one.
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
            return Ok(Self { before: read(text)?, after: None });
        }
        let parts: Vec<&str> = text.trim_end_matches('/').split('/').collect();
        let at = parts.iter().position(|part| *part == APPLICATION);
        let whole = parts.iter().filter(|part| part.contains(['{', '}'])).count() == 1;
        let Some(at) = at.filter(|_| whole) else { return Err(InvalidPattern::NotAFolder) };
        let before = RepoPath::parse(&parts[..at].join("/"))?;
        let after = RepoPath::parse(&parts[at + 1..].join("/"))?;
        Ok(Self { before, after: Some(after.as_str().to_owned()) })
    }

    /// Whether a folder in it is that of an application.
    pub(in crate::config) const fn has_application(&self) -> bool {
        self.after.is_some()
    }

    /// Whether it leads through a folder that is hidden, or has examples and the like.
    pub(in crate::config) fn passes(&self, is_aside: impl Fn(&RepoPath) -> bool) -> bool {
        is_aside(&self.before)
    }

    /// The folders, or files, that it matches.
    pub(in crate::config) fn expand(&self, listing: &Listing<'_>) -> Result<Vec<Match>, ReadError> {
        let Some(after) = &self.after else {
            return Ok(vec![Match { folder: None, path: self.before.clone() }]);
        };
        let mut folders = BTreeSet::new();
        for path in listing.below(&self.before)?.iter() {
            let Some((folder, rest)) =
                path.strip_prefix(&self.before).and_then(|below| below.split_once('/'))
            else {
                continue;
            };
            // A path that ends in a file is that file.
            let inside = rest
                .strip_prefix(after.as_str())
                .is_some_and(|rest| after.is_empty() || rest.is_empty() || rest.starts_with('/'));
            if inside && !folder.starts_with('.') {
                folders.insert(folder.to_owned());
            }
        }
        let found = |folder: String| {
            let path = self.before.join(&folder).and_then(|dir| dir.join(after)).ok()?;
            Some(Match { folder: Some(folder), path })
        };
        Ok(folders.into_iter().filter_map(found).collect())
    }

    /// The folders around the application, without those that `is_environment` knows: what tells two
    /// applications of one folder name apart.
    pub(in crate::config) fn context(&self, is_environment: impl Fn(&str) -> bool) -> Vec<String> {
        let around = self.before.parts().chain(self.after.iter().flat_map(|it| it.split('/')));
        around.filter(|part| !part.is_empty() && !is_environment(part)).map(str::to_owned).collect()
    }
}

impl std::fmt::Display for PathPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let before = self.before.as_str();
        let after = self.after.as_deref();
        let parts = [Some(before), after.map(|_| APPLICATION), after];
        let parts: Vec<&str> =
            parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        f.write_str(&parts.join("/"))
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
    }

    #[test]
    fn an_application_is_one_whole_folder() {
        for bad in ["apps/{app}/dev", "apps/{application}-x/dev", "{application}/{application}"] {
            assert_eq!(PathPattern::parse(bad), Err(InvalidPattern::NotAFolder), "{bad}");
        }
        for text in ["apps/{application}/dev", "{application}", "a/{application}", "a/b"] {
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
