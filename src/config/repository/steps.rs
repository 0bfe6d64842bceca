//! `steps` of an environment: their keys, what is written there, and the rollouts that `traffic` works with.

use serde::Deserialize;

use super::places::{Faults, Section, Segment};
use super::shape::{Absent, Key, SOMETHING, SPAN, Shape, list};
use crate::clearance::Span;
use crate::config::error::ConfigError;
use crate::traffic::{InvalidRollout, Rollout, VirtualServiceName, Way};

pub(super) static STEP: Shape = Shape::Mapping(&[
    Key {
        name: "virtualService",
        shape: Shape::Text {
            pattern: Some("^([a-z0-9.{}-]+/)?[a-z0-9.{}-]+$"),
            longest: Some(300),
        },
        about: "The VirtualService, as `NAMESPACE/NAME`; `{application}` stands for the application.",
        absent: Absent::Refused,
    },
    Key {
        name: "to",
        shape: SOMETHING,
        about: "The subset (or host) that traffic moves to.",
        absent: Absent::Nothing,
    },
    Key {
        name: "from",
        shape: SOMETHING,
        about: "The subset (or host) that it comes from.",
        absent: Absent::Nothing,
    },
    Key {
        name: "weights",
        shape: list(&Shape::Percent, 1),
        about: "What `to` gets at each step, in percent, rising; `from` gets the rest.",
        absent: Absent::Nothing,
    },
    Key {
        name: "switch",
        shape: Shape::List { items: &SOMETHING, least: 2, most: 2 },
        about: "In place of `to`, `from` and `weights`: two subsets (or hosts) of which one is live; one \
                pull request makes the other one live.",
        absent: Absent::Nothing,
    },
    Key {
        name: "pause",
        shape: SPAN,
        about: "How long a step waits once the environment is healthy with the one before it: `30s`, \
                `10m`, `2h`, `1d`.",
        absent: Absent::Nothing,
    },
]);

/// What is written there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct StepKeys {
    virtual_service: String,
    to: Option<String>,
    from: Option<String>,
    weights: Option<Vec<u32>>,
    switch: Option<Vec<String>>,
    pause: Option<String>,
}

/// How traffic moves once a promotion is merged.
pub(super) fn read_steps(
    file: &[StepKeys],
    section: &Section<'_>,
    faults: &mut Faults,
) -> Vec<Rollout> {
    let mut rollouts: Vec<Rollout> = Vec::new();
    for (index, step) in file.iter().enumerate() {
        let section = section.inside(&[Segment::Item(index)]);
        let Some(rollout) = faults.keep(read_step(step, &section)) else { continue };
        if rollouts.iter().any(|known| known.virtual_service == rollout.virtual_service) {
            let because = format!("`{}` has steps already", rollout.virtual_service);
            faults.add(section.fault(&[Segment::Key("virtualService")], &because));
            continue;
        }
        rollouts.push(rollout);
    }
    rollouts
}

fn read_step(file: &StepKeys, section: &Section<'_>) -> Result<Rollout, ConfigError> {
    let name = &file.virtual_service;
    let virtual_service = VirtualServiceName::parse(name).ok_or_else(|| {
        section.fault(&[Segment::Key("virtualService")], &InvalidRollout::Name(name.clone()))
    })?;
    let way = read_way(file).map_err(|(key, error)| {
        let steps = key.map(Segment::Key);
        section.fault(steps.as_slice(), &error)
    })?;
    let pause = file.pause.as_deref().map(Span::parse).transpose();
    let pause = pause.map_err(|error| section.fault(&[Segment::Key("pause")], &error))?;
    Ok(Rollout { virtual_service, way, pause })
}

/// The way, or what is wrong and under which key.
fn read_way(file: &StepKeys) -> Result<Way, (Option<&'static str>, InvalidRollout)> {
    let StepKeys { to, from, weights, switch, .. } = file;
    match (to, from, weights, switch.as_deref()) {
        (Some(to), Some(from), Some(weights), None) => {
            Rollout::canary(to, from, weights).map_err(|error| {
                let key = if error == InvalidRollout::Weights { "weights" } else { "to" };
                (Some(key), error)
            })
        }
        (None, None, None, Some([one, other])) => {
            Rollout::switch(one, other).map_err(|error| (Some("switch"), error))
        }
        _ => Err((None, InvalidRollout::NoWay)),
    }
}
