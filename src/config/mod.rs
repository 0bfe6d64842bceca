//! `.github/overlift.yaml` and the process's own settings, as checked values.

mod settings;

pub use settings::{Identity, RawSettings, Settings, SettingsError, SettingsFault};
