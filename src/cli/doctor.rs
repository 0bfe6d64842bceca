//! `overlift doctor`: what is wrong with the set-up of a service, and what to do about it.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::outcome::{self, Outcome};
use super::output::{Output, harmless};
use super::serve::{ServeArguments, enter, github_settings, read_file};
use crate::app::{Diagnosis, Health, examine_database, examine_github};
use crate::config::{Settings, SettingsError};
use crate::github::Github;
use crate::model::RepoName;
use crate::redact::Scrubber;

/// Checks the set-up of a service: settings, database, App, webhook, installations, repositories.
///
/// Takes the flags and variables of `overlift serve`. Exit code 1 if something does not work.
#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    #[command(flatten)]
    serve: ServeArguments,
    /// Look at this repository; may be repeated [default: all that the App is installed on].
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Vec<String>,
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(
    arguments: &DoctorArguments,
    directory: &Path,
    output: &Output,
) -> outcome::Result {
    enter(directory)?;
    let repositories =
        arguments.repo.iter().map(|name| RepoName::parse(name)).collect::<Result<Vec<_>, _>>()?;
    let (diagnoses, scrubber) = match Settings::check(&arguments.serve.raw(), &read_file) {
        Err(error) => (of_settings(&error), Scrubber::default()),
        Ok(settings) => {
            let scrubber = Scrubber::new(settings.credentials());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            (runtime.block_on(examine(&settings, &repositories)), scrubber)
        }
    };
    let text = if arguments.json { as_json(&diagnoses)? } else { as_text(&diagnoses, output) };
    output.print(scrubber.scrub(&text).as_bytes())?;
    let broken = diagnoses.iter().any(|diagnosis| diagnosis.health == Health::Broken);
    Ok(if broken { Outcome::Differences } else { Outcome::Done })
}

async fn examine(settings: &Settings, repositories: &[RepoName]) -> Vec<Diagnosis> {
    let mut diagnoses = vec![Diagnosis {
        subject: "settings".to_owned(),
        health: Health::Good,
        found: "complete, the webhook's secret is set".to_owned(),
        help: None,
    }];
    diagnoses.push(examine_database(settings.database_url.expose()).await);
    match Github::new(&github_settings(settings)) {
        Ok(github) => diagnoses.extend(examine_github(&github, repositories).await),
        Err(error) => diagnoses.push(Diagnosis {
            subject: "credential".to_owned(),
            health: Health::Broken,
            found: error.to_string(),
            help: Some("the App's private key has to be the PEM file that GitHub gave".to_owned()),
        }),
    }
    diagnoses
}

/// Every fault of the settings; without them nothing else can be looked at.
fn of_settings(error: &SettingsError) -> Vec<Diagnosis> {
    let diagnosis = |fault: &crate::config::SettingsFault| Diagnosis {
        subject: "settings".to_owned(),
        health: Health::Broken,
        found: format!("{} {}", fault.variable, fault.reason),
        help: None,
    };
    error.faults.iter().map(diagnosis).collect()
}

fn as_text(diagnoses: &[Diagnosis], output: &Output) -> String {
    let palette = &output.palette;
    let mut text = String::new();
    for Diagnosis { subject, health, found, help } in diagnoses {
        let (word, style) = match health {
            Health::Good => ("ok", palette.added),
            Health::Poor => ("warning", palette.changed),
            Health::Broken => ("broken", palette.error),
        };
        text.push_str(&format!("{style}{word:7}{style:#}  {subject}: {}\n", harmless(found)));
        if let Some(help) = help {
            text.push_str(&format!("         {}help{:#}: {help}\n", palette.help, palette.help));
        }
    }
    text
}

#[derive(Serialize)]
struct DiagnosisJson<'a> {
    subject: &'a str,
    health: &'static str,
    found: &'a str,
    help: Option<&'a str>,
}

impl<'a> DiagnosisJson<'a> {
    fn new(diagnosis: &'a Diagnosis) -> Self {
        let Diagnosis { subject, health, found, help } = diagnosis;
        let health = match health {
            Health::Good => "ok",
            Health::Poor => "warning",
            Health::Broken => "broken",
        };
        Self { subject, health, found, help: help.as_deref() }
    }
}

fn as_json(diagnoses: &[Diagnosis]) -> serde_json::Result<String> {
    let all: Vec<_> = diagnoses.iter().map(DiagnosisJson::new).collect();
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}
