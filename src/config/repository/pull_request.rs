//! The `pullRequest` part of the file: texts, people, and whether the texts make what GitHub takes.

use std::collections::BTreeMap;

use super::file;
use super::named_file::{read_path, read_text};
use super::places::{Faults, Section, Segment};
use super::reader::Reader;
use crate::clearance::{Merge, MergeMethod};
use crate::config::error::ConfigError;
use crate::model::{Location, Position};
use crate::promotion::{
    ChecklistItem, Key as PromotionKey, Pipeline, PullRequestSettings, Template, TemplateError,
    Values, Variables, check_commit_message, render_checklist_item, render_labels, render_title,
};
use Segment::{Item, Key};

/// Branches are checked for all pairs; other texts for so many, since they hardly depend on names.
const TRIED_PAIRS: usize = 100;

impl Reader<'_> {
    /// The texts and people of a section on top of those above it.
    pub(super) fn read_pull_request(
        &mut self,
        above: &PullRequestSettings,
        file: &file::PullRequest,
        section: &Section<'_>,
    ) -> PullRequestSettings {
        let mut settings = above.clone();
        let texts = Texts { section };
        let mut faults = Faults::default();
        let mut set = |field: &mut Template, text: &Option<String>, key, variables| {
            if let Some(text) = text
                && let Some(template) = faults.keep(texts.template(text, &[Key(key)], variables))
            {
                *field = template;
            }
        };
        set(&mut settings.branch, &file.branch, "branch", Variables::ENVIRONMENTS);
        set(&mut settings.title, &file.title, "title", Variables::LINE);
        set(&mut settings.commit_message, &file.commit_message, "commitMessage", Variables::LINE);
        if let Some(labels) = &file.labels {
            settings.labels = faults.keep(texts.templates(labels, "labels")).unwrap_or_default();
        }
        if let Some(items) = &file.checklist {
            settings.checklist = faults.keep(texts.checklist(items)).unwrap_or_default();
        }
        let mut people = |field: &mut Vec<String>, names: &Option<Vec<String>>, key, what| {
            if let Some(names) = names {
                *field = faults.keep(texts.accounts(names, key, what)).unwrap_or_default();
            }
        };
        people(&mut settings.reviewers, &file.reviewers, "reviewers", LOGIN);
        people(&mut settings.team_reviewers, &file.team_reviewers, "teamReviewers", TEAM);
        people(&mut settings.assignees, &file.assignees, "assignees", LOGIN);
        settings.draft = file.draft.unwrap_or(settings.draft);
        settings.merge = file.merge.map_or(settings.merge, file::Merge::merge);
        settings.merge_method =
            file.merge_method.map_or(settings.merge_method, file::MergeMethod::method);
        if let Some(path) = &file.body_template {
            settings.body = faults.keep(self.body_template(path, section));
        }
        self.faults.keep(faults.end());
        settings
    }

    fn body_template(
        &mut self,
        text: &str,
        section: &Section<'_>,
    ) -> Result<Template, ConfigError> {
        let at = section.at(&[Key("bodyTemplate")]);
        let path = read_path(text, at.clone())?;
        let Some(source) = read_text(self.files, &path, &at)? else {
            return Err(ConfigError::NoBodyTemplate { at, path });
        };
        self.inputs.insert(path.clone());
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
    pub(super) fn try_texts(&self, pipeline: &Pipeline) -> Result<(), ConfigError> {
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
        let at = |steps: &[Segment]| {
            let at = self.at(steps);
            move |source| ConfigError::Template { at, source: Box::new(source) }
        };
        render_title(&settings.title, &values).map_err(at(&[Key("title")]))?;
        check_commit_message(&settings.commit_message, &values)
            .map_err(at(&[Key("commitMessage")]))?;
        render_labels(&settings.labels, &values).map_err(at(&[Key("labels")]))?;
        for (index, item) in settings.checklist.iter().enumerate() {
            render_checklist_item(&item.text, &values)
                .map_err(at(&[Key("checklist"), Item(index)]))?;
        }
        Ok(())
    }

    fn at(&self, steps: &[Segment]) -> Location {
        self.places.at(&[&[Key("pullRequest")], steps].concat())
    }
}

impl file::Merge {
    const fn merge(self) -> Merge {
        match self {
            Self::Manual => Merge::Manual,
            Self::Auto => Merge::Auto,
        }
    }
}

impl file::MergeMethod {
    const fn method(self) -> MergeMethod {
        match self {
            Self::Merge => MergeMethod::Merge,
            Self::Squash => MergeMethod::Squash,
            Self::Rebase => MergeMethod::Rebase,
        }
    }
}

/// The texts of one section.
struct Texts<'a> {
    section: &'a Section<'a>,
}

impl Texts<'_> {
    fn template(
        &self,
        text: &str,
        steps: &[Segment],
        variables: Variables,
    ) -> Result<Template, ConfigError> {
        Template::parse(text, variables).map_err(|source| ConfigError::Template {
            at: self.section.at(steps),
            source: source.into(),
        })
    }

    fn templates(&self, texts: &[String], key: &'static str) -> Result<Vec<Template>, ConfigError> {
        let parse = |(index, text): (usize, &String)| {
            self.template(text, &[Key(key), Item(index)], Variables::LINE)
        };
        texts.iter().enumerate().map(parse).collect()
    }

    fn checklist(&self, items: &[file::Item]) -> Result<Vec<ChecklistItem>, ConfigError> {
        let parse = |(index, item): (usize, &file::Item)| {
            let (steps, by_evidence) = match item {
                file::Item::Text(_) => (vec![Key("checklist"), Item(index)], false),
                file::Item::More { when, .. } => {
                    (vec![Key("checklist"), Item(index), Key("text")], when.is_some())
                }
            };
            let text = self.template(item.text(), &steps, Variables::LINE)?;
            Ok(ChecklistItem { text, by_evidence })
        };
        items.iter().enumerate().map(parse).collect()
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
                    at: self.section.at(&[Key(key), Item(index)]),
                    text: text.chars().take(100).collect(),
                    what,
                });
            }
        }
        Ok(texts.to_vec())
    }
}

const LOGIN: &str = "login; write it without `@`";
const TEAM: &str = "team's slug; write it without `@` and without the organisation";
