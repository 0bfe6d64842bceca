//! Asking Prometheus what a repository's health queries say. Where it is, is the operator's to say and
//! never a repository's.

use crate::clearance::{Health, HealthSource, Query, SourceKind, State};
use crate::store::{EnvironmentKey, Evidence, Millis};

use crate::app::shortened::{MOST_CHARS, cut};
use crate::app::work::{Stop, Work};

/// How often a query is asked again while somebody waits for it.
pub(in crate::app) const PERIOD_MS: Millis = 60_000;

/// What the values make of a query: each has to be as expected.
fn judge(query: &Query, values: Result<Vec<f64>, String>) -> (State, String) {
    match values {
        Err(because) => (State::Unknown, because),
        Ok(values) => {
            let bad: Vec<String> = values
                .iter()
                .filter(|value| !query.expect.holds(**value))
                .take(3)
                .map(ToString::to_string)
                .collect();
            match bad.is_empty() {
                true => (State::Healthy, format!("{}", query.expect)),
                false => {
                    (State::Degraded, format!("{} instead of {}", bad.join(", "), query.expect))
                }
            }
        }
    }
}

/// Asks the queries of an environment that were not asked lately, and notes what they say of its commit.
pub(super) async fn ask(work: &Work, of: &EnvironmentKey, health: &Health) -> Result<(), Stop> {
    let asked = health.sources.iter().filter_map(|source| match source {
        HealthSource::Query(query) => Some(query),
        _ => None,
    });
    let asked: Vec<&Query> = asked.collect();
    if asked.is_empty() {
        return Ok(());
    }
    let (app, now) = (&work.app, work.app.clock.now());
    let known = app.store.environments(&of.repository).await?;
    let Some(known) = known.into_iter().find(|known| known.key == *of) else { return Ok(()) };
    let heard = app.store.evidence_of(of).await?;
    let is_fresh = |query: &Query| {
        heard.iter().any(|it| {
            it.newest.kind == SourceKind::Query.as_str()
                && it.newest.name == query.name
                && it.newest.commit == known.commit
                && now - it.newest.heard < PERIOD_MS
        })
    };
    let mut evidence = Vec::new();
    for query in asked.into_iter().filter(|query| !is_fresh(query)) {
        let (state, message) = match &app.prometheus {
            Some(prometheus) => judge(query, prometheus.ask(&query.query).await),
            None => (State::Unknown, "whoever runs Overlift names no Prometheus".to_owned()),
        };
        evidence.push(Evidence {
            repository: of.repository.clone(),
            kind: SourceKind::Query.as_str().to_owned(),
            name: query.name.clone(),
            commit: known.commit.clone(),
            application: of.application.clone(),
            environment: of.environment.clone(),
            state: state.as_str().to_owned(),
            message: cut(&message, MOST_CHARS),
            url: None,
            at: now,
            heard: now,
        });
    }
    Ok(app.store.note_evidence(&evidence).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::prometheus::{encoded, read};
    use crate::clearance::Expectation;

    #[test]
    fn answers_are_read_and_judged() {
        let query = Query {
            name: "errors".to_owned(),
            query: "x".to_owned(),
            expect: Expectation::parse("result < 0.01").unwrap(),
        };
        let vector = |values: &str| {
            format!(
                r#"{{"status":"success","data":{{"resultType":"vector","result":[{values}]}}}}"#
            )
        };
        let sample = |value: &str| format!(r#"{{"metric":{{}},"value":[1.5,"{value}"]}}"#);
        for (status, body, state, words) in [
            (200, vector(&sample("0.001")), State::Healthy, "result < 0.01"),
            (200, vector(&sample("0.5")), State::Degraded, "0.5 instead of result < 0.01"),
            (
                200,
                vector(&format!("{},{}", sample("0"), sample("1"))),
                State::Degraded,
                "1 instead",
            ),
            (200, vector(&sample("NaN")), State::Degraded, "NaN instead"),
            (200, vector(""), State::Unknown, "the query has no result"),
            (
                200,
                r#"{"status":"success","data":{"resultType":"scalar","result":[1,"0"]}}"#
                    .to_owned(),
                State::Healthy,
                "result",
            ),
            (
                200,
                r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#.to_owned(),
                State::Unknown,
                "no instant values",
            ),
            (
                400,
                r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#.to_owned(),
                State::Unknown,
                "parse error",
            ),
            (502, "<html>".to_owned(), State::Unknown, "502"),
        ] {
            let (found, told) = judge(&query, read(status, body.as_bytes()));
            assert_eq!(found, state, "{body}");
            assert!(told.contains(words), "{told}");
        }
        assert_eq!(encoded("a{b=\"5..\"}"), "a%7Bb%3D%225..%22%7D");
    }
}
