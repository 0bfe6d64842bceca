//! Environments with what stands in them, in the order of promotion.

use std::collections::{BTreeMap, BTreeSet};

use super::super::App;
use super::super::environment_note::EnvironmentNotes;
use super::promotions::{PromotionLine, line};
use super::question::{Part, Question, cut, limit, wanted};
use crate::store::{EnvironmentKey, EnvironmentNote, Listed, StoreError, Stretch, Wanted};

/// So many promotions are read for the environments of a page; what is left is on the next.
const STANDING: usize = 5_000;

/// An environment of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentCell {
    /// The repository.
    pub repository: String,
    /// The application; empty in a repository without them.
    pub application: String,
    /// The environment.
    pub environment: String,
    /// The last promotion that was merged into it.
    pub merged: Option<PromotionLine>,
    /// The promotions into it that are open, each with what holds it.
    pub open: Vec<(PromotionLine, Vec<String>)>,
    /// How it is and what it lacks, as far as that was noted.
    pub notes: EnvironmentNotes,
}

impl EnvironmentCell {
    fn key(&self) -> EnvironmentKey {
        EnvironmentKey {
            repository: self.repository.clone(),
            application: self.application.clone(),
            environment: self.environment.clone(),
        }
    }
}

/// A part of the environments.
#[derive(Clone, Debug)]
pub struct EnvironmentList {
    /// The environments, and where the next part begins.
    pub part: Part<EnvironmentCell>,
    /// The repository and the application of which more stands than a page has room for: the list of its promotions
    /// has the rest.
    pub left_out: Option<(String, String)>,
}

/// What stands in some applications.
struct Standing {
    rows: Vec<Listed>,
    /// The last application, where more follow.
    end: Option<(String, String)>,
    /// Whether there is more of that one alone.
    is_cut: bool,
}

impl App {
    /// The environments of the repositories of a page, by repository, application and the order of promotion.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn environments(&self, asked: &Question) -> Result<EnvironmentList, StoreError> {
        let limit = limit(asked);
        let wanted = Wanted { limit: limit + 1, ..wanted(asked) };
        // Where a page ended within a repository, the cursor has its last application too.
        let within = asked.cursor.split_once(' ');
        let behind = within.map_or(asked.cursor.as_str(), |(repository, _)| repository);
        let mut names = self.store.repositories_with_promotions(&wanted, behind).await?;
        let mut next = cut(&mut names, limit).cloned();
        if let Some((repository, _)) = within
            && (asked.repository.is_empty() || asked.repository == repository)
            && self.sees(&asked.sight, repository).await?
        {
            names.insert(0, repository.to_owned());
        }
        let application = asked.application.as_str();
        let all = Stretch { application, after: within, ..Stretch::of(&names) };
        let Standing { rows, end, is_cut } = self.standing_of(&all).await?;
        let left_out = end.clone().filter(|_| is_cut);
        let end = end.as_ref().map(|(repository, application)| (&**repository, &**application));
        if let Some((repository, application)) = end {
            next = Some(format!("{repository} {application}"));
        }
        let shown = Stretch { until: end, ..all };
        let mut cells = cells(rows.into_iter().map(line).collect(), asked);
        let held = self.store.holds_of_open(&shown).await?;
        let held: BTreeMap<String, String> = held.into_iter().collect();
        let mut notes: BTreeMap<EnvironmentKey, EnvironmentNotes> = BTreeMap::new();
        for note in self.store.notes_of_environments(&shown).await? {
            notes.entry(note.key.clone()).or_default().take(&note);
        }
        for cell in &mut cells {
            for (line, holds) in &mut cell.open {
                let told = held.get(&line.id).and_then(|text| serde_json::from_str(text).ok());
                *holds = told.unwrap_or_default();
            }
            cell.notes = notes.remove(&cell.key()).unwrap_or_default();
        }
        Ok(EnvironmentList { part: Part { items: cells, next }, left_out })
    }

    /// What stands in whole applications, as many as one page has room for, and the last of them where there
    /// are more.
    async fn standing_of(&self, all: &Stretch<'_>) -> Result<Standing, StoreError> {
        let limit = i64::try_from(STANDING).unwrap_or(i64::MAX);
        let mut rows = self.store.standing_promotions(all, limit + 1).await?;
        if rows.len() <= STANDING {
            return Ok(Standing { rows, end: None, is_cut: false });
        }
        let place =
            |listed: &Listed| (listed.record.repository.clone(), listed.record.application.clone());
        let last = rows.last().map(place);
        let whole = rows.iter().position(|row| Some(place(row)) == last).unwrap_or_default();
        // One application alone that is larger than a page ends where the page does.
        let is_cut = whole == 0;
        rows.truncate(if is_cut { STANDING } else { whole });
        let end = rows.last().map(place);
        Ok(Standing { rows, end, is_cut })
    }

    /// What was noted of an environment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn noted_of(&self, asked: &Question) -> Result<EnvironmentNotes, StoreError> {
        let repository = asked.repository.as_str();
        let mut notes = EnvironmentNotes::default();
        if !self.sees(&asked.sight, repository).await? {
            return Ok(notes);
        }
        let of_it = |note: &&EnvironmentNote| {
            note.key.application == asked.application && note.key.environment == asked.environment
        };
        let named = std::slice::from_ref(&asked.repository);
        let of_application = Stretch { application: &asked.application, ..Stretch::of(named) };
        let all = self.store.notes_of_environments(&of_application).await?;
        all.iter().filter(of_it).for_each(|note| notes.take(note));
        Ok(notes)
    }
}

/// The environments that promotions tell of. The order of promotion is that of the pairs: a target comes
/// behind its sources.
fn cells(lines: Vec<PromotionLine>, asked: &Question) -> Vec<EnvironmentCell> {
    let mut rows: BTreeMap<(String, String), Vec<PromotionLine>> = BTreeMap::new();
    for line in lines {
        let fits = asked.application.is_empty() || asked.application == line.application;
        if fits {
            let key = (line.repository.clone(), line.application.clone());
            rows.entry(key).or_default().push(line);
        }
    }
    let mut cells = Vec::new();
    for ((repository, application), lines) in rows {
        let mut by_target: BTreeMap<&str, Vec<&PromotionLine>> = BTreeMap::new();
        for line in &lines {
            by_target.entry(&line.target).or_default().push(line);
        }
        for environment in in_order(&lines) {
            let into = || by_target.get(environment.as_str()).into_iter().flatten();
            let merged = into().filter(|line| line.state == "merged");
            cells.push(EnvironmentCell {
                repository: repository.clone(),
                application: application.clone(),
                merged: merged.max_by_key(|line| line.created_at).map(|line| (*line).clone()),
                open: into()
                    .filter(|line| line.state.starts_with("open"))
                    .map(|line| ((*line).clone(), Vec::new()))
                    .collect(),
                environment,
                notes: EnvironmentNotes::default(),
            });
        }
    }
    cells.retain(|cell| asked.environment.is_empty() || asked.environment == cell.environment);
    cells
}

/// The names of environments, sources before their targets as far as that goes, else in the order in which they
/// are told of.
fn in_order(lines: &[PromotionLine]) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for name in lines.iter().flat_map(|line| [line.source.as_str(), line.target.as_str()]) {
        places.entry(name).or_insert_with(|| {
            names.push(name);
            names.len() - 1
        });
    }
    let mut leads_to = vec![BTreeSet::new(); names.len()];
    let mut waits_for = vec![0_usize; names.len()];
    for line in lines {
        let (source, target) = (places[line.source.as_str()], places[line.target.as_str()]);
        if source != target && leads_to[source].insert(target) {
            waits_for[target] += 1;
        }
    }
    let mut left: BTreeSet<usize> = (0..names.len()).collect();
    let mut ready: BTreeSet<usize> =
        left.iter().copied().filter(|place| waits_for[*place] == 0).collect();
    let mut ordered: Vec<String> = Vec::new();
    // In a circle somebody has to be the first.
    while let Some(place) = ready.pop_first().or_else(|| left.first().copied()) {
        left.remove(&place);
        ordered.push(names[place].to_owned());
        for target in leads_to[place].iter().filter(|target| left.contains(target)) {
            waits_for[*target] -= 1;
            if waits_for[*target] == 0 {
                ready.insert(*target);
            }
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_stand_in_the_order_of_promotion() {
        let line = |source: &str, target: &str| PromotionLine {
            source: source.to_owned(),
            target: target.to_owned(),
            ..empty()
        };
        let lines = [line("staging", "production"), line("development", "staging")];
        assert_eq!(in_order(&lines), ["development", "staging", "production"]);
        let circle = [line("a", "b"), line("b", "a")];
        assert_eq!(in_order(&circle), ["a", "b"]);
        let with_a_circle = [line("b", "c"), line("c", "b"), line("c", "d"), line("a", "b")];
        assert_eq!(in_order(&with_a_circle), ["a", "b", "c", "d"]);
        let diamond =
            [line("x", "b"), line("x", "a"), line("a", "y"), line("b", "y"), line("x", "x")];
        assert_eq!(in_order(&diamond), ["x", "b", "a", "y"]);
    }

    /// A repository may have thousands of environments without applications: to the power of three that was no page
    /// in a lifetime.
    #[test]
    fn five_thousand_environments_are_put_in_order() {
        let line = |at: usize| PromotionLine {
            source: format!("environment-{}", at + 1),
            target: format!("environment-{at}"),
            ..empty()
        };
        let lines: Vec<PromotionLine> = (0..5_000).map(line).collect();
        let ordered = in_order(&lines);
        assert_eq!((ordered.len(), ordered[0].as_str()), (5_001, "environment-5000"));
    }

    fn empty() -> PromotionLine {
        PromotionLine {
            id: String::new(),
            repository: String::new(),
            application: String::new(),
            source: String::new(),
            target: String::new(),
            state: "open",
            because: None,
            number: None,
            plan: String::new(),
            base_commit: String::new(),
            head_commit: String::new(),
            branch: String::new(),
            intent: String::new(),
            undoes: None,
            merged: None,
            merged_by: None,
            undone_at: None,
            created_at: 0,
            updated_at: 0,
        }
    }
}
