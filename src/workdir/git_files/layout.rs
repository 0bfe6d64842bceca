//! Whether a repository is of the plain kind.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::pack::Pack;

/// The files of a repository that was found to be of the plain kind.
#[derive(Debug)]
pub struct GitFiles {
    /// The top of the working tree.
    pub(super) top: PathBuf,
    /// Its `.git`.
    pub(super) git: PathBuf,
    /// Its packs, once somebody asked; `None` if one is of a form that we do not read.
    packs: OnceLock<Option<Arc<Vec<Pack>>>>,
}

/// What each says that the files beside it are not all there is.
const EXCEPTIONS: [&str; 5] =
    ["shallow", "commondir", "config.worktree", "info/grafts", "objects/info/alternates"];

impl GitFiles {
    /// The files of the repository whose working tree's top is `top`; `None` if they are not of the plain kind, or
    /// somebody else's, whom git trusts or not by its configuration.
    #[must_use]
    pub fn of(top: &Path) -> Option<Self> {
        let git = top.join(".git");
        let config = fs::read_to_string(git.join("config")).ok()?;
        let is_plain = is_own(top)
            && is_own(&git)
            && is_plain(&config)
            && EXCEPTIONS.iter().all(|name| !git.join(name).exists());
        is_plain.then(|| Self { top: top.to_path_buf(), git, packs: OnceLock::new() })
    }

    pub(super) fn packs(&self) -> Option<Arc<Vec<Pack>>> {
        let open = || Pack::open_all(&self.git.join("objects/pack")).map(Arc::new);
        self.packs.get_or_init(open).clone()
    }
}

/// Whether it is a directory, no link to one, of whoever runs us.
#[cfg(unix)]
fn is_own(directory: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let user = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(directory).is_ok_and(|found| found.is_dir() && found.uid() == user)
}

#[cfg(not(unix))]
fn is_own(_directory: &Path) -> bool {
    false
}

/// Whether a configuration has nothing that puts files elsewhere or gives them another form.
fn is_plain(config: &str) -> bool {
    config.lines().all(|line| {
        let line = line.trim_start().to_ascii_lowercase();
        let (section, entry) = match line.strip_prefix('[') {
            Some(line) => line.split_once(']').unwrap_or((line, "")),
            None => ("", line.as_str()),
        };
        let (key, value) = entry.split_once('=').unwrap_or((entry, ""));
        let is_plain_entry = match key.trim() {
            "worktree" | "promisor" | "partialclonefilter" => false,
            "bare" => value.trim() == "false",
            "repositoryformatversion" => matches!(value.trim(), "0" | "1"),
            _ => true,
        };
        is_plain_entry && !section.starts_with("extensions") && !section.starts_with("include")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_puts_files_elsewhere_is_not_plain() {
        let usual = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\
                     [remote \"origin\"]\n\turl = https://example.com/extensions/include\n";
        assert!(is_plain(usual));
        for other in [
            "[extensions]\n\tobjectFormat = sha256\n",
            "[Extensions] partialClone = origin\n",
            "[core] worktree = ../elsewhere\n",
            "\tpromisor = true\n",
            "\tbare = true\n",
            "\tbare\n",
            "\trepositoryFormatVersion = 2\n",
            "[includeIf \"gitdir:~/work/\"]\n",
        ] {
            assert!(!is_plain(&format!("{usual}{other}")), "{other}");
        }
    }
}
