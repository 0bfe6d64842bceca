//! What a promotion's pull request is called and who looks at it: the `pullRequest` part of the
//! configuration as checked values.

use crate::clearance::{Merge, MergeMethod};
use crate::model::{BranchName, RepoPath};

use super::key::Key;
use super::plain_text::one_line;
use super::template::{Template, TemplateError, Values, Variables};

/// The longest title GitHub takes.
pub(super) const TITLE_LIMIT: usize = 256;

/// The longest name of a label that GitHub takes.
const LABEL_LIMIT: usize = 50;

/// At most so many checklist items are shown.
pub const CHECKLIST_LIMIT: usize = 50;

/// The longest checklist item.
pub const CHECKLIST_ITEM_LIMIT: usize = 300;

/// Texts and people of every promotion's pull request. The default is that of an empty configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestSettings {
    /// The head branch, from the names alone, so that it stays the same.
    pub branch: Template,
    /// The title.
    pub title: Template,
    /// The commit message without Overlift's trailers.
    pub commit_message: Template,
    /// Labels.
    pub labels: Vec<Template>,
    /// People asked to review, by their login.
    pub reviewers: Vec<String>,
    /// Teams asked to review, by their slug.
    pub team_reviewers: Vec<String>,
    /// People it is assigned to, by their login.
    pub assignees: Vec<String>,
    /// Whether it is opened as a draft.
    pub draft: bool,
    /// Who merges.
    pub merge: Merge,
    /// How Overlift merges.
    pub merge_method: MergeMethod,
    /// What has to be confirmed before the merge.
    pub checklist: Vec<ChecklistItem>,
    /// The body in place of the usual one.
    pub body: Option<Template>,
    /// The file that all of this was read from, if there is one.
    pub configuration: Option<RepoPath>,
}

/// An item of the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChecklistItem {
    /// What it says.
    pub text: Template,
    /// Whether the source's evidence ticks it, where there is some; else people do.
    pub by_evidence: bool,
}

/// The defaults, as `.github/overlift.yaml` would say them.
pub const DEFAULT_BRANCH: &str = "promote/{{ source }}-to-{{ target }}";
/// The default title.
pub const DEFAULT_TITLE: &str = "Promote {{ source }} -> {{ target }}";
/// The default head branch where there are applications.
pub const DEFAULT_APPLICATION_BRANCH: &str =
    "promote/{{ application }}/{{ source }}-to-{{ target }}";
/// The default title where there are applications.
pub const DEFAULT_APPLICATION_TITLE: &str =
    "Promote {{ application }}: {{ source }} -> {{ target }}";
/// The default commit message.
pub const DEFAULT_COMMIT_MESSAGE: &str = "Promote config from {{ source }} to {{ target }}";
/// The default labels.
pub const DEFAULT_LABELS: [&str; 2] = ["promotion", "{{ target }}"];
/// The default checklist.
pub const DEFAULT_CHECKLIST: [&str; 4] = [
    "Reviewed configuration changes",
    "Verified {{ source }} deployment was successful",
    "Confirmed monitoring dashboards are healthy",
    "Approved by service owner",
];

impl Default for PullRequestSettings {
    fn default() -> Self {
        let parse = |text| Template::parse(text, Variables::LINE).expect("a default is a template");
        Self {
            branch: Template::parse(DEFAULT_BRANCH, Variables::ENVIRONMENTS)
                .expect("a default is a template"),
            title: parse(DEFAULT_TITLE),
            commit_message: parse(DEFAULT_COMMIT_MESSAGE),
            labels: DEFAULT_LABELS.map(parse).into(),
            reviewers: Vec::new(),
            team_reviewers: Vec::new(),
            assignees: Vec::new(),
            draft: false,
            merge: Merge::Manual,
            merge_method: MergeMethod::Merge,
            checklist: DEFAULT_CHECKLIST
                .map(|text| ChecklistItem { text: parse(text), by_evidence: false })
                .into(),
            body: None,
            configuration: None,
        }
    }
}

impl PullRequestSettings {
    /// The default of a repository with applications.
    #[must_use]
    pub fn of_applications() -> Self {
        let parse = |text, variables| Template::parse(text, variables).expect("it is a template");
        Self {
            branch: parse(DEFAULT_APPLICATION_BRANCH, Variables::ENVIRONMENTS),
            title: parse(DEFAULT_APPLICATION_TITLE, Variables::LINE),
            ..Self::default()
        }
    }

    /// The head branch of a promotion.
    ///
    /// # Errors
    /// [`TemplateError`] if the text is no name that git accepts.
    pub fn branch(&self, key: &Key) -> Result<BranchName, TemplateError> {
        let Key { source, target, .. } = key;
        let values: Values<'_> = [
            ("application", key.application()),
            ("source", source.as_str()),
            ("target", target.as_str()),
        ]
        .into();
        let text = self.branch.render(&values)?;
        BranchName::parse(&text).map_err(|error| TemplateError::Result(error.to_string()))
    }
}

/// Fills a title in: one line, not empty, at most 256 UTF-16 units.
///
/// # Errors
/// [`TemplateError`] if nothing is left of it.
pub fn render_title(template: &Template, values: &Values<'_>) -> Result<String, TemplateError> {
    let title = one_line(&template.render(values)?, TITLE_LIMIT);
    if title.is_empty() {
        return Err(TemplateError::Result("an empty title".to_owned()));
    }
    Ok(title)
}

/// Fills labels in: one line each, empty ones left out, each once.
///
/// # Errors
/// [`TemplateError`] if a template refuses its values.
pub fn render_labels(
    templates: &[Template],
    values: &Values<'_>,
) -> Result<Vec<String>, TemplateError> {
    let mut labels: Vec<String> = Vec::new();
    for template in templates {
        let label = one_line(&template.render(values)?, LABEL_LIMIT);
        if !label.is_empty() && !labels.contains(&label) {
            labels.push(label);
        }
    }
    Ok(labels)
}

/// Fills a checklist item in.
///
/// # Errors
/// [`TemplateError`] if nothing is left of it, or it is longer than 300 characters.
pub fn render_checklist_item(
    template: &Template,
    values: &Values<'_>,
) -> Result<String, TemplateError> {
    let item = one_line(&template.render(values)?, usize::MAX);
    if item.is_empty() {
        return Err(TemplateError::Result("an empty checklist item".to_owned()));
    }
    if item.chars().count() > CHECKLIST_ITEM_LIMIT {
        let reason = format!("a checklist item of more than {CHECKLIST_ITEM_LIMIT} characters");
        return Err(TemplateError::Result(reason));
    }
    Ok(item)
}
