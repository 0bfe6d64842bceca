//! From the file as it was written to the values that `promotion` works with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::file::{self, decode};
use super::gates::read_gates;
use super::places::{Places, Step};
use super::shape::ROOT;
use super::shared::Shared;
use super::{RepositoryConfig, read};
use crate::config::discovery;
use crate::config::error::ConfigError;
use crate::model::{
    ApplicationName, EnvironmentName, Files, InvalidPath, Location, Position, RemotePattern,
    RepoPath, nearest,
};
use crate::promotion::{
    By, CarriedField, Keep, Key as PromotionKey, PathGlob, Pipeline, PipelineError, Prune,
    PullRequestSettings, Rules, Sources, Stage, Template, TemplateError, Trigger, Values,
    Variables, check_commit_message, render_checklist_item, render_labels, render_title,
};
use crate::yaml::FieldPath;
use Step::{Item, Key};

/// Branches are checked for all pairs; other texts for so many, since they hardly depend on names.
const TRIED_PAIRS: usize = 100;

/// What holds in a repository that says nothing.
pub(super) fn discovered(files: &dyn Files) -> Result<RepositoryConfig, ConfigError> {
    let found = discovery::find(files)?;
    let shared = Shared::of_empty(found.has_applications());
    let pipeline =
        Pipeline::new(found_stages(&found, |_, _| shared.clone())).map_err(|source| {
            let at = Location::file(RepoPath::root());
            ConfigError::Pipeline { at, source: Box::new(source), nearest: None }
        })?;
    Ok(RepositoryConfig {
        path: None,
        pipeline,
        gates: shared.gates,
        remote_bases: Vec::new(),
        inputs: BTreeSet::new(),
        left: found.left,
    })
}

/// The stages of what was found, in the order that names tell.
fn found_stages(
    found: &discovery::Found,
    shared: impl Fn(&EnvironmentName, Option<&ApplicationName>) -> Shared,
) -> Vec<Stage> {
    let stage = |stage: &discovery::FoundStage| {
        let place = |(application, path): &(Option<ApplicationName>, RepoPath)| {
            shared(&stage.name, application.as_ref()).place(application.clone(), path.clone())
        };
        Stage {
            name: stage.name.clone(),
            trigger: Trigger::Manual,
            from: Sources::ByName(stage.rank.clone()),
            places: stage.places.iter().map(place).collect(),
        }
    };
    found.stages.iter().map(stage).collect()
}

pub(super) fn read_settings(
    text: &str,
    path: &RepoPath,
    files: &dyn Files,
) -> Result<RepositoryConfig, ConfigError> {
    let places = Places::read(text, path)?;
    places.check(&ROOT)?;
    let decoded = decode(places.root(), &Location::file(path.clone()))?;
    let mut inputs = BTreeSet::from([path.clone()]);
    let reader = Reader { places: &places };
    let shared = Shared {
        rules: Arc::new(read_rules(&decoded.promotion, &places)?),
        pull_request: Arc::new(reader.read_pull_request(
            &decoded.pull_request,
            files,
            &mut inputs,
        )?),
        gates: Arc::new(read_gates(&decoded.gates, &places)?),
    };
    let mut left = Vec::new();
    let stages = match &decoded.environments {
        Some(environments) => read_environments(environments, &shared, &places)?,
        None => {
            let found = discovery::find(files)?;
            left.clone_from(&found.left);
            found_stages(&found, |_, _| shared.clone())
        }
    };
    let remote_bases = read_remote_bases(&decoded.remote_bases, &places)?;
    let pipeline = Pipeline::new(stages).map_err(|error| place(error, &decoded, &places))?;
    reader.try_texts(&pipeline)?;
    Ok(RepositoryConfig {
        path: Some(path.clone()),
        pipeline,
        gates: shared.gates,
        remote_bases,
        inputs,
        left,
    })
}

fn read_environments(
    environments: &[file::Environment],
    shared: &Shared,
    places: &Places<'_>,
) -> Result<Vec<Stage>, ConfigError> {
    let name = |text: &str, steps: &[Step]| {
        EnvironmentName::parse(text)
            .map_err(|source| ConfigError::Name { at: places.at(steps), source: source.into() })
    };
    let mut read = Vec::new();
    for (index, environment) in environments.iter().enumerate() {
        let at = |key| [Key("environments"), Item(index), Key(key)];
        let from = match &environment.from {
            None => Sources::Before,
            Some(names) => {
                let named = names.iter().enumerate().map(|(from, text)| {
                    name(text, &[Key("environments"), Item(index), Key("from"), Item(from)])
                });
                Sources::Named(named.collect::<Result<_, _>>()?)
            }
        };
        let path = read_path(&environment.path, places.at(&at("path")))?;
        read.push(Stage {
            name: name(&environment.name, &at("name"))?,
            places: vec![shared.place(None, path)],
            trigger: match environment.trigger {
                file::Trigger::Manual => Trigger::Manual,
                file::Trigger::Push => Trigger::Push,
            },
            from,
        });
    }
    Ok(read)
}

fn read_remote_bases(
    texts: &[String],
    places: &Places<'_>,
) -> Result<Vec<RemotePattern>, ConfigError> {
    let parsed = texts.iter().enumerate().map(|(index, text)| {
        RemotePattern::parse(text).map_err(|source| ConfigError::RemoteBase {
            at: places.at(&[Key("remoteBases"), Item(index)]),
            source: source.into(),
        })
    });
    parsed.collect()
}

/// A path that names something below the root.
fn read_path(text: &str, at: Location) -> Result<RepoPath, ConfigError> {
    match RepoPath::parse(text) {
        Ok(path) if text.trim().is_empty() => {
            let source = InvalidPath::Outside(path.to_string());
            Err(ConfigError::Path { at, source: source.into() })
        }
        Ok(path) => Ok(path),
        Err(source) => Err(ConfigError::Path { at, source: source.into() }),
    }
}

fn read_rules(promotion: &file::Promotion, places: &Places<'_>) -> Result<Rules, ConfigError> {
    let globs = |texts: &[String], key| -> Result<Vec<PathGlob>, ConfigError> {
        let parsed = texts.iter().enumerate().map(|(index, text)| {
            PathGlob::parse(text).map_err(|source| ConfigError::Rule {
                at: places.at(&[Key("promotion"), Key(key), Item(index)]),
                source: source.into(),
                nearest: None,
            })
        });
        parsed.collect()
    };
    let mut rules = Rules::default();
    // What only copying knows means copying.
    let copies =
        promotion.copy.is_some() || promotion.prune.is_some() || promotion.fields.is_some();
    rules.by = match promotion.by {
        Some(file::By::Changes) => Some(By::Changes),
        Some(file::By::Files) => Some(By::Files),
        None => copies.then_some(By::Files),
    };
    rules.since.clone_from(&promotion.since);
    if let Some(copy) = &promotion.copy {
        rules.copy = globs(copy, "copy")?;
    }
    rules.exclude = globs(&promotion.exclude, "exclude")?;
    rules.keep = read_keeps(&promotion.keep, "keep", places)?;
    rules.take = read_keeps(&promotion.take, "take", places)?;
    rules.prune = match promotion.prune.unwrap_or_default() {
        file::Prune::Never => Prune::Never,
        file::Prune::Removed => Prune::Removed,
    };
    rules.wire = promotion.wire.unwrap_or(rules.wire);
    for (index, name) in promotion.fields.iter().flatten().enumerate() {
        let known: Vec<&'static str> = CarriedField::names().collect();
        rules.fields.push(CarriedField::parse(name).map_err(|source| ConfigError::Rule {
            at: places.at(&[Key("promotion"), Key("fields"), Item(index)]),
            source: source.into(),
            nearest: nearest(name, &known),
        })?);
    }
    Ok(rules)
}

fn read_keeps(
    keeps: &[file::Keep],
    list: &'static str,
    places: &Places<'_>,
) -> Result<Vec<Keep>, ConfigError> {
    let keeps = keeps.iter().enumerate();
    keeps.map(|(index, keep)| read_keep(keep, (list, index), places)).collect()
}

fn read_keep(
    keep: &file::Keep,
    (list, index): (&'static str, usize),
    places: &Places<'_>,
) -> Result<Keep, ConfigError> {
    let at = |key| [Key("promotion"), Key(list), Item(index), Key(key)];
    let fields = keep.fields.iter().enumerate().map(|(field, text)| {
        let steps = [Key("promotion"), Key(list), Item(index), Key("fields"), Item(field)];
        FieldPath::parse(text).map_err(|source| ConfigError::FieldPath {
            at: places.at(&steps),
            source: source.into(),
        })
    });
    Ok(Keep {
        file: PathGlob::parse(&keep.file).map_err(|source| ConfigError::Rule {
            at: places.at(&at("file")),
            source: source.into(),
            nearest: None,
        })?,
        fields: fields.collect::<Result<_, _>>()?,
    })
}

/// Gives a fault of the pipeline the place of the key that is wrong.
fn place(error: PipelineError, file: &file::File, places: &Places<'_>) -> ConfigError {
    let environment = [Key("environments"), Item(error.index().unwrap_or(0))];
    let key: &[Step] = match &error {
        PipelineError::DuplicateName { .. } => &[Key("name")],
        PipelineError::SharedPath { .. } | PipelineError::NestedPath { .. } => &[Key("path")],
        PipelineError::UnknownFrom { from_index, .. }
        | PipelineError::UselessFrom { from_index, .. } => &[Key("from"), Item(*from_index)],
        PipelineError::Cycle { .. } => &[Key("from")],
        PipelineError::TriggerWithoutSource { .. } => &[Key("trigger")],
        PipelineError::Empty => &[],
    };
    let meant = match &error {
        PipelineError::UnknownFrom { from, .. } => {
            let names =
                file.environments.iter().flatten().map(|environment| environment.name.as_str());
            nearest(from.as_str(), &names.collect::<Vec<_>>())
        }
        _ => None,
    };
    ConfigError::Pipeline {
        at: places.at(&[&environment, key].concat()),
        nearest: meant.and_then(|name| EnvironmentName::parse(name).ok()),
        source: Box::new(error),
    }
}

struct Reader<'a> {
    places: &'a Places<'a>,
}

impl Reader<'_> {
    fn read_pull_request(
        &self,
        file: &file::PullRequest,
        files: &dyn Files,
        inputs: &mut BTreeSet<RepoPath>,
    ) -> Result<PullRequestSettings, ConfigError> {
        let mut settings = PullRequestSettings::default();
        if let Some(text) = &file.branch {
            settings.branch = self.template(text, &[Key("branch")], Variables::ENVIRONMENTS)?;
        }
        if let Some(text) = &file.title {
            settings.title = self.template(text, &[Key("title")], Variables::LINE)?;
        }
        if let Some(text) = &file.commit_message {
            settings.commit_message =
                self.template(text, &[Key("commitMessage")], Variables::LINE)?;
        }
        if let Some(texts) = &file.labels {
            settings.labels = self.templates(texts, "labels")?;
        }
        if let Some(texts) = &file.checklist {
            settings.checklist = self.templates(texts, "checklist")?;
        }
        settings.reviewers = self.accounts(&file.reviewers, "reviewers", LOGIN)?;
        settings.team_reviewers = self.accounts(&file.team_reviewers, "teamReviewers", TEAM)?;
        settings.assignees = self.accounts(&file.assignees, "assignees", LOGIN)?;
        settings.draft = file.draft;
        if let Some(path) = &file.body_template {
            settings.body = Some(self.body_template(path, files, inputs)?);
        }
        Ok(settings)
    }

    fn template(
        &self,
        text: &str,
        steps: &[Step],
        variables: Variables,
    ) -> Result<Template, ConfigError> {
        Template::parse(text, variables)
            .map_err(|source| ConfigError::Template { at: self.at(steps), source: source.into() })
    }

    fn templates(&self, texts: &[String], key: &'static str) -> Result<Vec<Template>, ConfigError> {
        let parse = |(index, text): (usize, &String)| {
            self.template(text, &[Key(key), Item(index)], Variables::LINE)
        };
        texts.iter().enumerate().map(parse).collect()
    }

    fn accounts(
        &self,
        texts: &[String],
        key: &'static str,
        what: &'static str,
    ) -> Result<Vec<String>, ConfigError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '[' | ']');
        for (index, text) in texts.iter().enumerate() {
            if text.is_empty() || text.len() > 100 || !text.chars().all(fits) {
                return Err(ConfigError::Account {
                    at: self.at(&[Key(key), Item(index)]),
                    text: text.chars().take(100).collect(),
                    what,
                });
            }
        }
        Ok(texts.to_vec())
    }

    fn body_template(
        &self,
        text: &str,
        files: &dyn Files,
        inputs: &mut BTreeSet<RepoPath>,
    ) -> Result<Template, ConfigError> {
        let at = self.at(&[Key("bodyTemplate")]);
        let path = read_path(text, at.clone())?;
        let Some(source) = read(files, &path, &at)? else {
            return Err(ConfigError::NoBodyTemplate { at, path });
        };
        inputs.insert(path.clone());
        Template::parse(&source, Variables::BODY).map_err(|source| {
            let file = Location::file(path);
            let at = match source {
                TemplateError::Syntax { line, .. } => {
                    file.at(Position { line: u32::try_from(line).unwrap_or(1), column: 1 })
                }
                _ => file,
            };
            ConfigError::Template { at, source: Box::new(source) }
        })
    }

    /// Fills every text in for the pairs there are, so that a bad one is found before it is needed.
    fn try_texts(&self, pipeline: &Pipeline) -> Result<(), ConfigError> {
        self.try_branches(pipeline)?;
        for (source, target) in pipeline.pairs().take(TRIED_PAIRS) {
            self.try_lines(&target.pull_request, &target.key_from(&source.name))?;
        }
        Ok(())
    }

    fn try_branches(&self, pipeline: &Pipeline) -> Result<(), ConfigError> {
        let at = || self.at(&[Key("branch")]);
        let mut seen = BTreeMap::new();
        for (source, target) in pipeline.pairs() {
            let pair = target.key_from(&source.name);
            let branch = target
                .pull_request
                .branch(&pair)
                .map_err(|source| ConfigError::Template { at: at(), source: source.into() })?;
            // A file system that ignores case keeps two such branches in one file.
            let key = branch.as_str().to_ascii_lowercase();
            if let Some(first) = seen.insert(key, pair.clone()) {
                let branch = branch.as_str().to_owned();
                return Err(ConfigError::SharedBranch {
                    at: at(),
                    branch,
                    pairs: Box::new([first, pair]),
                });
            }
        }
        Ok(())
    }

    fn try_lines(
        &self,
        settings: &PullRequestSettings,
        key: &PromotionKey,
    ) -> Result<(), ConfigError> {
        let id = "0".repeat(64);
        let values: Values<'_> = [
            ("application", key.application()),
            ("source", key.source.as_str()),
            ("target", key.target.as_str()),
            ("plan.id", &id),
            ("plan.commit", "0000000"),
            ("plan.summary", "1 resource changes"),
        ]
        .into();
        let at = |steps: &[Step]| {
            let at = self.at(steps);
            move |source| ConfigError::Template { at, source: Box::new(source) }
        };
        render_title(&settings.title, &values).map_err(at(&[Key("title")]))?;
        check_commit_message(&settings.commit_message, &values)
            .map_err(at(&[Key("commitMessage")]))?;
        render_labels(&settings.labels, &values).map_err(at(&[Key("labels")]))?;
        for (index, item) in settings.checklist.iter().enumerate() {
            render_checklist_item(item, &values).map_err(at(&[Key("checklist"), Item(index)]))?;
        }
        Ok(())
    }

    fn at(&self, steps: &[Step]) -> Location {
        self.places.at(&[&[Key("pullRequest")], steps].concat())
    }
}

const LOGIN: &str = "login; write it without `@`";
const TEAM: &str = "team's slug; write it without `@` and without the organisation";
