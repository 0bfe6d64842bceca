//! The rules, one file each, and the list of them all.

mod annotations;
mod application_uid;
mod authorization_policy;
mod blocked_cidrs;
mod deployment_services;
mod deprecated_field;
mod destination_rule_subset;
mod destination_rule_tls;
mod envoy_filter;
mod external_control_plane;
mod flux_depends_on;
mod gateway_api_version;
mod gateway_certificate;
mod gateway_conflict;
mod gateway_port;
mod gateway_secret;
mod helm_template;
mod image_effect;
mod injection_webhook;
mod jwt_claim_route;
mod kubernetes_gateway_selector;
mod kustomization_fields;
mod lost_books;
mod mesh_networks;
mod multi_cluster_service;
mod namespace_injection;
mod patch_effect;
mod plain_secret;
mod policy;
mod port_name;
mod proxy_image_auto;
mod schema;
mod sealed_elsewhere;
mod service_entry_addresses;
mod service_entry_protocol;
mod source_environment;
mod sync_wave;
mod telemetry_provider;
mod unreferenced_file;
mod virtual_service_destination;
mod virtual_service_gateway;
mod virtual_service_match;
mod virtual_service_mesh_hosts;
mod virtual_service_subset;
mod workload_selector;

pub(super) use policy::POLICY_REFUSED;

use super::rule::Rule;

/// All rules: over a set, then over before and after.
pub(super) fn all() -> impl Iterator<Item = &'static Rule> {
    OVER_A_SET.iter().chain(super::risks::ALL)
}

/// All rules over a set, in the order of their ids.
const OVER_A_SET: &[Rule] = &[
    annotations::RULE,
    application_uid::RULE,
    authorization_policy::RULE,
    blocked_cidrs::RULE,
    deployment_services::RULE,
    deprecated_field::RULE,
    destination_rule_subset::RULE,
    destination_rule_tls::RULE,
    envoy_filter::RULE,
    external_control_plane::RULE,
    flux_depends_on::RULE,
    gateway_api_version::RULE,
    gateway_certificate::RULE,
    gateway_conflict::RULE,
    gateway_port::RULE,
    gateway_secret::RULE,
    helm_template::RULE,
    image_effect::RULE,
    injection_webhook::RULE,
    jwt_claim_route::RULE,
    kubernetes_gateway_selector::RULE,
    kustomization_fields::RULE,
    mesh_networks::RULE,
    multi_cluster_service::RULE,
    namespace_injection::RULE,
    patch_effect::RULE,
    lost_books::RULE,
    plain_secret::RULE,
    policy::RULE,
    port_name::RULE,
    proxy_image_auto::RULE,
    schema::RULE,
    sealed_elsewhere::RULE,
    service_entry_addresses::RULE,
    service_entry_protocol::RULE,
    source_environment::RULE,
    sync_wave::RULE,
    telemetry_provider::RULE,
    unreferenced_file::RULE,
    virtual_service_destination::RULE,
    virtual_service_gateway::RULE,
    virtual_service_match::RULE,
    virtual_service_mesh_hosts::RULE,
    virtual_service_subset::RULE,
    workload_selector::RULE,
];
