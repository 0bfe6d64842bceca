//! `overlift completions SHELL`: a script that completes our commands and flags, and by asking
//! `overlift names` the environments and applications of the repository at hand.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;
use clap_complete::Shell;

use super::outcome::{self, Outcome};
use super::output::{Output, harmless};
use crate::app::local::Workspace;

/// Prints a completion script for a shell.
#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell.
    shell: Shell,
}

/// What bash does beside the generated script.
const BASH: &str = r#"
# Environments and applications are the repository's.
_overlift_with_names() {
    _overlift "$@"
    local word="${COMP_WORDS[COMP_CWORD]}"
    case "${COMP_WORDS[1]}" in
        plan | promote | validate | undo | step)
            if [[ $word != -* ]]; then
                local IFS=$'\n'
                COMPREPLY+=($(compgen -W "$(overlift names 2>/dev/null)" -- "$word"))
            fi
            ;;
    esac
}
complete -F _overlift_with_names -o bashdefault -o default overlift
"#;

const ZSH: &str = r#"
# Environments and applications are the repository's.
_overlift_names() {
    local -a names
    names=(${(f)"$(overlift names 2>/dev/null)"})
    compadd -a names
}
"#;

const FISH: &str = r#"
# Environments and applications are the repository's.
complete -c overlift -n "__fish_seen_subcommand_from plan promote validate undo step" -f -a "(overlift names 2>/dev/null)"
"#;

/// Runs the command.
pub(super) fn run(
    arguments: &CompletionsArguments,
    command: &mut clap::Command,
    output: &Output,
) -> outcome::Result {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command, "overlift", &mut script);
    let script = String::from_utf8(script)?;
    output.print(match arguments.shell {
        Shell::Bash => script + BASH,
        Shell::Zsh => with_names_in_zsh(&script),
        Shell::Fish => script + FISH,
        _ => script,
    })?;
    Ok(Outcome::Done)
}

/// The arguments that name environments and applications ask for them.
fn with_names_in_zsh(script: &str) -> String {
    const NAMED: [&str; 4] = ["':source", "':target", "'*::applications", "'*::environments"];
    let line = |line: &str| {
        if NAMED.iter().any(|name| line.starts_with(name)) {
            line.replace(":_default'", ":_overlift_names'")
        } else {
            line.to_owned()
        }
    };
    let mut lines: Vec<String> = script.lines().map(line).collect();
    // After `#compdef`, which has to be the first line.
    lines.insert(1, ZSH.to_owned());
    lines.join("\n") + "\n"
}

/// Prints the names of environments, then of applications, one a line.
pub(super) fn names(directory: &Path, output: &Output) -> outcome::Result {
    let configuration = Workspace::open(directory, None)?.configuration(None)?;
    let pipeline = &configuration.pipeline;
    let mut known = BTreeSet::new();
    let environments = pipeline.environments().iter().map(|it| it.name.to_string());
    let applications = pipeline.applications().flatten().map(ToString::to_string);
    let names = environments.chain(applications).filter(|name| known.insert(name.clone()));
    let text: String = names.map(|name| harmless(&name) + "\n").collect();
    output.print(text)?;
    Ok(Outcome::Done)
}
