//! Remote bases of the service: allowed repositories of its own GitHub, read by the API.
//!
//! A build says which of them it lacks, as it says so of files; they are fetched, and it is made again.
//! Nothing of them is kept here but for one plan; trees and contents are in the client's cache by their hash.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::pipe::{read_file, write_file};
use super::remote_base::RemoteBase;
use crate::github::{GithubError, RepoTree, Repository, Retry};
use crate::kustomize::{RemoteResolver, RemoteTree};
use crate::model::{
    CommitSha, Entry, File, FileTree, Files, ReadError, RemotePattern, RepoName, RepoPath,
};

/// More repositories than any overlay needs, and few enough for GitHub's budget.
const MOST: usize = 20;

/// So many files all of them together may have: each is known by name in this process and in that of the plan.
const MOST_FILES: usize = 100_000;

/// A repository at a branch, a tag or a commit, as a base names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct BaseAt {
    repository: RepoName,
    reference: String,
}

/// What builds lack of other repositories.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wanted {
    bases: BTreeSet<BaseAt>,
    files: BTreeMap<BaseAt, BTreeSet<RepoPath>>,
}

/// What of [`ServiceBases`] comes before their files.
#[derive(Serialize, Deserialize)]
pub(super) struct BasesHead {
    host: String,
    /// How many files each has, or why there is none.
    bases: Vec<(BaseAt, Result<usize, String>)>,
}

/// What is known of other repositories. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceBases(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Where GitHub's own pages are: `github.com`, or an Enterprise Server.
    host: String,
    bases: BTreeMap<BaseAt, Result<Fetched, String>>,
    wanted: Wanted,
}

#[derive(Clone, Debug)]
struct Fetched {
    files: Arc<FileTree>,
    /// What is where in it, for whoever fetches.
    listed: Option<Arc<(CommitSha, RepoTree)>>,
}

impl Wanted {
    fn add(&mut self, other: Self) {
        self.bases.extend(other.bases);
        for (at, paths) in other.files {
            self.files.entry(at).or_default().extend(paths);
        }
    }
}

impl Known {
    fn fits(&self, more: &Fetched) -> Result<(), String> {
        let count = |fetched: &Fetched| fetched.files.entries().count();
        let all = self.bases.values().flatten().map(count).sum::<usize>() + count(more);
        if all > MOST_FILES {
            return Err(format!(
                "the remote bases of a plan may have {MOST_FILES} files for the service"
            ));
        }
        Ok(())
    }
}

impl ServiceBases {
    /// Nothing yet, of the GitHub at `host`.
    pub(super) fn at(host: String) -> Self {
        Self(Arc::new(Mutex::new(Known { host, ..Known::default() })))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who resolves bases of the allowed repositories with what is known.
    pub(super) fn resolver(&self, allowed: &[RemotePattern]) -> Arc<dyn RemoteResolver> {
        Arc::new(Resolver { allowed: allowed.to_vec(), bases: self.clone() })
    }

    /// What builds lacked since this was asked last.
    pub(super) fn take_wanted(&self) -> Wanted {
        std::mem::take(&mut self.known().wanted)
    }

    /// Fetches what builds lacked, here or in another process; false if there is nothing to fetch.
    pub(super) async fn fetch(
        &self,
        repository: &Repository,
        elsewhere: Wanted,
    ) -> Result<bool, GithubError> {
        let mut wanted = self.take_wanted();
        wanted.add(elsewhere);
        for at in &wanted.bases {
            if !self.known().bases.contains_key(at) {
                let found = passing(open(repository, at).await)?;
                let mut known = self.known();
                let found = found.and_then(|fetched| known.fits(&fetched).map(|()| fetched));
                known.bases.insert(at.clone(), found);
            }
        }
        let mut fetched = !wanted.bases.is_empty();
        for (at, paths) in wanted.files {
            let known = self.known().bases.get(&at).cloned();
            let Some(Ok(Fetched { files, listed: Some(listed) })) = known else { continue };
            let (commit, tree) = &*listed;
            let entries: Vec<_> =
                paths.iter().filter_map(|path| Some((path, tree.entries.get(path)?))).collect();
            let shas = entries.iter().map(|(_, entry)| entry.sha.clone()).collect();
            let read = repository.other(&at.repository).fetch_blobs(&shas, commit).await;
            let found = passing(read.map(Ok))?.map(|contents| {
                let mut files = FileTree::clone(&files);
                for (path, entry) in entries {
                    if let (Some(mode), Some(content)) =
                        (entry.mode.file_mode(), contents.get(&entry.sha))
                    {
                        files.insert(path.clone(), File { mode, content: Arc::clone(content) });
                    }
                }
                Fetched { files: Arc::new(files), listed: Some(Arc::clone(&listed)) }
            });
            self.known().bases.insert(at, found);
            fetched = true;
        }
        Ok(fetched)
    }

    /// What comes before the files on the way into the sandbox.
    pub(super) fn head(&self) -> BasesHead {
        let known = self.known();
        let bases = known.bases.iter().map(|(at, found)| {
            let files = found.as_ref().map(|fetched| fetched.files.entries().count());
            (at.clone(), files.map_err(Clone::clone))
        });
        BasesHead { host: known.host.clone(), bases: bases.collect() }
    }

    /// Writes the files.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        // Nobody waits for the pipe with the lock in his hand.
        let bases: Vec<_> = self.known().bases.values().cloned().collect();
        for fetched in bases.iter().flatten() {
            for (path, file) in fetched.files.entries() {
                write_file(out, path, file)?;
            }
        }
        Ok(())
    }

    /// Reads what was written.
    pub(super) fn read(head: BasesHead, input: &mut impl Read) -> Option<Self> {
        let mut known = Known { host: head.host, ..Known::default() };
        for (at, found) in head.bases {
            let found = match found {
                Err(reason) => Err(reason),
                Ok(count) => {
                    let mut files = FileTree::new();
                    for _ in 0..count {
                        match read_file(input)? {
                            (path, Some(file)) => files.insert(path, file),
                            (path, None) => files.insert_unknown(path),
                        }
                    }
                    Ok(Fetched { files: Arc::new(files), listed: None })
                }
            };
            known.bases.insert(at, found);
        }
        Some(Self(Arc::new(Mutex::new(known))))
    }
}

/// What may pass is worth another attempt of the whole promotion; what does not is a reason.
fn passing<T>(
    found: Result<Result<T, String>, GithubError>,
) -> Result<Result<T, String>, GithubError> {
    match found {
        Err(error) if error.retry() == Retry::Never => Ok(Err(error.to_string())),
        found => found,
    }
}

async fn open(
    repository: &Repository,
    at: &BaseAt,
) -> Result<Result<Fetched, String>, GithubError> {
    let other = repository.other(&at.repository);
    let missing = || {
        let BaseAt { repository, reference } = at;
        Err(format!("there is no `{reference}` in `{repository}`, or the token may not see it"))
    };
    let commit = match CommitSha::parse(&at.reference) {
        Ok(commit) => Some(commit),
        Err(_) => other.resolve(&at.reference).await?,
    };
    let Some(commit) = commit else { return Ok(missing()) };
    let Some(commit) = other.fetch_commit(&commit).await? else { return Ok(missing()) };
    let tree = other.fetch_tree(&commit.tree).await?;
    let mut files = FileTree::new();
    for (path, _) in tree.entries.iter().filter(|(_, entry)| entry.mode.file_mode().is_some()) {
        files.insert_unknown(path.clone());
    }
    let listed = Some(Arc::new((commit.sha, tree)));
    Ok(Ok(Fetched { files: Arc::new(files), listed }))
}

#[derive(Debug)]
struct Resolver {
    allowed: Vec<RemotePattern>,
    bases: ServiceBases,
}

impl RemoteResolver for Resolver {
    fn resolve(&self, url: &str) -> Result<RemoteTree, String> {
        let base = RemoteBase::allowed(url, &self.allowed)?;
        let mut known = self.bases.known();
        if !base.host.eq_ignore_ascii_case(&known.host) {
            return Err(format!(
                "the service reads `{}` alone; the Action and the command fetch from elsewhere",
                known.host
            ));
        }
        let repository = RepoName::parse(base.repository).map_err(|error| error.to_string())?;
        if base.reference.contains(char::is_control) {
            return Err("its `?ref=` is no name".to_owned());
        }
        let at = BaseAt { repository, reference: base.reference.to_owned() };
        let files = match known.bases.get(&at) {
            Some(Ok(fetched)) => Arc::clone(&fetched.files),
            Some(Err(reason)) => return Err(reason.clone()),
            None if known.bases.len() + known.wanted.bases.len() >= MOST => {
                return Err(format!(
                    "the service reads {MOST} remote bases for a plan, and no more"
                ));
            }
            None => {
                known.wanted.bases.insert(at);
                return Err("it is not here yet".to_owned());
            }
        };
        Ok(RemoteTree {
            files: Arc::new(Lacking { at, files, bases: self.bases.clone() }),
            path: base.path.clone(),
            repository: base.clone_url(),
            reference: base.reference.to_owned(),
        })
    }
}

/// Files of another repository, which remember what was lacking of them.
struct Lacking {
    at: BaseAt,
    files: Arc<FileTree>,
    bases: ServiceBases,
}

impl Files for Lacking {
    fn look_up(&self, path: &RepoPath) -> Result<(RepoPath, Entry), ReadError> {
        let found = self.files.look_up(path)?;
        if let (at, Entry::Unknown) = &found {
            let mut known = self.bases.known();
            known.wanted.files.entry(self.at.clone()).or_default().insert(at.clone());
        }
        Ok(found)
    }

    fn file(&self, path: &RepoPath) -> Result<Option<File>, ReadError> {
        self.files.file(path)
    }

    fn list(&self, dir: &RepoPath) -> Result<Vec<RepoPath>, ReadError> {
        self.files.list(dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(reference: &str) -> BaseAt {
        let repository = RepoName::parse("octo/bases").unwrap();
        BaseAt { repository, reference: reference.to_owned() }
    }

    #[test]
    fn what_is_wanted_and_what_is_known_crosses_to_another_process() {
        let path = RepoPath::parse("shop/a b.yaml").unwrap();
        let wanted = Wanted {
            bases: [at("v1"), at("release/2")].into(),
            files: [(at("v1"), [path.clone()].into())].into(),
        };
        let sent = postcard::to_allocvec(&wanted).unwrap();
        assert_eq!(postcard::from_bytes::<Wanted>(&sent).unwrap(), wanted);

        let bases = ServiceBases::at("github.com".to_owned());
        let mut files = FileTree::of([("shop/kustomization.yaml", "resources: []\n")]).unwrap();
        files.insert_unknown(path);
        let fetched = Fetched { files: Arc::new(files.clone()), listed: None };
        bases.known().bases.insert(at("v1"), Ok(fetched));
        bases.known().bases.insert(at("v2"), Err("it is gone".to_owned()));
        let mut wire = Vec::new();
        bases.write(&mut wire).unwrap();
        let read = ServiceBases::read(bases.head(), &mut &wire[..]).unwrap();
        assert_eq!(read.known().bases[&at("v1")].as_ref().unwrap().files.as_ref(), &files);
        assert_eq!(read.known().bases[&at("v2")].as_ref().unwrap_err(), "it is gone");
    }

    #[test]
    fn only_allowed_repositories_of_its_own_github_are_wanted() {
        let bases = ServiceBases::at("github.com".to_owned());
        let allowed = |text| RemotePattern::parse(text).unwrap();
        let resolver = bases.resolver(&[allowed("github.com/octo/*"), allowed("gitlab.com/a/b")]);
        let refused = |url: &str| resolver.resolve(url).unwrap_err();
        assert_eq!(
            refused("https://github.com/other/x?ref=1"),
            "`github.com/other/x` is not allowed"
        );
        assert!(
            refused("https://gitlab.com/a/b?ref=1").starts_with("the service reads `github.com`")
        );
        assert_eq!(bases.take_wanted(), Wanted::default());
        assert_eq!(refused("https://github.com/octo/bases//shop?ref=v1"), "it is not here yet");
        assert_eq!(bases.take_wanted().bases, [at("v1")].into());
    }

    #[test]
    fn there_are_not_more_files_than_a_plan_may_hold() {
        let files = (0..=MOST_FILES).map(|number| (number.to_string(), ""));
        let fetched = Fetched { files: Arc::new(FileTree::of(files).unwrap()), listed: None };
        assert!(Known::default().fits(&fetched).unwrap_err().contains("100000 files"));
    }
}
