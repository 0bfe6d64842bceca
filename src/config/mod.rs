//! `.github/overlift.yaml` and the process's own settings, as checked values.

mod discovery;
mod error;
mod pattern;
mod receivers;
mod repository;
mod settings;
mod settings_check;
mod start;

pub use error::ConfigError;
pub use receivers::NOTICES;
pub use repository::{CONFIG_PATH, Loads, Previews, RepositoryConfig, schema};
pub use settings::{Identity, RawSettings, Settings, SettingsError, SettingsFault};
pub use start::starting_configuration;
