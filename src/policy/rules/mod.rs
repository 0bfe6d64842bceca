//! The rules, one file each, and the list of them all.

mod application_uid;
mod blocked_cidrs;
mod destination_rule_subset;
mod destination_rule_tls;
mod envoy_filter;
mod gateway_certificate;
mod gateway_conflict;
mod gateway_port;
mod gateway_secret;
mod mesh_networks;
mod port_name;
mod service_entry_addresses;
mod service_entry_protocol;
mod telemetry_provider;
mod virtual_service_destination;
mod virtual_service_gateway;
mod virtual_service_mesh_hosts;
mod virtual_service_subset;
mod workload_selector;

use super::rule::Rule;

/// All rules over a set, in the order of their ids.
pub(super) const ALL: &[Rule] = &[
    application_uid::RULE,
    blocked_cidrs::RULE,
    destination_rule_subset::RULE,
    destination_rule_tls::RULE,
    envoy_filter::RULE,
    gateway_certificate::RULE,
    gateway_conflict::RULE,
    gateway_port::RULE,
    gateway_secret::RULE,
    mesh_networks::RULE,
    port_name::RULE,
    service_entry_addresses::RULE,
    service_entry_protocol::RULE,
    telemetry_provider::RULE,
    virtual_service_destination::RULE,
    virtual_service_gateway::RULE,
    virtual_service_mesh_hosts::RULE,
    virtual_service_subset::RULE,
    workload_selector::RULE,
];
