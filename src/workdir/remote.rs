//! Commits of other repositories, fetched by git and kept.
//!
//! One bare repository for each URL lies in the cache directory. What was fetched once for a commit
//! id is never fetched again; a branch or a tag is asked for each time, since it may have moved.
//! Nothing is checked out, so no hook, filter or submodule of the other repository has a say.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::git::Git;
use super::{CommitTree, Repository, WorkdirError};
use crate::model::CommitSha;

/// How long a fetch of one commit may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Where commits of other repositories are kept.
#[derive(Debug)]
pub struct RemoteCache {
    directory: PathBuf,
}

impl RemoteCache {
    /// A cache in `directory`, which is made when it is first needed.
    #[must_use]
    pub const fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// The files of the repository at `url` at the commit that `reference` names: a branch, a tag,
    /// or a whole commit id.
    ///
    /// # Errors
    /// [`WorkdirError`] if the cache cannot be written or git cannot fetch.
    pub fn open(&self, url: &str, reference: &str) -> Result<CommitTree, WorkdirError> {
        // Git takes no two writers of one repository's settings, be they threads or processes.
        let _held = self.hold(url)?;
        let repository = self.repository(url)?;
        let commit = match CommitSha::parse(reference) {
            Ok(commit) if repository.resolve(commit.as_str()).is_ok() => commit,
            _ => fetch(&repository, url, reference)?,
        };
        CommitTree::open(&repository, commit)
    }

    /// Waits until nobody else writes to the cache of a repository; dropping the file lets others in.
    fn hold(&self, url: &str) -> Result<fs::File, WorkdirError> {
        let path = self.directory.join(format!("{}.lock", name_of(url)));
        let fault = |error: io::Error| WorkdirError::Output {
            path: path.clone(),
            reason: error.to_string(),
        };
        private_directory(&self.directory).map_err(fault)?;
        let file = fs::OpenOptions::new().create(true).append(true).open(&path).map_err(fault)?;
        file.lock().map_err(fault)?;
        Ok(file)
    }

    fn repository(&self, url: &str) -> Result<Repository, WorkdirError> {
        let directory = self.directory.join(format!("{}.git", name_of(url)));
        if !directory.join("HEAD").is_file() {
            fs::create_dir_all(&directory).map_err(|error| WorkdirError::Output {
                path: directory.clone(),
                reason: error.to_string(),
            })?;
            Git::new(&directory, "make a cache", &["init", "--quiet", "--bare", "."]).run()?;
        }
        Ok(Repository::bare(directory))
    }
}

/// Makes a directory that nobody else may read.
pub(super) fn private_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Fetches one commit into a ref of its own.
fn fetch(repository: &Repository, url: &str, reference: &str) -> Result<CommitSha, WorkdirError> {
    let place = format!("refs/overlift/{}", name_of(reference));
    let refspec = format!("+{reference}:{place}");
    repository
        .git(
            "fetch the remote base",
            &[
                "fetch",
                "--quiet",
                "--depth=1",
                "--no-tags",
                "--no-recurse-submodules",
                "--end-of-options",
                url,
                &refspec,
            ],
        )
        .run_within(PATIENCE)?;
    repository.resolve(&place)
}

fn name_of(text: &str) -> String {
    let mut name = hex::encode(Sha256::digest(text));
    name.truncate(32);
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Entry, Files as _, RepoPath};

    fn git(dir: &std::path::Path, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
        let call = [identity.as_slice(), arguments].concat();
        let output = Git::new(dir, "test", &call).run().unwrap();
        String::from_utf8(output).unwrap().trim().to_owned()
    }

    #[test]
    fn a_commit_is_fetched_once_and_a_branch_each_time() {
        let temp = tempfile::tempdir().unwrap();
        let (origin, cache) = (temp.path().join("origin"), temp.path().join("cache"));
        fs::create_dir(&origin).unwrap();
        git(&origin, &["init", "-q", "-b", "main"]);
        git(&origin, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        fs::write(origin.join("a.yaml"), "one").unwrap();
        git(&origin, &["add", "."]);
        git(&origin, &["commit", "-qm", "one"]);
        let first = git(&origin, &["rev-parse", "HEAD"]);
        fs::write(origin.join("a.yaml"), "two").unwrap();
        git(&origin, &["commit", "-qam", "two"]);

        let cache = RemoteCache::new(cache);
        let url = format!("file://{}", origin.display());
        // Cold, and from several threads at once.
        std::thread::scope(|scope| {
            for reference in ["main", &first, "main", &first] {
                let (cache, url) = (&cache, &url);
                scope.spawn(move || cache.open(url, reference).unwrap());
            }
        });
        #[cfg(unix)]
        {
            let made = fs::metadata(&cache.directory).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::mode(&made.permissions());
            assert_eq!(mode & 0o777, 0o700, "others could read what was fetched");
        }
        let content = |reference: &str| {
            let tree = cache.open(&url, reference).unwrap();
            match tree.look_up(&RepoPath::parse("a.yaml").unwrap()).unwrap().1 {
                Entry::File(file) => String::from_utf8(file.content.to_vec()).unwrap(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(content("main"), "two");
        assert_eq!(content(&first), "one");
        fs::write(origin.join("a.yaml"), "three").unwrap();
        git(&origin, &["commit", "-qam", "three"]);
        assert_eq!(content("main"), "three");
        fs::remove_dir_all(&origin).unwrap();
        assert_eq!(content(&first), "one", "the cache answers without its origin");
        assert!(cache.open(&url, "main").is_err());
    }

    #[test]
    fn no_reference_becomes_an_option() {
        let temp = tempfile::tempdir().unwrap();
        let cache = RemoteCache::new(temp.path().to_path_buf());
        let marker = temp.path().join("ran");
        let reference = format!("--upload-pack=touch {}", marker.display());
        assert!(cache.open("file:///nowhere", &reference).is_err());
        assert!(cache.open(&reference, "main").is_err());
        assert!(!marker.exists());
    }
}
