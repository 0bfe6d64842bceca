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
pub use receivers::{NOTICES, NoticeReceiver};
pub use repository::{CONFIG_PATH, Loads, Previews, RepositoryConfig, SCHEMA_ID, schema};
pub use settings::{Identity, RawSettings, Settings, SettingsError, SettingsFault};
pub use start::starting_configuration;
