//! Use cases: fetch, decide, act. The one place where decisions and adapters meet.

pub mod local;
pub mod preview;
pub mod schema_fetch;
mod shortened;
pub mod validate;

mod after;
mod allowed;
mod build_options;
mod causes;
mod changed;
mod checking;
mod clear;
mod clock;
mod command;
mod comment;
mod doctor;
mod ended;
mod environment_note;
mod environments;
mod exempt;
mod fence;
mod github_past;
mod given_configuration;
mod given_up;
mod health_event;
mod holds_check;
mod installed_kustomize;
mod job;
mod known_past;
mod kustomize_message;
mod lacking;
mod last_promotion;
mod limit;
mod look;
mod news;
mod notice;
mod overview;
mod pair_of_trees;
mod perform;
mod pipe;
mod plan_at_commit;
mod prometheus;
mod promote;
mod pull_request_preview;
mod receive;
mod recollect;
mod recover;
mod remote_base;
mod repositories;
mod sandbox;
mod service;
mod service_bases;
mod sign_in;
mod snapshot;
mod standing;
mod step;
mod step_request;
mod stored_key;
mod two_snapshots;
mod undo;
mod wheel;
mod work;
mod worker;

pub use checking::{key_of, may_read, schema_directories};
pub use clock::{Clock, fresh_id};
pub use doctor::{Diagnosis, EVENTS, Health, PERMISSIONS, examine_database, examine_github};
pub use environment_note::{EnvironmentNotes, HealthNote, LacksNote, StaysNote, VoiceNote};
pub use fence::fence;
pub use given_configuration::GivenConfiguration;
pub use health_event::HealthEvent;
pub use holds_check::ShownHold;
pub use installed_kustomize::{Engine, kustomize_flags};
pub use job::merge_payloads;
#[cfg(unix)]
pub use limit::watched;
pub use limit::{LimitMet, Memory, lower_limits, watch_time};
pub use overview::{
    EnvironmentCell, EnvironmentList, EvidenceLine, JobLine, LARGEST_PAGE, Part, PromotionLine,
    Question, QueuePage,
};
pub use prometheus::Prometheus;
pub use promote::{
    Basis, OnGithub, OnGithubError, OpenPromotion, Operation, PromoteRequest, Promoted, Stepped,
    UndoRequest, Undone,
};
pub use receive::Received;
pub use remote_base::{GitBases, remote_cache_directory};
pub use sandbox::{answer_questions, plan_in_sandbox};
pub use service::App;
pub use sign_in::{PageSession, Sight, SignInError};
pub use step_request::StepRequest;
