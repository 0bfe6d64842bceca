//! What the pages and `/api/v1` show: promotions, environments, the queue; read from the store alone.
//!
//! Nothing is asked from GitHub here, so that two hundred open pages cost it nothing, and nothing is
//! written. Texts are those of the pull request, masked before they were ever stored.

use std::collections::BTreeMap;

use crate::store::{
    EnvironmentKey, KnownEvidence, Listed, Millis, PromotionRecord, PromotionState, StoreError,
    Stretch, Wanted,
};

use super::App;
use super::environment_note::EnvironmentNotes;
use super::sign_in::Sight;
use super::standing::in_words;

/// So many promotions or repositories are on a page where nobody asks for fewer.
pub const PAGE: i64 = 50;
/// So many at most.
pub const LARGEST_PAGE: i64 = 200;
/// So many promotions are read for the environments of a page; what is left is on the next.
const STANDING: usize = 5_000;
/// So many jobs are shown.
const JOBS: u32 = 200;

/// What somebody asks for. An empty text asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// A repository.
    pub repository: String,
    /// An application.
    pub application: String,
    /// A target environment.
    pub environment: String,
    /// `open`, `merged` or `closed`.
    pub state: String,
    /// What whoever asks may see.
    pub sight: Sight,
    /// A part of any of the names.
    pub search: String,
    /// Where the page before ended.
    pub cursor: String,
    /// So many, at most [`LARGEST_PAGE`].
    pub limit: i64,
}

/// A part of a list, and where the next part begins.
#[derive(Clone, Debug)]
pub struct Part<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next part, if there is one.
    pub next: Option<String>,
}

/// A promotion in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotionLine {
    /// Its id.
    pub id: String,
    /// The repository.
    pub repository: String,
    /// The application; empty in a repository without them.
    pub application: String,
    /// The source environment.
    pub source: String,
    /// The target environment.
    pub target: String,
    /// `opening`, `open`, `merged` or `closed`.
    pub state: &'static str,
    /// Why it was closed, in words.
    pub because: Option<String>,
    /// The pull request.
    pub number: Option<i64>,
    /// The plan.
    pub plan: String,
    /// The commit that the plan was made on.
    pub base_commit: String,
    /// The commit that was made.
    pub head_commit: String,
    /// The branch.
    pub branch: String,
    /// What for: `promote`, `undo` or `step`.
    pub intent: String,
    /// The plan that is undone, of one that undoes.
    pub undoes: Option<String>,
    /// The commit of the default branch that brought it, and when.
    pub merged: Option<(String, Millis)>,
    /// Who merged it, by login.
    pub merged_by: Option<String>,
    /// When it was undone.
    pub undone_at: Option<Millis>,
    /// When it was made.
    pub created_at: Millis,
    /// When it changed last.
    pub updated_at: Millis,
}

/// What a source said of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceLine {
    /// What the source is, and its name.
    pub source: (String, String),
    /// The commit that it speaks of.
    pub commit: String,
    /// `healthy`, `degraded` or another word.
    pub state: String,
    /// Its own words.
    pub message: String,
    /// Where to read more.
    pub url: Option<String>,
    /// When, by the source's clock.
    pub at: Millis,
}

/// A promotion with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotionPage {
    /// What lists show.
    pub line: PromotionLine,
    /// The pull request's title and body, once they were written.
    pub text: Option<(String, String)>,
    /// Why it must not be merged now, as far as that does not change with time, one sentence each.
    pub holds: Vec<String>,
    /// The promotions of the same pair, the newest first.
    pub history: Vec<PromotionLine>,
}

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

/// A job that waits, runs or is parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobLine {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: String,
    /// The repository it is about.
    pub repository: Option<String>,
    /// Its state.
    pub state: &'static str,
    /// Attempts since the last progress.
    pub attempts: u32,
    /// When it was queued.
    pub created_at: Millis,
    /// Not to be started before.
    pub run_at: Millis,
    /// Why the last attempt failed.
    pub reason: Option<String>,
}

/// The queue, and what GitHub leaves us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuePage {
    /// Jobs that wait.
    pub queued: u64,
    /// Jobs that run.
    pub running: u64,
    /// Jobs that somebody has to look at.
    pub parked: u64,
    /// The first of them.
    pub jobs: Vec<JobLine>,
    /// How many more there are.
    pub more: u64,
    /// Requests left and allowed, by installation or `token`.
    pub budgets: Vec<(String, u64, u64)>,
}

impl EvidenceLine {
    /// What tells it from others of the same time.
    fn place(&self) -> (&str, &str, &str) {
        (&self.source.0, &self.source.1, &self.commit)
    }

    fn cursor(&self) -> String {
        let (kind, name, commit) = self.place();
        format!("{} {commit} {kind} {name}", self.at)
    }

    /// Whether it comes behind the one with this cursor; behind one that is none comes nothing.
    fn is_behind(&self, cursor: &str) -> bool {
        let mut parts = cursor.splitn(4, ' ');
        let at = parts.next().and_then(|at| at.parse::<Millis>().ok());
        let (commit, kind, name) = (parts.next(), parts.next(), parts.next());
        let place =
            (kind.unwrap_or_default(), name.unwrap_or_default(), commit.unwrap_or_default());
        at.is_some_and(|at| self.at < at || (self.at == at && self.place() > place))
    }
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

impl App {
    /// Promotions, the last changed first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn promotions(&self, asked: &Question) -> Result<Part<PromotionLine>, StoreError> {
        let before = asked.cursor.split_once('.');
        let before = before.and_then(|(at, id)| Some((at.parse().ok()?, id)));
        let limit = limit(asked);
        let wanted = Wanted { before, limit: limit + 1, ..wanted(asked) };
        let mut rows = self.store.list_promotions(&wanted).await?;
        let next = cut(&mut rows, limit);
        let next = next.map(|last| format!("{}.{}", last.updated_at, last.record.id));
        Ok(Part { items: rows.into_iter().map(line).collect(), next })
    }

    /// One promotion; `None` if there is none with this id, or none that may be seen.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn promotion(
        &self,
        id: &str,
        sight: &Sight,
    ) -> Result<Option<PromotionPage>, StoreError> {
        let Some(found) = self.store.promotion(id).await? else { return Ok(None) };
        let record = &found.record;
        if !self.sees(sight, &record.repository).await? {
            return Ok(None);
        }
        let same = Wanted {
            repository: &record.repository,
            application: &record.application,
            target: &record.target,
            limit: PAGE,
            ..Wanted::default()
        };
        let history = self.store.list_promotions(&same).await?;
        let of_pair = |other: &Listed| {
            let other = &other.record;
            other.source == record.source && other.application == record.application
        };
        let text = self.store.promotion_text(id).await?;
        let standing = self.standing(id).await?;
        let body_now = standing.body.clone();
        let is_open = matches!(record.state, PromotionState::Opening | PromotionState::Open);
        Ok(Some(PromotionPage {
            holds: if is_open { in_words(&standing) } else { Vec::new() },
            history: history.into_iter().filter(of_pair).map(line).collect(),
            // What the pull request shows by now has holds and evidence in its head.
            text: text.map(|text| (text.title, body_now.unwrap_or(text.body))),
            line: line(found),
        }))
    }

    /// The environments of the repositories of a page, by repository, application and the order of promotion.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn environments(
        &self,
        asked: &Question,
    ) -> Result<Part<EnvironmentCell>, StoreError> {
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
        let (rows, end) = self.standing_of(&all).await?;
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
        Ok(Part { items: cells, next })
    }

    /// What stands in whole applications, as many as one page has room for, and the last of them where there
    /// are more.
    async fn standing_of(
        &self,
        all: &Stretch<'_>,
    ) -> Result<(Vec<Listed>, Option<(String, String)>), StoreError> {
        let limit = i64::try_from(STANDING).unwrap_or(i64::MAX);
        let mut rows = self.store.standing_promotions(all, limit + 1).await?;
        if rows.len() <= STANDING {
            return Ok((rows, None));
        }
        let place =
            |listed: &Listed| (listed.record.repository.clone(), listed.record.application.clone());
        let last = rows.last().map(place);
        let whole = rows.iter().position(|row| Some(place(row)) == last).unwrap_or_default();
        rows.truncate(whole);
        if let (true, Some((repository, application))) = (rows.is_empty(), &last) {
            // One application alone: it cannot be shown in parts.
            let until = Some((&**repository, &**application));
            rows = self.store.standing_promotions(&Stretch { until, ..*all }, i64::MAX).await?;
        }
        let end = rows.last().map(place);
        Ok((rows, end))
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
        let of_it = |note: &&crate::store::EnvironmentNote| {
            note.key.application == asked.application && note.key.environment == asked.environment
        };
        let named = std::slice::from_ref(&asked.repository);
        let of_application = Stretch { application: &asked.application, ..Stretch::of(named) };
        let all = self.store.notes_of_environments(&of_application).await?;
        all.iter().filter(of_it).for_each(|note| notes.take(note));
        Ok(notes)
    }

    /// What was heard of an environment, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn heard_of(&self, asked: &Question) -> Result<Part<EvidenceLine>, StoreError> {
        let key = EnvironmentKey {
            repository: asked.repository.clone(),
            application: asked.application.clone(),
            environment: asked.environment.clone(),
        };
        if !self.sees(&asked.sight, &key.repository).await? {
            return Ok(Part { items: Vec::new(), next: None });
        }
        let known = self.store.evidence_of(&key).await?;
        let line = |known: KnownEvidence| EvidenceLine {
            source: (known.newest.kind, known.newest.name),
            commit: known.newest.commit,
            state: known.newest.state,
            message: known.newest.message,
            url: known.newest.url,
            at: known.newest.at,
        };
        let mut lines: Vec<EvidenceLine> = known.into_iter().map(line).collect();
        lines.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.place().cmp(&b.place())));
        lines.retain(|line| asked.cursor.is_empty() || line.is_behind(&asked.cursor));
        let next = cut(&mut lines, limit(asked)).map(EvidenceLine::cursor);
        Ok(Part { items: lines, next })
    }

    /// The queue, as far as it may be seen. What GitHub leaves us is the operator's alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn queue(&self, sight: &Sight) -> Result<QueuePage, StoreError> {
        let counts = match sight {
            Sight::All => self.store.job_counts().await?,
            Sight::Of(session) => self.store.job_counts_seen_by(session).await?,
        };
        let jobs = self.store.list_jobs_seen_by(sight.session(), JOBS).await?;
        let all = counts.queued + counts.running + counts.parked;
        let more = all.saturating_sub(jobs.len() as u64);
        let jobs = jobs.into_iter().map(|job| JobLine {
            id: job.id,
            kind: job.kind,
            repository: job.repository,
            state: job.state.as_str(),
            attempts: job.attempts,
            created_at: job.created_at,
            run_at: job.run_at,
            reason: job.reason,
        });
        let rates = if *sight == Sight::All { self.github.rates_left() } else { Vec::new() };
        let budgets = rates.into_iter().map(|rate| {
            let who = rate.installation.map_or_else(|| "token".to_owned(), |id| id.to_string());
            (who, rate.remaining, rate.limit)
        });
        Ok(QueuePage {
            queued: counts.queued,
            running: counts.running,
            parked: counts.parked,
            jobs: jobs.collect(),
            more,
            budgets: budgets.collect(),
        })
    }

    /// A value that is another one once something changed that pages show.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn generation(&self) -> Result<(Millis, Millis), StoreError> {
        self.store.generation().await
    }

    /// The time, as pages tell it.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }
}

fn limit(asked: &Question) -> i64 {
    if asked.limit == 0 { PAGE } else { asked.limit.clamp(1, LARGEST_PAGE) }
}

fn wanted(asked: &Question) -> Wanted<'_> {
    Wanted {
        repository: &asked.repository,
        application: &asked.application,
        target: &asked.environment,
        state: &asked.state,
        search: &asked.search,
        session: asked.sight.session(),
        ..Wanted::default()
    }
}

/// Cuts a list that has one item more than was asked for, and returns the last of those that stay.
fn cut<T>(list: &mut Vec<T>, limit: i64) -> Option<&T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if list.len() <= limit {
        return None;
    }
    list.truncate(limit);
    list.last()
}

fn line(listed: Listed) -> PromotionLine {
    let Listed { record, updated_at } = listed;
    PromotionLine {
        because: because(&record),
        id: record.id,
        repository: record.repository,
        application: record.application,
        source: record.source,
        target: record.target,
        state: match record.state {
            PromotionState::Opening => "opening",
            PromotionState::Open => "open",
            PromotionState::Merged => "merged",
            PromotionState::Closed => "closed",
        },
        number: record.pull_request,
        plan: record.plan_id,
        base_commit: record.base_commit,
        head_commit: record.head_commit,
        branch: record.branch,
        intent: record.intent,
        undoes: record.undoes,
        merged: record.merged_as.zip(record.merged_at),
        merged_by: record.merged_by,
        undone_at: record.undone_at,
        created_at: record.created_at,
        updated_at,
    }
}

fn because(record: &PromotionRecord) -> Option<String> {
    let words = match record.closed_because.as_deref()? {
        "person" => "closed by a person",
        "empty" => "nothing to promote any more",
        "retired" => "not configured any more",
        "superseded" => "a newer one took its place",
        other => other,
    };
    Some(words.to_owned())
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
        for environment in in_order(&lines) {
            let into = || lines.iter().filter(|line| line.target == environment);
            let merged = into().filter(|line| line.state == "merged");
            cells.push(EnvironmentCell {
                repository: repository.clone(),
                application: application.clone(),
                merged: merged.max_by_key(|line| line.created_at).cloned(),
                open: into()
                    .filter(|line| line.state.starts_with("open"))
                    .map(|line| (line.clone(), Vec::new()))
                    .collect(),
                environment,
                notes: EnvironmentNotes::default(),
            });
        }
    }
    cells.retain(|cell| asked.environment.is_empty() || asked.environment == cell.environment);
    cells
}

/// The names of environments, sources before their targets as far as that goes.
fn in_order(lines: &[PromotionLine]) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for line in lines {
        for name in [line.source.as_str(), &line.target] {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let mut ordered: Vec<String> = Vec::new();
    while !names.is_empty() {
        let waits = |name: &str| {
            lines.iter().any(|line| {
                line.target == name && line.source != name && names.contains(&line.source.as_str())
            })
        };
        // In a circle somebody has to be the first.
        let at = names.iter().position(|name| !waits(name)).unwrap_or(0);
        ordered.push(names.remove(at).to_owned());
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
