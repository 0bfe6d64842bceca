//! The `steps` of an environment as the rollouts that `traffic` works with.

use super::file;
use super::places::{Faults, Section, Segment};
use crate::clearance::Span;
use crate::config::error::ConfigError;
use crate::traffic::{InvalidRollout, Rollout, VirtualServiceName, Way};
use Segment::{Item, Key};

/// How traffic moves once a promotion is merged.
pub(super) fn read_steps(
    file: &[file::Step],
    section: &Section<'_>,
    faults: &mut Faults,
) -> Vec<Rollout> {
    let mut rollouts: Vec<Rollout> = Vec::new();
    for (index, step) in file.iter().enumerate() {
        let section = section.inside(&[Item(index)]);
        let Some(rollout) = faults.keep(read_step(step, &section)) else { continue };
        if rollouts.iter().any(|known| known.virtual_service == rollout.virtual_service) {
            let because = format!("`{}` has steps already", rollout.virtual_service);
            faults.add(section.fault(&[Key("virtualService")], &because));
            continue;
        }
        rollouts.push(rollout);
    }
    rollouts
}

fn read_step(file: &file::Step, section: &Section<'_>) -> Result<Rollout, ConfigError> {
    let name = &file.virtual_service;
    let virtual_service = VirtualServiceName::parse(name).ok_or_else(|| {
        section.fault(&[Key("virtualService")], &InvalidRollout::Name(name.clone()))
    })?;
    let way = read_way(file).map_err(|(key, error)| {
        let steps = key.map(Key);
        section.fault(steps.as_slice(), &error)
    })?;
    let pause = file.pause.as_deref().map(Span::parse).transpose();
    let pause = pause.map_err(|error| section.fault(&[Key("pause")], &error))?;
    Ok(Rollout { virtual_service, way, pause })
}

/// The way, or what is wrong and under which key.
fn read_way(file: &file::Step) -> Result<Way, (Option<&'static str>, InvalidRollout)> {
    let file::Step { to, from, weights, switch, .. } = file;
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
