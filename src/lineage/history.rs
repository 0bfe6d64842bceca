//! The past of some folders, and the versions of a file in it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::content::Form;
use super::value::Value;
use crate::model::{
    BlobId, Blobs, CommitSha, FileMode, FileState, PastCommit, ReadError, RepoPath, Touched,
};

/// The history of some folders.
pub struct History<'a> {
    /// The commits, oldest first.
    pub commits: &'a [PastCommit],
    /// Their files' contents.
    pub blobs: &'a dyn Blobs,
    /// The commit that the history is of.
    pub head: Option<&'a CommitSha>,
    values: ReadVersions,
}

/// What contents say that were read. A version is asked for once by who looks for promotions, and again by each who
/// decides: for the environment's source, and for what it is the source of.
#[derive(Clone, Debug, Default)]
pub struct ReadVersions(Arc<Mutex<Values>>);

/// So many bytes of contents are kept as what they say; a tree takes several times its text.
const MOST_KEPT: usize = 4 << 20;

/// What contents say, by how they are read.
#[derive(Debug, Default)]
struct Values {
    known: BTreeMap<(Form, BlobId), Option<Arc<Value>>>,
    bytes: usize,
}

impl Values {
    fn keep(&mut self, key: (Form, BlobId), value: Option<Arc<Value>>, bytes: usize) {
        self.bytes += bytes;
        if self.bytes > MOST_KEPT {
            self.known.clear();
            self.bytes = bytes;
        }
        self.known.insert(key, value);
    }
}

/// A file's content from one commit on.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// The index of the commit in [`History::commits`].
    pub since: usize,
    /// The content and its id; `None` while the file is not there.
    pub content: Option<(BlobId, Arc<[u8]>)>,
}

impl Version {
    /// The bytes; `None` while the file is not there.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        self.content.as_ref().map(|(_, content)| &**content)
    }
}

impl<'a> History<'a> {
    /// The history of `head`.
    #[must_use]
    pub fn new(
        commits: &'a [PastCommit],
        blobs: &'a dyn Blobs,
        head: Option<&'a CommitSha>,
    ) -> Self {
        Self { commits, blobs, head, values: ReadVersions::default() }
    }

    /// The same with what was read of contents before, and for who reads some of them later.
    #[must_use]
    pub fn sharing(self, values: &ReadVersions) -> Self {
        Self { values: values.clone(), ..self }
    }

    /// What a content says; `None` if it cannot be read so.
    pub(super) fn value(&self, form: Form, (id, content): (&BlobId, &[u8])) -> Option<Arc<Value>> {
        let key = (form, id.clone());
        if let Some(known) = self.kept().known.get(&key) {
            return known.clone();
        }
        let value = form.read(content).map(Arc::new);
        self.kept().keep(key, value.clone(), content.len());
        value
    }

    fn kept(&self) -> MutexGuard<'_, Values> {
        self.values.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The versions of the file that stands under `path`, oldest first, under whatever names it stood in `within`. A
    /// file that came later than its folder begins with its absence.
    ///
    /// # Errors
    /// [`ReadError`] if contents cannot be read.
    pub(super) fn versions(
        &self,
        path: &RepoPath,
        within: Option<&RepoPath>,
        folder_since: usize,
    ) -> Result<Vec<Version>, ReadError> {
        let touched = self.under_all_names(path, within);
        let states = touched.iter().filter_map(|(_, touched)| touched.after.as_ref());
        self.blobs.read_ahead(&states.map(|state| &state.blob).collect())?;
        let mut versions = Vec::new();
        for (index, touched) in touched {
            if versions.is_empty() && index > folder_since && touched.before.is_none() {
                versions.push(Version { since: folder_since, content: None });
            }
            let content = match &touched.after {
                Some(state) if state.mode == FileMode::Symlink => continue,
                Some(state) => match self.blobs.blob(&state.blob)? {
                    Some(content) => Some((state.blob.clone(), content)),
                    None => continue,
                },
                None => None,
            };
            versions.push(Version { since: index, content });
        }
        Ok(versions)
    }

    /// What touched a file, oldest first, under all names that it had.
    fn under_all_names<'s>(
        &'s self,
        path: &'s RepoPath,
        within: Option<&RepoPath>,
    ) -> Vec<(usize, &'s Touched)> {
        let (mut path, mut until) = (path, self.commits.len());
        let mut found: Vec<(usize, &Touched)> = Vec::new();
        loop {
            let commits = self.commits[..until].iter().enumerate();
            let own = commits.flat_map(|(index, commit)| {
                commit.touched.iter().filter(|it| it.path == *path).map(move |it| (index, it))
            });
            let own: Vec<(usize, &Touched)> = own.collect();
            let renamed = own.first().and_then(|(index, touched)| {
                Some((*index, renamed_from(&self.commits[*index], touched, within?)?))
            });
            found.splice(0..0, own);
            let Some((index, before)) = renamed else { return found };
            (path, until) = (before, index);
        }
    }

    /// The names that a file had in `within` before the one of now, the last first, each with the commit that ended it.
    pub(super) fn former_names<'s>(
        &'s self,
        path: &'s RepoPath,
        within: &RepoPath,
    ) -> Vec<(usize, &'s RepoPath)> {
        let touched = self.under_all_names(path, Some(within));
        let mut names: Vec<(usize, &RepoPath)> = Vec::new();
        let mut then = path;
        for (index, touched) in touched.iter().rev() {
            if touched.path != *then {
                let came = touched_after(&self.commits[index + 1..], then).map(|at| index + 1 + at);
                names.push((came.unwrap_or(*index), &touched.path));
                then = &touched.path;
            }
        }
        names
    }

    /// A file as the last commit that touched it left it.
    pub(super) fn last(&self, path: &RepoPath) -> Option<&FileState> {
        let touched = self.commits.iter().rev().flat_map(|commit| &commit.touched);
        touched.into_iter().find(|touched| touched.path == *path)?.after.as_ref()
    }

    /// Whether there is a commit after the first that has both folders, up to the head: from then on,
    /// what differs was left so. Or one that changed the source before the target began: what the
    /// target has of that time is behind.
    #[must_use]
    pub fn tells_something(&self, source: &RepoPath, target: &RepoPath) -> bool {
        let (Some(of_source), Some(of_target)) =
            (self.folder_since(source), self.folder_since(target))
        else {
            return false;
        };
        let both = of_source.max(of_target);
        let changed = |commit: &PastCommit| {
            commit.touched.iter().any(|it| it.path.is_within(source) && it.before.is_some())
        };
        self.head.is_some_and(|head| self.commits[both].id != *head)
            || self.commits[of_source..both].iter().any(changed)
    }

    /// The first commit that has a file below `folder`.
    pub(super) fn folder_since(&self, folder: &RepoPath) -> Option<usize> {
        self.commits
            .iter()
            .position(|commit| commit.touched.iter().any(|touched| touched.path.is_within(folder)))
    }

    /// All paths below `folder` that ever were, with the commits that touched them.
    pub(super) fn paths_below(&self, folder: &RepoPath) -> BTreeMap<&RepoPath, Vec<usize>> {
        let mut paths: BTreeMap<&RepoPath, Vec<usize>> = BTreeMap::new();
        for (index, commit) in self.commits.iter().enumerate() {
            for touched in commit.touched.iter().filter(|touched| touched.path.is_within(folder)) {
                paths.entry(&touched.path).or_default().push(index);
            }
        }
        paths
    }
}

/// The first of some commits that touched a path.
fn touched_after(commits: &[PastCommit], path: &RepoPath) -> Option<usize> {
    commits.iter().position(|commit| commit.touched.iter().any(|it| it.path == *path))
}

/// The path that a file of a folder had before the commit that it came with: of a file that went at the same time, and
/// had the same content; or, if just one did, the same name.
fn renamed_from<'c>(
    commit: &'c PastCommit,
    came: &Touched,
    folder: &RepoPath,
) -> Option<&'c RepoPath> {
    let after = came.after.as_ref().filter(|_| came.before.is_none())?;
    let name = |path: &'_ RepoPath| path.parts().last().map(str::to_owned);
    let went = || {
        let went =
            commit.touched.iter().filter(|it| it.after.is_none() && it.path.is_within(folder));
        went.filter_map(|it| Some((&it.path, &it.before.as_ref()?.blob)))
    };
    let alike = || went().filter(|(_, blob)| **blob == after.blob).map(|(path, _)| path);
    let named_alike = |path: &&RepoPath| name(path) == name(&came.path);
    if let Some(found) = alike().find(named_alike).or_else(|| alike().next()) {
        return Some(found);
    }
    let is_lone = commit.touched.iter().all(|it| {
        it.path == came.path || it.before.is_some() || name(&it.path) != name(&came.path)
    });
    let mut others = went().map(|(path, _)| path).filter(named_alike);
    let found = others.next().filter(|_| is_lone)?;
    others.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BlobId;

    struct Texts;

    impl Blobs for Texts {
        fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, ReadError> {
            Ok(Some(id.0.as_bytes().into()))
        }
    }

    /// `PATH BEFORE AFTER`, `-` for nothing.
    fn commit(number: usize, touched: &[&str]) -> PastCommit {
        let state = |text: &str| {
            let blob = BlobId(text.to_owned());
            (text != "-").then_some(FileState { mode: FileMode::Regular, blob })
        };
        let touched = touched.iter().map(|text| {
            let [path, before, after] = text.split(' ').collect::<Vec<_>>()[..] else { panic!() };
            let path = RepoPath::parse(path).unwrap();
            Touched { path, before: state(before), after: state(after) }
        });
        PastCommit {
            id: CommitSha::parse(&format!("{number:040x}")).unwrap(),
            parent: None,
            subject: "s".to_owned(),
            author: "mona".to_owned(),
            merged: Vec::new(),
            touched: touched.collect(),
        }
    }

    fn versions(commits: &[&[&str]], path: &str) -> Vec<String> {
        let commits: Vec<_> = commits.iter().enumerate().map(|(at, it)| commit(at, it)).collect();
        let history = History::new(&commits, &Texts, None);
        let (path, folder) = (RepoPath::parse(path).unwrap(), RepoPath::parse("s").unwrap());
        let text = |it: Version| {
            it.content.map_or("-".to_owned(), |(_, it)| String::from_utf8_lossy(&it).into_owned())
        };
        history.versions(&path, Some(&folder), 0).unwrap().into_iter().map(text).collect()
    }

    #[test]
    fn a_file_has_what_it_had_under_other_names() {
        let first: &[&str] = &["s/a.yaml - 1", "s/x.yaml - 9"];
        let moved =
            [first, &["s/a.yaml 1 2"], &["s/a.yaml 2 -", "s/d/b.yaml - 2"], &["s/d/b.yaml 2 3"]];
        assert_eq!(versions(&moved, "s/d/b.yaml"), ["1", "2", "2", "3"]);
        let edited = [first, &["s/a.yaml 1 -", "s/d/a.yaml - 4"]];
        assert_eq!(versions(&edited, "s/d/a.yaml"), ["1", "4"]);
        let twice = [first, &["s/a.yaml 1 -", "s/d/a.yaml - 4", "s/e/a.yaml - 5"]];
        assert_eq!(versions(&twice, "s/d/a.yaml"), ["-", "4"], "nobody knows which");
        let other = [first, &["t/a.yaml 1 -", "s/b.yaml - 1"]];
        assert_eq!(versions(&other, "s/b.yaml"), ["-", "1"], "another environment's");
        assert_eq!(versions(&[first, &["s/b.yaml - 1"]], "s/b.yaml"), ["-", "1"], "a copy");
    }
}
