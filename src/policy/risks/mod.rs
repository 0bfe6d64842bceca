//! Rules over before and after: what weakens security, moves traffic, shrinks or deletes something.
//!
//! Each looks at what [`change`](super::change) holds: one changed resource or all of them. Nothing that
//! only strengthens is a warning; nothing that weakens is silent. A new rule is a file here, a line in
//! [`ALL`] and a heading in `docs/rules.md`.

mod alerts;
pub(super) mod authentication;
pub(super) mod authorization;
pub(super) mod availability;
pub(super) mod cors;
mod cover;
pub(super) mod deleted;
mod doors;
pub(super) mod enforcement;
pub(super) mod environment;
pub(super) mod exposure;
pub(super) mod fewer_replicas;
pub(super) mod fewer_resources;
mod guards;
pub(super) mod host;
pub(super) mod image;
pub(super) mod mtls;
pub(super) mod observability;
mod observers;
mod pod;
pub(super) mod proxy_configuration;
mod quantity;
mod relabelled;
mod rollouts;
mod route;
mod scope;
pub(super) mod secret_source;
pub(super) mod security_context;
pub(super) mod service_account;
mod settings;
pub(super) mod storage;
mod switches;
mod telemetry;
#[cfg(test)]
mod tests;
pub(super) mod tls;
pub(super) mod traffic;
mod version;
mod watchers;

pub(super) use version::image;

use super::finding::Finding;
use super::rule::Rule;

/// All rules over before and after, in the order of their ids.
pub(super) const ALL: &[Rule] = &[
    authentication::RULE,
    authorization::RULE,
    availability::RULE,
    cors::RULE,
    exposure::RULE,
    fewer_replicas::RULE,
    fewer_resources::RULE,
    host::RULE,
    image::FLOATING_RULE,
    image::OLDER_RULE,
    mtls::RULE,
    observability::RULE,
    environment::OWN_RULE,
    enforcement::RULE,
    proxy_configuration::RULE,
    environment::AT_ONCE_RULE,
    environment::READS_RULE,
    deleted::RULE,
    traffic::GONE_RULE,
    secret_source::RULE,
    security_context::RULE,
    service_account::RULE,
    storage::RULE,
    tls::RULE,
    traffic::MOVES_RULE,
];

/// Rules that say what is lost with a resource, whatever comes in its place.
pub(super) const OF_LOSS: [&str; 2] = [deleted::RULE.id, storage::RULE.id];

/// What a reader has to see first where there is no room for all: data that may be lost, then what is open to
/// others, what goes elsewhere, what is missing, and what is smaller.
const GRAVEST: [&[&str]; 5] = [
    &[storage::RULE.id],
    &[deleted::RULE.id],
    &[
        authentication::RULE.id,
        authorization::RULE.id,
        mtls::RULE.id,
        tls::RULE.id,
        security_context::RULE.id,
        enforcement::RULE.id,
        proxy_configuration::RULE.id,
        service_account::RULE.id,
        exposure::RULE.id,
        cors::RULE.id,
    ],
    &[traffic::GONE_RULE.id, traffic::MOVES_RULE.id, host::RULE.id],
    &[
        availability::RULE.id,
        observability::RULE.id,
        fewer_replicas::RULE.id,
        fewer_resources::RULE.id,
    ],
];

/// How soon a finding is told among those of its level: what weighs most has the lowest number.
#[must_use]
pub fn gravity(finding: &Finding) -> usize {
    GRAVEST.iter().position(|rules| rules.contains(&finding.rule)).unwrap_or(GRAVEST.len())
}

/// Whether a finding says what the promotion weakens, moves or deletes.
#[must_use]
pub fn is_risk(finding: &Finding) -> bool {
    ALL.iter().any(|rule| rule.id == finding.rule)
}
