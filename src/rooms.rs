//! What tests and benches see of the rooms. Whatever is neither here nor used by another room is dead, and the
//! compiler says so.

pub mod action {
    pub use crate::action::{
        INPUTS, OUTPUTS, Weight, WorkflowCommand, annotation, entry, fresh_delimiter,
    };
}

pub mod app {
    pub use crate::app::{App, Clock, EVENTS, PERMISSIONS, merge_payloads, plan_in_sandbox};
}

pub mod config {
    pub use crate::config::RepositoryConfig;
}

pub mod diff {
    pub use crate::diff::{FilesDiff, KnownValues, RenderedDiff, SecretInputs};
}

pub mod github {
    pub use crate::github::{
        Account, Ancestry, Annotation, AnnotationLevel, Authentication, BlobSha, BranchCreation,
        Commit, CommitReport, Conclusion, DeliveryAttempt, Github, GithubError, GithubSettings,
        Merged, NewCommit, NewPullRequest, Opened, Permission, PullRequest, PullRequestChange,
        PullRequestState, Reaction, Reading, RepoTree, Report, ReportKind, Reported, Repository,
        Retry, Search, SignIn,
    };
    pub mod webhook {
        pub use crate::github::webhook::event::Repository;
        pub use crate::github::webhook::{Event, sign};
    }
}

pub mod kustomize {
    pub use crate::kustomize::{
        Build, BuildError, BuildOptions, Gvk, LoadRestrictor, Reorder, Resource, ResourceId,
        Version, build,
    };
    pub mod schema {
        pub use crate::kustomize::schema::Schema;
    }
    pub mod transform {
        pub mod strategic_merge {
            pub use crate::kustomize::transform::strategic_merge::merge;
        }
    }
    pub mod version {
        pub use crate::kustomize::version::*;
    }
}

pub mod model {
    pub use crate::model::{
        BranchName, CommitSha, EnvironmentName, File, FileEdit, FileMode, FileTree, Files,
        InstallationId, Location, Position, PullRequestNumber, ReceiverName, RepoName, RepoPath,
        base64_of,
    };
}

pub mod notices {
    pub use crate::notices::{Receiver, Receivers};
}

pub mod policy {
    pub use crate::policy::{
        Changes, Day, Fetched, Finding, Gates, Level, Manifest, Overlay, Promotion, Reading, Rule,
        Side, Standards, Subject, Surroundings, Terms, all_rules, analyze, check, check_changes,
        check_overlay, manifests,
    };
    pub mod rego {
        pub use crate::policy::rego::Policies;
    }
    pub mod schema {
        pub use crate::policy::schema::{Schemas, Verdict};
    }
}

pub mod promotion {
    pub use crate::promotion::{Checks, Key, LastPromotion, Past, PlanRequest, Wish, plan};
}

pub mod redact {
    pub use crate::redact::{Credential, Scrubber, WebhookSecrets};
}

pub mod server {
    pub use crate::server::{Listeners, PageSettings, serve, serve_with_pages};
}

pub mod store {
    pub use crate::store::{Kinds, NewJob, Store};
}

pub mod telemetry {
    pub use crate::telemetry::{LogFormat, start_logging};
    pub mod metric {
        pub use crate::telemetry::metric::{render, start};
    }
}

pub mod yaml {
    pub use crate::yaml::{
        Dialect, Mapping, Mark, Node, Pair, Scalar, Style, Tag, Value, outline, parse_stream,
        parse_stream_by_events, write_document, write_stream,
    };
}
