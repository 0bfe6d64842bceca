//! The repository's own policies, in Rego, read and asked as conftest does.
//!
//! Every `.rego` file below a directory is a module; the rules `deny`, `violation` and `warn` (also
//! `deny_…`) of every package are asked about each resource as `input`. A module that `opa` would
//! refuse is refused here too, with its place: see `safety`. Policies see no network, no clock and no
//! value of a Secret; each question has a time limit.

mod ast;
mod bounds;
mod safety;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use regorus::unstable::Rule;
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

use super::Level;
use crate::model::{Entry, Files, Location, Position, RepoPath};
use crate::yaml::Node;

/// How long one rule may think about one resource.
const TIME_LIMIT: Duration = Duration::from_millis(250);
/// How long all rules together may think about all resources of a plan, before and after.
const TOTAL_LIMIT: Duration = Duration::from_secs(10);
/// The longest message that is kept, in characters.
const LONGEST_MESSAGE: usize = 500;
/// The most messages of one rule for one resource.
const MOST_MESSAGES: usize = 100;

/// Policies, read and checked.
#[derive(Debug, Default)]
pub struct Policies {
    engine: Engine,
    questions: Vec<Question>,
    /// What is wrong with the policies themselves.
    pub faults: Vec<Fault>,
    /// How long they thought so far, in microseconds.
    thought_us: AtomicU64,
}

/// A rule that is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    /// `package.rule`, as people name it.
    name: String,
    level: Level,
    /// The file that defines it first.
    file: RepoPath,
}

/// A policy that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The place in the policy.
    pub at: Location,
    /// What is wrong.
    pub message: String,
    /// What to write instead, if we know.
    pub help: Option<&'static str>,
}

/// What a policy says of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    /// `package.rule`.
    pub name: String,
    /// How much it weighs: `deny` and `violation` are errors, `warn` warns.
    pub level: Level,
    /// What it says.
    pub message: String,
    /// The field it is about, where its answer has a `field`.
    pub field: String,
}

/// One file, read.
struct Source {
    path: RepoPath,
    text: String,
}

impl Policies {
    /// Reads the policies below some directories.
    ///
    /// # Errors
    /// The paths of policies whose content is not here; whoever has them asks again.
    pub fn read(files: &dyn Files, directories: &[RepoPath]) -> Result<Self, BTreeSet<RepoPath>> {
        let mut sources = Sources::default();
        for directory in directories {
            sources.read_below(files, directory);
        }
        if !sources.unknown.is_empty() {
            return Err(sources.unknown);
        }
        let mut policies = Self::of(sources.read);
        policies.faults.splice(0..0, sources.faults);
        Ok(policies)
    }

    fn of(sources: Vec<Source>) -> Self {
        let mut faults = Vec::new();
        // All modules are parsed first: a rule of another file of the package is no free variable.
        let mut parsed = Engine::new();
        let mut read = Vec::new();
        for source in sources {
            match add(&mut parsed, &source) {
                Ok(is_v0) => read.push((source, is_v0)),
                Err(fault) => faults.push(fault),
            }
        }
        let rules = rules_of_packages(&mut parsed);
        let mut good = Engine::new();
        let mut questions: BTreeMap<String, Question> = BTreeMap::new();
        for ((source, is_v0), module) in read.iter().zip(parsed.get_modules()) {
            let package = module.package.refr.span().text().to_owned();
            let wrong = faults_of(module, &rules[&package], &source.path);
            if !wrong.is_empty() {
                faults.extend(wrong);
                continue;
            }
            good.set_rego_v0(*is_v0);
            if good.add_policy(source.path.to_string(), source.text.clone()).is_err() {
                continue;
            }
            for rule in &module.policy {
                let Rule::Spec { head, .. } = rule.as_ref() else { continue };
                let Some(name) = ast::head_name(head) else { continue };
                if let Some(level) = level_of(&name) {
                    let name = format!("{package}.{name}");
                    let question =
                        Question { name: name.clone(), level, file: source.path.clone() };
                    questions.entry(name).or_insert(question);
                }
            }
        }
        let check_interval = NonZeroU32::new(64).expect("64 is not 0");
        good.set_execution_timer_config(ExecutionTimerConfig { limit: TIME_LIMIT, check_interval });
        let thought_us = AtomicU64::default();
        let mut policies = Self { engine: good, questions: Vec::new(), faults, thought_us };
        policies.try_out(questions.into_values().collect(), TOTAL_LIMIT);
        policies
    }

    /// Asks each rule about nothing: what only shows when it is asked (unknown functions, recursion) shows on
    /// nothing, too.
    fn try_out(&mut self, questions: Vec<Question>, limit: Duration) {
        let mut engine = std::mem::take(&mut self.engine);
        let mut questions = questions.into_iter();
        while let Some(question) = questions.next() {
            if self.thought() >= limit {
                self.faults.push(not_tried(&question, 1 + questions.len(), limit));
                break;
            }
            match self.timed(|| ask(&mut engine, &question, Value::new_object())) {
                Ok(_) => self.questions.push(question),
                Err(fault) => self.faults.push(fault),
            }
        }
        self.engine = engine;
        self.faults.dedup();
    }

    fn thought(&self) -> Duration {
        Duration::from_micros(self.thought_us.load(Ordering::Relaxed))
    }

    /// Does something on the time of all.
    #[expect(clippy::disallowed_methods, reason = "the engine's own limit is a clock's as well")]
    fn timed<T>(&self, ask: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let answer = ask();
        let thought = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.thought_us.fetch_add(thought, Ordering::Relaxed);
        answer
    }

    /// Whether there is nothing to ask.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// Asks all rules about each resource, in the order of resources and rules.
    ///
    /// A rule that fails on a resource is a fault, told once, and is not asked again. When the time of all is
    /// used up, a fault says what was left out.
    #[must_use]
    pub fn judge<'n>(
        &self,
        resources: impl Iterator<Item = &'n Node>,
    ) -> (Vec<(usize, Verdict)>, Vec<Fault>) {
        self.judge_within(resources, TOTAL_LIMIT)
    }

    fn judge_within<'n>(
        &self,
        resources: impl Iterator<Item = &'n Node>,
        limit: Duration,
    ) -> (Vec<(usize, Verdict)>, Vec<Fault>) {
        let mut engine = self.engine.clone();
        let mut questions: Vec<&Question> = self.questions.iter().collect();
        let (mut verdicts, mut faults) = (Vec::new(), Vec::new());
        let mut resources = resources.enumerate();
        while let Some((index, resource)) = resources.next() {
            let input = value::input(resource);
            let mut cut_off = None;
            questions.retain(|question| {
                if cut_off.is_some() || self.thought() >= limit {
                    cut_off = cut_off.or(Some(*question));
                    return true;
                }
                match self.timed(|| ask(&mut engine, question, input.clone())) {
                    Ok(answers) => {
                        verdicts.extend(answers.into_iter().map(|verdict| (index, verdict)));
                        true
                    }
                    Err(fault) => {
                        faults.push(fault);
                        false
                    }
                }
            });
            if let Some(question) = cut_off {
                faults.push(left_out(question, 1 + resources.count(), limit));
                break;
            }
        }
        (verdicts, faults)
    }
}

/// What is said when already trying them out takes the time of all.
fn not_tried(question: &Question, count: usize, limit: Duration) -> Fault {
    let rules = if count == 1 { "1 rule was" } else { &*format!("{count} rules were") };
    Fault {
        at: Location::file(question.file.clone()),
        message: format!(
            "all policies together have {} s for a plan and used them up: {rules} not asked",
            limit.as_secs()
        ),
        help: Some("look for rules that go through long lists for each of their items"),
    }
}

/// What is said when the policies have used up their time.
fn left_out(question: &Question, count: usize, limit: Duration) -> Fault {
    let resources = if count == 1 { "1 resource was" } else { &*format!("{count} resources were") };
    Fault {
        at: Location::file(question.file.clone()),
        message: format!(
            "all policies together have {} s for a plan and used them up: {resources} not asked about",
            limit.as_secs()
        ),
        help: Some("look for rules that go through all of a long list for each of its items"),
    }
}

/// The files below the directories of policies.
#[derive(Default)]
struct Sources {
    read: Vec<Source>,
    unknown: BTreeSet<RepoPath>,
    faults: Vec<Fault>,
}

impl Sources {
    fn read_below(&mut self, files: &dyn Files, directory: &RepoPath) {
        let paths = match files.list(directory) {
            Ok(paths) => paths,
            Err(error) => return self.fault(directory.clone(), error.to_string()),
        };
        let is_policy = |path: &RepoPath| {
            path.as_str().ends_with(".rego") && !path.as_str().ends_with("_test.rego")
        };
        let paths: Vec<RepoPath> = paths.into_iter().filter(is_policy).collect();
        if paths.is_empty() {
            let message = "there is no policy (`*.rego`) in this directory".to_owned();
            self.fault(directory.clone(), message);
        }
        for path in paths {
            match files.look_up(&path) {
                Ok((_, Entry::File(file))) => match String::from_utf8(file.content.to_vec()) {
                    Ok(text) => self.read.push(Source { path, text }),
                    Err(_) => self.fault(path, "a policy has to be UTF-8".to_owned()),
                },
                Ok((at, Entry::Unknown)) => {
                    self.unknown.insert(at);
                }
                Ok((_, Entry::Directory | Entry::Missing)) => {}
                Err(error) => self.fault(path, error.to_string()),
            }
        }
    }

    fn fault(&mut self, path: RepoPath, message: String) {
        self.faults.push(Fault { at: Location::file(path), message, help: None });
    }
}

/// Parses a file in the version it is written in, and says whether that is the old one.
///
/// `import rego.v1` decides. Without it the file is read as version 1, and as version 0 if it is no
/// file of version 1; of two errors the later one in the file is the more telling.
fn add(engine: &mut Engine, source: &Source) -> Result<bool, Fault> {
    let mut failure: Option<Fault> = None;
    for is_v0 in [false, true] {
        engine.set_rego_v0(is_v0);
        match engine.add_policy(source.path.to_string(), source.text.clone()) {
            Ok(_) => return Ok(is_v0),
            Err(error) => {
                let fault = fault_of(&error, &source.path);
                let later =
                    failure.as_ref().is_none_or(|other| fault.at.position > other.at.position);
                if later {
                    failure = Some(fault);
                }
            }
        }
        if source.text.lines().any(|line| line.trim() == "import rego.v1") {
            break;
        }
    }
    Err(failure.expect("each try that is no success is a failure"))
}

/// The names of all rules, by package.
fn rules_of_packages(engine: &mut Engine) -> BTreeMap<String, BTreeSet<String>> {
    let mut rules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for module in engine.get_modules() {
        let known = rules.entry(module.package.refr.span().text().to_owned()).or_default();
        for rule in &module.policy {
            if let Rule::Spec { head, .. } = rule.as_ref() {
                known.extend(ast::head_name(head));
            }
        }
    }
    rules
}

/// What makes a module unusable although it parses.
fn faults_of(
    module: &regorus::unstable::Module,
    rules: &BTreeSet<String>,
    path: &RepoPath,
) -> Vec<Fault> {
    const HELP: &str = "bind it before: `some item in list`, then `not item.field`";
    let place = |at| Location::file(path.clone()).at(at);
    let mut faults: Vec<Fault> = safety::unsafe_variables(module, rules)
        .into_iter()
        .map(|variable| {
            let what = if variable.is_negated { " under `not`" } else { "" };
            let message = format!(
                "variable `{}`{what} is unsafe: nothing binds it, so OPA refuses the module (rego_unsafe_var_error)",
                variable.name
            );
            let help = variable.is_negated.then_some(HELP);
            Fault { at: place(variable.at), message, help }
        })
        .collect();
    faults.extend(ast::every_with_lookup_under_not(module).into_iter().map(|at| Fault {
        at: place(at),
        message: "a variable looked up under `not` in an `every` is not decided here as OPA decides it".to_owned(),
        help: Some("put the body into a rule of its own, or compare `object.get(x, key, null)`"),
    }));
    faults.extend(bounds::refused_calls(module).into_iter().map(|call| Fault {
        at: place(call.at),
        message: call.why,
        help: None,
    }));
    faults.sort_by_key(|fault| fault.at.position);
    faults
}

/// The level of a rule that conftest asks, by its name.
fn level_of(name: &str) -> Option<Level> {
    let (word, rest) = name.split_once('_').map_or((name, None), |(word, rest)| (word, Some(rest)));
    let is_suffix =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
    if !rest.is_none_or(|rest| rest.split('_').all(is_suffix)) {
        return None;
    }
    match word {
        "deny" | "violation" => Some(Level::Error),
        "warn" => Some(Level::Warning),
        _ => None,
    }
}

fn ask(engine: &mut Engine, question: &Question, input: Value) -> Result<Vec<Verdict>, Fault> {
    engine.set_input(input);
    let answer = engine
        .eval_rule(format!("data.{}", question.name))
        .map_err(|error| fault_of(&error, &question.file))?;
    let answers: Vec<&Value> = match &answer {
        Value::Set(set) => set.iter().collect(),
        Value::Array(items) => items.iter().collect(),
        Value::Bool(false) | Value::Undefined | Value::Null => Vec::new(),
        other => vec![other],
    };
    Ok(answers.into_iter().take(MOST_MESSAGES).filter_map(|a| verdict(question, a)).collect())
}

/// One answer, as conftest reads it: a text, or an object with `msg` and whatever else.
fn verdict(question: &Question, answer: &Value) -> Option<Verdict> {
    let (message, field) = match answer {
        Value::String(text) => (text.to_string(), String::new()),
        Value::Bool(_) => (format!("refused by `{}`", question.name), String::new()),
        Value::Object(_) => {
            let text = |key: &str| answer[key].as_string().ok().map(ToString::to_string);
            let details = answer["details"]["field"].as_string().ok().map(ToString::to_string);
            (text("msg")?, text("field").or(details).unwrap_or_default())
        }
        _ => return None,
    };
    let flat: String = message
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(LONGEST_MESSAGE)
        .collect();
    Some(Verdict { name: question.name.clone(), level: question.level, message: flat, field })
}

/// The place and the reason in an error of the engine, which writes them as a compiler does:
/// `--> file:line:column`, the line, and `error: reason`.
fn fault_of(error: &anyhow::Error, file: &RepoPath) -> Fault {
    let text = format!("{error:#}");
    let place = text.split("--> ").nth(1).and_then(|rest| rest.lines().next());
    let mut parts = place.unwrap_or_default().rsplitn(3, ':');
    let column = parts.next().and_then(|column| column.trim().parse().ok());
    let line = parts.next().and_then(|line| line.parse().ok());
    let path = parts.next().and_then(|path| RepoPath::parse(path).ok());
    let at = Location::file(path.unwrap_or_else(|| file.clone()));
    let at = match (line, column) {
        (Some(line), Some(column)) => at.at(Position { line, column }),
        _ => at,
    };
    let reason = text.split("error: ").last().unwrap_or(&text);
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = reason.chars().take(LONGEST_MESSAGE).collect();
    Fault { at, message, help: None }
}

#[cfg(test)]
mod tests;
