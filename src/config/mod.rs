//! `.github/overlift.yaml` and the process's own settings, as checked values.

mod repository;
mod settings;
mod start;

pub use repository::{CONFIG_PATH, ConfigError, RepositoryConfig, schema};
pub use settings::{Identity, RawSettings, Settings, SettingsError, SettingsFault};
pub use start::starting_configuration;
