//! Reading files for a build: roots, the load restrictor, cycles, and what is missing.
//!
//! As kustomize's `api/internal/loader`. Files whose content is not here are noted and passed over,
//! so that one build names all of them that it can find.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::built::AbsentFile;
use super::decode::{TextEntry, Written};
use super::error::BuildError;
use super::file_text::decode;
use super::manifest::TextOrigin;
use super::options::{AbsentFiles, BuildOptions, LoadRestrictor};
use super::reference::Reference;
use super::remote::{RemoteResolver, RemoteTree, is_remote_file, is_repository, resolve};
use super::secret_facts::SecretFacts;
use super::texts::{BuildText, BuiltFile, InlineText, Texts};
use super::version::{AMBIGUOUS_PATHS, Version};
use crate::model::{Entry, Files, KUSTOMIZATION_NAMES, Location, RepoPath};
use crate::yaml::{Mark, TextId};

/// A build reads at most so much; a file that is read twice counts twice.
const READ_LIMIT_BYTES: usize = 64 << 20;

/// Reads files for one build, for several threads at once, and keeps the account of them.
#[derive(Debug)]
pub struct Loader<'a> {
    restrictor: LoadRestrictor,
    version: Version,
    remote: Option<&'a dyn RemoteResolver>,
    absent_files: AbsentFiles,
    account: Mutex<Account>,
}

/// What was read for a build.
#[derive(Debug, Default)]
pub struct Account {
    /// Every file that was read.
    pub inputs: BTreeSet<RepoPath>,
    /// Every file whose content is not here.
    pub unknown: BTreeSet<RepoPath>,
    /// How much was read, a file that is read twice counted twice.
    pub bytes: usize,
    /// What was learned of values of Secrets.
    pub secrets: SecretFacts,
    /// The texts that nodes are from.
    pub texts: Texts,
    /// Files of generators that are not there and were left out.
    pub absent: Vec<AbsentFile>,
}

/// A directory with a kustomization, and those that led to it.
#[derive(Clone)]
pub struct Root<'a> {
    /// The directory, symlinks followed.
    pub dir: RepoPath,
    files: Tree<'a>,
    /// The directories whose kustomizations led here, outermost first.
    ancestors: Vec<RepoPath>,
    /// Whether only files below `dir` are read whatever the options say.
    restricted: bool,
}

impl Root<'_> {
    /// Whether it is the directory that is built.
    #[must_use]
    pub const fn is_outermost(&self) -> bool {
        self.ancestors.is_empty()
    }

    /// Whether it is of the repository that is built, not of another.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        matches!(self.files, Tree::Local(_))
    }

    /// Whether a directory holds one of those that led here, so that it cannot be a base below.
    #[must_use]
    pub fn leads_back_to(&self, dir: &RepoPath) -> bool {
        self.ancestors.iter().any(|ancestor| ancestor.is_within(dir))
    }
}

#[derive(Clone)]
enum Tree<'a> {
    Local(&'a dyn Files),
    Remote(Arc<dyn Files + Send + Sync>),
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The file, symlinks followed.
    pub path: RepoPath,
    /// Its number among the texts of the build; none if it is of another repository.
    pub id: TextId,
    /// Its bytes; empty if they are unknown.
    pub content: Arc<[u8]>,
    /// Whether the bytes are here.
    pub is_known: bool,
}

impl Loaded {
    /// Its text.
    ///
    /// # Errors
    /// [`BuildError::NotText`] if it is none.
    pub fn text(&self) -> Result<Cow<'_, str>, BuildError> {
        decode(&self.path, &self.content)
    }

    /// Where its text is from.
    #[must_use]
    pub fn place(&self) -> TextOrigin {
        TextOrigin::File(Location::file(self.path.clone()), self.id)
    }
}

/// What a reference leads to.
pub enum Target<'a> {
    /// A file.
    File(Loaded),
    /// A directory.
    Directory(Root<'a>),
    /// A directory or file of another repository.
    Remote(Box<RemoteTree>, Box<Self>),
}

impl<'a> Loader<'a> {
    /// A loader for one build.
    #[must_use]
    pub fn new(options: &'a BuildOptions) -> Self {
        Self {
            restrictor: options.load_restrictor,
            version: options.version,
            remote: options.remote.as_deref(),
            absent_files: options.absent_files,
            account: Mutex::default(),
        }
    }

    /// The kustomize that is followed.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The directory that is built.
    ///
    /// # Errors
    /// [`BuildError::Read`] if it cannot be read.
    pub fn root(&self, files: &'a dyn Files, dir: &RepoPath) -> Result<Root<'a>, BuildError> {
        let at = || Location::file(dir.clone());
        let (dir, entry) =
            files.look_up(dir).map_err(|source| BuildError::Read { at: at(), source })?;
        match entry {
            Entry::Directory => Ok(Root {
                dir,
                files: Tree::Local(files),
                ancestors: Vec::new(),
                restricted: false,
            }),
            _ => Err(BuildError::NoKustomization { dir }),
        }
    }

    /// What was read.
    #[must_use]
    pub fn into_account(self) -> Account {
        self.account.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a file of a generator; nothing if it is not there and may be left out, which is noted.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_source(
        &self,
        root: &Root<'_>,
        reference: &Reference,
    ) -> Result<Option<Loaded>, BuildError> {
        match self.read(root, reference) {
            Err(BuildError::Missing { at, path, nearest })
                if self.absent_files == AbsentFiles::LeftOut =>
            {
                self.account().absent.push(AbsentFile { at, path, nearest });
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Notes something about values of Secrets.
    pub fn note_secrets(&self, note: impl FnOnce(&mut SecretFacts)) {
        note(&mut self.account().secrets);
    }

    /// Takes in a text that nodes are from.
    pub fn add_text(&self, text: BuildText) -> TextId {
        self.account().texts.add(text)
    }

    /// Takes in a patch or configuration that is written within a kustomization: `text` is read of `whole`.
    pub fn add_inline(&self, written: Written, whole: &str, text: &str) -> TextId {
        self.add_text(BuildText::Inline(InlineText::new(written, whole, text)))
    }

    /// The same entries, with marks that stand for their places by themselves.
    #[must_use]
    pub fn add_entries(&self, entries: &[TextEntry]) -> Vec<TextEntry> {
        let add = |entry: &TextEntry| {
            let text = self.add_text(BuildText::Entry(entry.mark));
            TextEntry { mark: Mark::at(0).in_text(text), ..entry.clone() }
        };
        entries.iter().map(add).collect()
    }

    /// The kustomization file of a directory; `None` if its content is not here.
    ///
    /// # Errors
    /// [`BuildError::NoKustomization`] or [`BuildError::ManyKustomizations`].
    pub fn kustomization(&self, root: &Root<'_>) -> Result<Loaded, BuildError> {
        let mut found: Option<Loaded> = None;
        for name in KUSTOMIZATION_NAMES {
            let reference = Reference::to(name, Location::file(root.dir.clone()));
            // A file that may not be read is as good as none, as in kustomize.
            let loaded = match self.find(root, &reference) {
                Ok(Some(loaded)) => loaded,
                Err(fault @ BuildError::TooLarge { .. }) => return Err(fault),
                Ok(None) | Err(_) => continue,
            };
            if found.is_some() {
                return Err(BuildError::ManyKustomizations { dir: root.dir.clone() });
            }
            found = Some(loaded);
        }
        found.ok_or_else(|| BuildError::NoKustomization { dir: root.dir.clone() })
    }

    /// Reads a file that a kustomization names.
    ///
    /// # Errors
    /// [`BuildError`] if there is no such file, or it may not be read from there.
    pub fn read(&self, root: &Root<'_>, reference: &Reference) -> Result<Loaded, BuildError> {
        if is_remote_file(&reference.text) {
            let tree = resolve(self.remote, reference)?;
            return self.read_remote(&tree, reference);
        }
        self.find(root, reference)?.ok_or_else(|| self.missing(root, reference))
    }

    /// A file of the same tree, if there is one. Looking for a nearer name is only for messages: it
    /// lists a directory, which in a checkout starts git.
    fn find(&self, root: &Root<'_>, reference: &Reference) -> Result<Option<Loaded>, BuildError> {
        let path = join(&root.dir, reference)?;
        let (path, entry) = self.look_up(root, &path, reference)?;
        match entry {
            Entry::File(_) | Entry::Unknown => {
                self.check_restriction(root, &path, reference)?;
                self.note(root, path, entry).map(Some)
            }
            Entry::Directory => Err(BuildError::IsDirectory {
                at: reference.at.clone(),
                path: reference.text.clone(),
            }),
            Entry::Missing => Ok(None),
        }
    }

    /// What an entry of `resources` leads to: a file if there is one, else a directory.
    ///
    /// # Errors
    /// [`BuildError`] if it leads nowhere, may not be read, or leads in a circle.
    pub fn resource(
        &self,
        root: &Root<'a>,
        reference: &Reference,
    ) -> Result<Target<'a>, BuildError> {
        if reference.text.is_empty() {
            return Err(BuildError::invalid(
                &reference.at,
                "an empty text names neither a file nor a directory",
            ));
        }
        if let Some(file) = self.local_file(root, reference) {
            return file.map(Target::File);
        }
        if is_remote_file(&reference.text) || is_repository(&reference.text) {
            return self.remote(root, reference);
        }
        Ok(Target::Directory(self.directory(root, reference)?))
    }

    /// The file of the same tree that an entry of `resources` leads to; `None` if it leads to a
    /// directory, elsewhere or nowhere.
    pub fn local_file(
        &self,
        root: &Root<'_>,
        reference: &Reference,
    ) -> Option<Result<Loaded, BuildError>> {
        if reference.text.is_empty() || is_remote_file(&reference.text) {
            return None;
        }
        let path = join(&root.dir, reference).ok()?;
        let (path, entry) = self.look_up(root, &path, reference).ok()?;
        let (Entry::File(_) | Entry::Unknown) = entry else { return None };
        Some(
            self.check_restriction(root, &path, reference)
                .and_then(|()| self.note(root, path, entry)),
        )
    }

    /// The directory that an entry of `components` leads to.
    ///
    /// # Errors
    /// As [`Loader::resource`], and if it is a file.
    pub fn component(
        &self,
        root: &Root<'a>,
        reference: &Reference,
    ) -> Result<Target<'a>, BuildError> {
        if is_repository(&reference.text) {
            return self.remote(root, reference);
        }
        Ok(Target::Directory(self.directory(root, reference)?))
    }

    fn directory(&self, root: &Root<'a>, reference: &Reference) -> Result<Root<'a>, BuildError> {
        if self.version.has(&AMBIGUOUS_PATHS) && is_ambiguous(&reference.text) {
            return Err(BuildError::invalid(
                &reference.at,
                "a part of the path has `..` inside; is an entry of the list indented too far?",
            ));
        }
        let path = join(&root.dir, reference)?;
        let (dir, entry) = self.look_up(root, &path, reference)?;
        match entry {
            Entry::Directory => {}
            Entry::Missing => return Err(self.missing(root, reference)),
            Entry::File(_) | Entry::Unknown => {
                return Err(BuildError::IsFile {
                    at: reference.at.clone(),
                    path: reference.text.clone(),
                });
            }
        }
        let mut ancestors = root.ancestors.clone();
        ancestors.push(root.dir.clone());
        if ancestors.iter().any(|ancestor| ancestor.is_within(&dir)) {
            return Err(BuildError::BaseCycle { at: reference.at.clone(), base: dir });
        }
        Ok(Root { dir, files: root.files.clone(), ancestors, restricted: root.restricted })
    }

    fn remote(&self, root: &Root<'a>, reference: &Reference) -> Result<Target<'a>, BuildError> {
        let tree = resolve(self.remote, reference)?;
        let fault = |source| BuildError::Read { at: reference.at.clone(), source };
        let (path, entry) = tree.files.look_up(&tree.path).map_err(fault)?;
        let inner = match entry {
            Entry::File(_) | Entry::Unknown => Target::File(self.read_remote(&tree, reference)?),
            Entry::Directory => Target::Directory(Root {
                dir: path,
                files: Tree::Remote(Arc::clone(&tree.files)),
                // Paths of another repository say nothing about circles in this one, but a chain
                // of repositories that never ends has to end.
                ancestors: Vec::new(),
                restricted: true,
            }),
            Entry::Missing => return Err(self.missing(root, reference)),
        };
        Ok(Target::Remote(Box::new(tree), Box::new(inner)))
    }

    fn read_remote(&self, tree: &RemoteTree, reference: &Reference) -> Result<Loaded, BuildError> {
        let fault = |source| BuildError::Read { at: reference.at.clone(), source };
        match tree.files.look_up(&tree.path).map_err(fault)? {
            (path, Entry::File(file)) => {
                self.count(&tree.path, file.content.len())?;
                let id = TextId::ONLY;
                Ok(Loaded { path, id, content: file.content, is_known: true })
            }
            _ => Err(BuildError::Missing {
                at: reference.at.clone(),
                path: reference.text.clone(),
                nearest: None,
            }),
        }
    }

    fn look_up(
        &self,
        root: &Root<'_>,
        path: &RepoPath,
        reference: &Reference,
    ) -> Result<(RepoPath, Entry), BuildError> {
        root.files
            .get()
            .look_up(path)
            .map_err(|source| BuildError::Read { at: reference.at.clone(), source })
    }

    fn check_restriction(
        &self,
        root: &Root<'_>,
        path: &RepoPath,
        reference: &Reference,
    ) -> Result<(), BuildError> {
        let restricted = root.restricted || self.restrictor == LoadRestrictor::RootOnly;
        if restricted && !path.is_within(&root.dir) {
            return Err(BuildError::OutsideRoot {
                at: reference.at.clone(),
                path: path.clone(),
                root: root.dir.clone(),
            });
        }
        Ok(())
    }

    fn note(&self, root: &Root<'_>, path: RepoPath, entry: Entry) -> Result<Loaded, BuildError> {
        let mut id = TextId::ONLY;
        if let Tree::Local(_) = root.files {
            let mut account = self.account();
            account.inputs.insert(path.clone());
            let kept = match &entry {
                Entry::File(file) if path.is_kustomization() => Some(Arc::clone(&file.content)),
                _ => None,
            };
            id = account.texts.add(BuildText::File(BuiltFile { path: path.clone(), kept }));
        }
        if let Entry::File(file) = entry {
            self.count(&root.dir, file.content.len())?;
            return Ok(Loaded { path, id, content: file.content, is_known: true });
        }
        self.account().unknown.insert(path.clone());
        Ok(Loaded { path, id, content: Arc::from([]), is_known: false })
    }

    fn count(&self, dir: &RepoPath, bytes: usize) -> Result<(), BuildError> {
        let mut account = self.account();
        account.bytes += bytes;
        if account.bytes > READ_LIMIT_BYTES {
            let limit = "64 MiB of files, each as often as it is read";
            return Err(BuildError::TooLarge { dir: dir.clone(), limit });
        }
        Ok(())
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn missing(&self, root: &Root<'_>, reference: &Reference) -> BuildError {
        BuildError::Missing {
            at: reference.at.clone(),
            path: reference.text.clone(),
            nearest: nearest_file(root, &reference.text),
        }
    }
}

impl Tree<'_> {
    fn get(&self) -> &dyn Files {
        match self {
            Self::Local(files) => *files,
            Self::Remote(files) => files.as_ref(),
        }
    }
}

impl std::fmt::Debug for Root<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Root").field("dir", &self.dir).finish_non_exhaustive()
    }
}

fn join(dir: &RepoPath, reference: &Reference) -> Result<RepoPath, BuildError> {
    dir.join(&reference.text)
        .map_err(|source| BuildError::Path { at: reference.at.clone(), source })
}

/// Two list entries that an indentation merged into one, such as `../../base - ../../shared`.
fn is_ambiguous(path: &str) -> bool {
    path.split('/').any(|part| part != ".." && part.contains(".."))
}

/// The file beside the missing one whose name is nearest, for the message.
fn nearest_file(root: &Root<'_>, path: &str) -> Option<String> {
    let wanted = root.dir.join(path).ok()?;
    let dir = wanted.parent()?;
    let files = root.files.get().list(&dir).ok()?;
    let names: Vec<&str> = files
        .iter()
        .take(1000)
        .filter_map(|file| file.strip_prefix(&dir))
        .map(|file| file.split('/').next().unwrap_or(file))
        .collect();
    crate::model::nearest(wanted.file_name(), &names).map(str::to_owned)
}
