//! The configuration of a checkout: read, proposed, written where there is none.

use std::path::Path;

use super::super::given_configuration::GivenConfiguration;
use super::error::LocalError;
use super::workspace::Workspace;
use crate::config::{CONFIG_PATH, RepositoryConfig, starting_configuration};
use crate::model::{Entry, File, FileEdit, Files, RepoPath};
use crate::workdir::{self, WorkdirError};

impl Workspace {
    /// The configuration: `file` in place of the repository's own, or what the overlays tell.
    ///
    /// # Errors
    /// [`LocalError::Config`] with the line to edit.
    pub fn configuration(&self, file: Option<&Path>) -> Result<RepositoryConfig, LocalError> {
        let given = match file {
            None => None,
            Some(file) => {
                let given = GivenConfiguration::read(file)?;
                Some(self.given.get_or_init(|| given))
            }
        };
        Ok(GivenConfiguration::or_own(given, self.files())?)
    }

    /// Proposes a configuration from the files and their history, whether there is one already or not.
    ///
    /// # Errors
    /// [`LocalError::Config`] if there are no environments.
    pub fn starting_configuration(&self) -> Result<String, LocalError> {
        let found = RepositoryConfig::discover(&self.checkout)?;
        let told = self.is_told_by_history(&found)?;
        Ok(starting_configuration(&self.checkout, told)?)
    }

    /// Whether the history tells something about one of the promotions there could be.
    fn is_told_by_history(&self, found: &RepositoryConfig) -> Result<bool, LocalError> {
        for (source, target) in found.pipeline.pairs() {
            let past = self.past(source, target)?;
            let tells = past.as_ref().is_some_and(|past| {
                past.cut_off() || past.history().tells_something(&source.path, &target.path)
            });
            if tells {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a configuration, or anything else, stands where one belongs.
    ///
    /// # Errors
    /// [`WorkdirError`] if that cannot be looked at.
    pub fn is_configured(&self) -> Result<bool, LocalError> {
        let path = RepoPath::parse(CONFIG_PATH).expect("a fixed path is one");
        let (_, entry) = self.checkout.look_up(&path).map_err(WorkdirError::from)?;
        // Whatever stands there, be it no file, is somebody's.
        Ok(entry != Entry::Missing)
    }

    /// Writes a configuration where there is none.
    ///
    /// # Errors
    /// [`WorkdirError`] if something stands there or it cannot be written.
    pub fn write_configuration(&self, text: &str) -> Result<(), WorkdirError> {
        let path = RepoPath::parse(CONFIG_PATH).expect("a fixed path is one");
        let after = Some(File::regular(text.as_bytes()));
        workdir::apply(self.checkout.root(), &[FileEdit { path, before: None, after }])
    }
}
