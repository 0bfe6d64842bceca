//! What templates show, in words: times, short names, links.

use serde::Serialize;

use super::super::iso::iso;
use crate::app::{
    EnvironmentCell, EnvironmentNotes, EvidenceLine, HealthNote, JobLine, LacksNote, PromotionLine,
    QueuePage, StaysNote, VoiceNote,
};

/// A promotion in a list.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    id: String,
    name: String,
    repository: String,
    application: String,
    source: String,
    target: String,
    state: &'static str,
    because: Option<String>,
    number: Option<u64>,
    branch: String,
    short: String,
    plan_short: String,
    iso: String,
    at: String,
    ago: String,
    begun: String,
    begun_iso: String,
    intent: String,
    merged_as: Option<String>,
    merged_at: Option<String>,
    merged_by: Option<String>,
    undone_at: Option<String>,
    undoes: Option<String>,
    plan: String,
}

/// What a source said of an environment.
#[derive(Debug, Serialize)]
pub(super) struct Word {
    source: String,
    commit: String,
    state: String,
    message: String,
    url: Option<String>,
    iso: String,
    at: String,
    ago: String,
}

impl Word {
    pub(super) fn of(line: EvidenceLine, now: i64) -> Self {
        Self {
            source: format!("{} {}", line.source.0, line.source.1),
            commit: short(&line.commit, 7),
            state: line.state,
            message: line.message,
            // Whoever wrote it, it leads to a site or nowhere.
            url: line.url.filter(|url| url.starts_with("https://")),
            iso: iso(line.at),
            at: told(line.at),
            ago: ago(line.at, now),
        }
    }
}

impl Line {
    pub(super) fn of(line: PromotionLine, now: i64) -> Self {
        let name =
            line.number.map_or_else(|| "being opened".to_owned(), |number| format!("#{number}"));
        Self {
            name,
            short: short(&line.base_commit, 7),
            plan_short: short(&line.plan, 12),
            iso: iso(line.updated_at),
            at: told(line.updated_at),
            ago: ago(line.updated_at, now),
            begun: told(line.created_at),
            begun_iso: iso(line.created_at),
            merged_as: line.merged.as_ref().map(|(commit, _)| short(commit, 7)),
            merged_at: line.merged.map(|(_, at)| told(at)),
            merged_by: line.merged_by,
            undone_at: line.undone_at.map(told),
            undoes: line.undoes,
            plan: line.plan,
            intent: line.intent,
            id: line.id,
            repository: line.repository,
            application: line.application,
            source: line.source,
            target: line.target,
            state: line.state,
            because: line.because,
            number: line.number,
            branch: line.branch,
        }
    }
}

/// A repository with its applications.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    repository: String,
    rows: Vec<Row>,
}

/// An application with its environments.
#[derive(Debug, Serialize)]
struct Row {
    application: String,
    cells: Vec<Cell>,
}

#[derive(Debug, Serialize)]
struct Cell {
    environment: String,
    link: String,
    is_first: bool,
    merged: Option<Line>,
    open: Vec<Open>,
    health: Option<Health>,
    lacks: Vec<Lacks>,
}

/// A promotion that waits, with what holds it.
#[derive(Debug, Serialize)]
struct Open {
    line: Line,
    holds: Vec<String>,
}

/// How an environment is.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    state: String,
    since: Option<String>,
    voices: Vec<Voice>,
    iso: String,
    at: String,
    ago: String,
}

#[derive(Debug, Serialize)]
struct Voice {
    name: String,
    state: String,
    message: String,
    url: Option<String>,
}

/// What an environment lacks of a source, and what stays different.
#[derive(Debug, Serialize)]
pub(super) struct Lacks {
    source: String,
    files: usize,
    summary: String,
    short: String,
    stays: Vec<Stays>,
    stays_count: usize,
    more: usize,
    iso: String,
    at: String,
    ago: String,
}

#[derive(Debug, Serialize)]
struct Stays {
    path: String,
    field: String,
    source: Option<String>,
    target: Option<String>,
    because: String,
}

/// How an environment is, and what it lacks.
pub(super) fn noted(notes: EnvironmentNotes, now: i64) -> (Option<Health>, Vec<Lacks>) {
    let health = notes.health.map(|(health, at)| Health::of(health, at, now));
    (health, notes.lacks.into_iter().map(|(lacks, at)| Lacks::of(lacks, at, now)).collect())
}

impl Health {
    fn of(note: HealthNote, at: i64, now: i64) -> Self {
        let voice = |voice: VoiceNote| Voice {
            name: voice.name,
            state: voice.state,
            message: voice.message,
            // Whoever wrote it, it leads to a site or nowhere.
            url: voice.url.filter(|url| url.starts_with("https://")),
        };
        Self {
            state: note.state,
            since: note.since.map(told),
            voices: note.voices.into_iter().map(voice).collect(),
            iso: iso(at),
            at: told(at),
            ago: ago(at, now),
        }
    }
}

impl Lacks {
    fn of(note: LacksNote, at: i64, now: i64) -> Self {
        let stays = |it: StaysNote| Stays {
            path: it.path,
            field: it.field,
            source: it.source,
            target: it.target,
            because: it.because,
        };
        Self {
            source: note.source,
            files: note.files,
            summary: note.summary,
            short: short(&note.commit.unwrap_or_default(), 7),
            stays_count: note.stays.len() + note.more,
            stays: note.stays.into_iter().map(stays).collect(),
            more: note.more,
            iso: iso(at),
            at: told(at),
            ago: ago(at, now),
        }
    }
}

/// The cells of a page by repository and application.
pub(super) fn groups(cells: Vec<EnvironmentCell>, now: i64) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for cell in cells {
        if groups.last().is_none_or(|group| group.repository != cell.repository) {
            groups.push(Group { repository: cell.repository.clone(), rows: Vec::new() });
        }
        let group = groups.last_mut().expect("one was pushed");
        if group.rows.last().is_none_or(|row| row.application != cell.application) {
            group.rows.push(Row { application: cell.application.clone(), cells: Vec::new() });
        }
        let row = group.rows.last_mut().expect("one was pushed");
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("repository", &cell.repository);
        if !cell.application.is_empty() {
            query.append_pair("application", &cell.application);
        }
        query.append_pair("environment", &cell.environment);
        let (health, lacks) = noted(cell.notes, now);
        let open = cell.open.into_iter();
        row.cells.push(Cell {
            link: format!("/environment?{}", query.finish()),
            is_first: row.cells.is_empty(),
            environment: cell.environment,
            merged: cell.merged.map(|line| Line::of(line, now)),
            open: open.map(|(line, holds)| Open { line: Line::of(line, now), holds }).collect(),
            health,
            lacks,
        });
    }
    groups
}

/// The queue.
#[derive(Debug, Serialize)]
pub(super) struct Queue {
    queued: u64,
    running: u64,
    parked: u64,
    jobs: Vec<Job>,
    more: u64,
    budgets: Vec<Budget>,
}

#[derive(Debug, Serialize)]
struct Job {
    id: String,
    kind: String,
    repository: Option<String>,
    state: &'static str,
    attempts: u32,
    iso: String,
    at: String,
    ago: String,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Budget {
    who: String,
    remaining: u64,
    limit: u64,
}

impl Queue {
    pub(super) fn of(queue: QueuePage, now: i64) -> Self {
        let job = |job: JobLine| Job {
            iso: iso(job.created_at),
            at: told(job.created_at),
            ago: ago(job.created_at, now),
            id: job.id,
            kind: job.kind,
            repository: job.repository,
            state: job.state,
            attempts: job.attempts,
            reason: job.reason,
        };
        let budget = |(who, remaining, limit): (String, u64, u64)| Budget {
            who: if who == "token" {
                "the token".to_owned()
            } else {
                format!("installation {who}")
            },
            remaining,
            limit,
        };
        Self {
            queued: queue.queued,
            running: queue.running,
            parked: queue.parked,
            jobs: queue.jobs.into_iter().map(job).collect(),
            more: queue.more,
            budgets: queue.budgets.into_iter().map(budget).collect(),
        }
    }
}

/// The beginning of a hash.
fn short(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

/// A time for people.
fn told(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default()
}

/// How long ago.
fn ago(at: i64, now: i64) -> String {
    let seconds = (now - at).max(0) / 1000;
    match seconds {
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        let told = [0, 59_000, 60_000, 3_600_000, 200_000_000].map(|past| ago(0, past));
        assert_eq!(told, ["just now", "just now", "1 min ago", "1 h ago", "2 days ago"]);
        assert_eq!(iso(1_700_000_000_000), "2023-11-14T22:13:20Z");
    }
}
