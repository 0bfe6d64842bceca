//! The Action's inputs, read from `INPUT_*` variables as `@actions/core` reads them: upper case, spaces
//! become `_`, hyphens stay, white space around a value does not count.

use std::fmt;

use super::ActionError;
use crate::app::Engine;

/// Looks up a variable of the environment.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The names of the inputs that the program reads; `action.yml` has these and `version`, which it uses
/// itself to find the program.
pub const INPUTS: [&str; 9] = [
    "source",
    "target",
    "application",
    "token",
    "config",
    "dry-run",
    "engine",
    "working-directory",
    "fail-on",
];

/// Which new findings fail the step, after its work is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum FailOn {
    /// Errors.
    #[default]
    Error,
    /// Warnings too.
    Warning,
    /// None.
    Never,
}

/// What the step's `with:` says.
pub(super) struct Inputs {
    /// The environment that configuration comes from.
    pub(super) source: String,
    /// The environment that it goes to.
    pub(super) target: String,
    /// The application; empty in a repository without them.
    pub(super) application: String,
    /// The token; empty if none is given.
    pub(super) token: String,
    /// A configuration in place of the repository's own; empty for that.
    pub(super) config: String,
    /// Whether to stop before the first write.
    pub(super) dry_run: bool,
    /// Who builds overlays.
    pub(super) engine: Engine,
    /// Where the checkout is, from the workspace; empty for the workspace itself.
    pub(super) working_directory: String,
    /// Which new findings fail the step.
    pub(super) fail_on: FailOn,
}

/// What the step's `with:` says to a preview, which has no pair.
pub(super) struct Preview {
    /// As for a promotion.
    pub(super) config: String,
    /// As for a promotion.
    pub(super) working_directory: String,
    /// As for a promotion.
    pub(super) fail_on: FailOn,
}

impl Preview {
    /// Reads the inputs that a preview has.
    ///
    /// # Errors
    /// [`ActionError::Input`] with the input's name.
    pub(super) fn read(variable: Lookup<'_>) -> Result<Self, ActionError> {
        Ok(Self {
            config: get(variable, "config"),
            working_directory: get(variable, "working-directory"),
            fail_on: fail_on(&get(variable, "fail-on"))?,
        })
    }
}

/// Whether a plan of one pair is asked for, whatever started the workflow.
pub(super) fn asks_for_a_plan(variable: Lookup<'_>) -> bool {
    let is_dry = flag("dry-run", &get(variable, "dry-run")).unwrap_or_default();
    is_dry && !get(variable, "source").is_empty()
}

impl Inputs {
    /// Reads all inputs.
    ///
    /// # Errors
    /// [`ActionError::Input`] with the input's name.
    pub(super) fn read(variable: Lookup<'_>) -> Result<Self, ActionError> {
        let given = |name| get(variable, name);
        let required = |name: &'static str| match given(name) {
            text if text.is_empty() => Err(ActionError::Input {
                name,
                reason: "is required and has no value; write `source:` and `target:` below `with:`"
                    .to_owned(),
            }),
            text => Ok(text),
        };
        Ok(Self {
            source: required("source")?,
            target: required("target")?,
            application: given("application"),
            token: given("token"),
            config: given("config"),
            dry_run: flag("dry-run", &given("dry-run"))?,
            engine: engine(&given("engine"))?,
            working_directory: given("working-directory"),
            fail_on: fail_on(&given("fail-on"))?,
        })
    }
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token has to stay out of every text.
        write!(f, "Inputs({} -> {})", self.source, self.target)
    }
}

/// The trimmed value of an input; empty if it is not given.
pub(super) fn get(variable: Lookup<'_>, name: &str) -> String {
    let name = format!("INPUT_{}", name.replace(' ', "_").to_uppercase());
    variable(&name).unwrap_or_default().trim_matches(is_js_space).to_owned()
}

/// What `String.prototype.trim` takes away: Unicode's white space with the byte order mark and without
/// the C1 control `NEL`.
fn is_js_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// A boolean as YAML 1.2's core schema spells it; nothing is *false*.
fn flag(name: &'static str, text: &str) -> Result<bool, ActionError> {
    match text {
        "true" | "True" | "TRUE" => Ok(true),
        "" | "false" | "False" | "FALSE" => Ok(false),
        other => Err(ActionError::Input {
            name,
            reason: format!("is `{other}`; write `true` or `false`"),
        }),
    }
}

fn engine(text: &str) -> Result<Engine, ActionError> {
    if text.is_empty() {
        return Ok(Engine::default());
    }
    Engine::parse(text).ok_or_else(|| ActionError::Input {
        name: "engine",
        reason: format!("is `{text}`; write `overlift` or `kustomize`"),
    })
}

fn fail_on(text: &str) -> Result<FailOn, ActionError> {
    match text {
        "" | "error" => Ok(FailOn::Error),
        "warning" => Ok(FailOn::Warning),
        "never" => Ok(FailOn::Never),
        other => Err(ActionError::Input {
            name: "fail-on",
            reason: format!("is `{other}`; write `error`, `warning` or `never`"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Inputs, ActionError> {
        Inputs::read(&|name| {
            let found = given.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn hyphens_stay_and_white_space_goes() {
        let inputs = read(&[
            ("INPUT_SOURCE", " staging\n"),
            ("INPUT_TARGET", "\u{feff}production"),
            ("INPUT_DRY-RUN", "True"),
            ("INPUT_WORKING-DIRECTORY", "mesh"),
            ("INPUT_WORKING_DIRECTORY", "not this"),
        ]);
        let inputs = inputs.unwrap();
        assert_eq!((inputs.source.as_str(), inputs.target.as_str()), ("staging", "production"));
        assert!(inputs.dry_run);
        assert_eq!(inputs.working_directory, "mesh");
    }

    #[test]
    fn a_missing_or_misspelt_input_is_named() {
        let error = read(&[("INPUT_SOURCE", "a")]).unwrap_err();
        assert!(error.to_string().contains("`target`"), "{error}");
        let given = [("INPUT_SOURCE", "a"), ("INPUT_TARGET", "b"), ("INPUT_DRY-RUN", "yes")];
        let error = read(&given).unwrap_err();
        assert!(error.to_string().contains("`dry-run` is `yes`"), "{error}");
        let given = [("INPUT_SOURCE", "a"), ("INPUT_TARGET", "b"), ("INPUT_ENGINE", "helm")];
        let error = read(&given).unwrap_err();
        assert!(error.to_string().contains("`engine` is `helm`"), "{error}");
    }
}
