//! Behaviour, one file for each thing a user would say.
#![allow(
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests run programs and read what they leave behind"
)]

mod a_first_configuration;
mod a_hostile_repository_slows_no_other;
mod a_person_in_a_browser;
mod a_release_in_a_clone;
mod a_removed_file_is_pruned;
mod a_required_check_keeps_nobody_waiting;
mod an_earlier_state_is_promoted;
mod an_environment_is_one_file;
mod applications_are_promoted_apart;
mod applications_in_the_service;
mod architecture;
mod bad_input;
mod behind_a_proxy;
mod broken_overlays_say_where;
mod broken_promotions_are_shown;
mod builds_with_an_installed_kustomize;
mod canonical_yaml;
mod command_output;
mod diffs_apply;
mod doctor_says_what_to_fix;
mod documentation;
mod first_steps_are_true;
mod fixture_overlays_build;
mod flux_and_argo_cd_say_how_it_is;
mod from_nothing_to_a_pull_request;
mod gates_check_a_promotion;
mod github_answers;
mod github_costs_little;
mod github_fails;
mod hostile_pushes_end_in_a_sentence;
mod istio_analysis;
mod kubernetes_kinds_are_validated;
mod kustomize_versions;
mod limits_are_met_in_words;
mod lost_deliveries_are_made_up_for;
mod merge_keys_of_kubernetes;
mod nothing_is_lost;
mod overlay_builds_like_kustomize;
mod people_are_told_outside_github;
mod people_sign_in_with_github;
mod people_steer_promotions;
mod plans_with_an_installed_kustomize;
mod policies_in_rego;
mod previews;
mod previews_of_charts;
mod previews_on_pull_requests;
mod promote_in_a_checkout;
mod promote_in_every_style;
mod promote_on_github_by_hand;
mod promotes_when_the_source_is_pushed;
mod promotions_are_held;
mod promotions_are_undone;
mod promotions_cost_little;
mod promotions_follow_the_repository;
mod promotions_merge_themselves;
mod remote_bases;
mod replicas_share_a_queue;
mod resources_against_their_schemas;
mod rules_page;
mod same_plan_everywhere;
#[allow(dead_code, reason = "each behaviour uses what it needs")]
mod support;
mod the_action_file_brings_the_program;
mod the_action_promotes;
mod the_action_speaks_as_the_toolkit;
mod the_app_is_made_from_its_manifest;
mod the_fixture_shows_what_follows;
mod the_history_is_one_everywhere;
mod the_pages_show_what_is_where;
mod the_readme_alone_is_enough;
mod the_service_is_private;
mod the_store_is_lost_between_steps;
mod traffic_moves_in_steps;
mod validate_plain_manifests;
mod webhook_examples;
mod webhook_is_answered;
mod what_deploys_an_environment;
mod what_the_target_keeps;
mod yaml_read_two_ways;
