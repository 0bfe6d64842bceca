//! The steps of a promotion up to its edits. What the edits do to a build is tested as behaviour.

mod carry;
mod copy;
mod keep;
mod prune;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decide::decide;
use super::*;
use crate::kustomize::BuildOptions;
use crate::model::{EnvironmentName, FieldPath, File, FileMode, FileTree, RepoPath};
use crate::policy::{Day, Fetched, Gates};
use crate::promotion::remark::NotPromotedReason;
use crate::promotion::{
    CarriedField, Cause, Checks, Environment, Keep, LastPromotion, Past, PathGlob, Rules, Wish,
};

pub(super) fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

/// Files from a text with `-- path --` lines; `S/` and `T/` are the two overlays.
fn tree(text: &str) -> FileTree {
    let mut tree = FileTree::new();
    for part in format!("\n{text}").split("\n-- ").skip(1) {
        let (name, content) =
            part.split_once(" --\n").unwrap_or((part.trim_end_matches(" --"), ""));
        let content = if content.is_empty() { String::new() } else { format!("{content}\n") };
        let name = name.replace("S/", "o/dev/").replace("T/", "o/prod/");
        tree.insert(path(&name), File::regular(content.into_bytes()));
    }
    tree
}

pub(super) struct Decided {
    pub(super) files: BTreeMap<String, Option<File>>,
    causes: BTreeMap<String, Vec<Cause>>,
    warnings: Vec<String>,
    left: Vec<(String, String, NotPromotedReason)>,
}

impl Decided {
    fn text(&self, below: &str) -> &str {
        let file = self.files.get(below).unwrap_or_else(|| panic!("{below} is not edited"));
        std::str::from_utf8(&file.as_ref().unwrap().content).unwrap()
    }
}

pub(super) fn try_decide(
    files: &FileTree,
    rules: &Rules,
    last_promotion: &LastPromotion,
) -> Result<Decided, PlanError> {
    let environment = |text: &str| Environment {
        rules: Arc::new(rules.clone()),
        ..Environment::new(EnvironmentName::parse(text).unwrap(), path(&format!("o/{text}")))
    };
    let (source, target) = (environment("dev"), environment("prod"));
    let request = PlanRequest {
        deployers: None,
        past: Past::None,
        wish: &Wish::default(),
        files,
        options: &BuildOptions::default(),
        source: &source,
        target: &target,
        commit: None,
        last_promotion,
        checks: Checks {
            gates: &Gates::none(),
            fetched: &Fetched::default(),
            today: Day::MIN,
            own_values: &[],
        },
    };
    let finished = decide(&request, &source, &target)?;
    let below = |edit: &FileEdit| edit.path.strip_prefix(&path("o/prod")).unwrap().to_owned();
    Ok(Decided {
        files: finished.edits.iter().map(|p| (below(&p.edit), p.edit.after.clone())).collect(),
        causes: finished.edits.iter().map(|p| (below(&p.edit), p.causes.clone())).collect(),
        warnings: finished.warnings.into_iter().map(|warning| warning.message).collect(),
        left: finished
            .not_promoted
            .into_iter()
            .map(|left| (left.field.to_owned(), left.entry, left.reason))
            .collect(),
    })
}

fn decided(text: &str, rules: Rules) -> Decided {
    try_decide(&tree(text), &rules, &LastPromotion::NotLooked).unwrap_or_else(|e| panic!("{e}"))
}

fn globs(texts: &[&str]) -> Vec<PathGlob> {
    texts.iter().map(|text| PathGlob::parse(text).unwrap()).collect()
}

fn keeping(file: &str, fields: &[&str]) -> Rules {
    let fields = fields.iter().map(|field| FieldPath::parse(field).unwrap()).collect();
    Rules {
        keep: vec![Keep { file: PathGlob::parse(file).unwrap(), fields }],
        wire: false,
        ..Rules::default()
    }
}

fn carrying(fields: &[&str]) -> Rules {
    let fields = fields.iter().map(|field| CarriedField::parse(field).unwrap()).collect();
    Rules { fields, ..Rules::default() }
}
