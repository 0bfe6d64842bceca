//! Nouns that every room shares, as values that were checked when they were made.
//!
//! No I/O, no clock, no environment. What belongs to one room only lives in that room.

mod api_domain;
mod carried;
mod edited_files;
mod encoded_text;
mod excerpt;
mod field_path;
mod file_names;
mod file_tree;
mod history;
mod kustomization_field;
mod kustomize_version;
mod location;
mod name;
mod nearest;
mod notice;
mod pairing;
mod quantity;
mod remote_pattern;
mod repo_path;
mod repository;
mod shown_field;

pub use api_domain::{is_api_group, is_end_of_api_domain};
pub use carried::{Word, read_word};
pub use edited_files::{EditedFiles, edits_between};
pub use encoded_text::{base64_of, text_in_base64};
pub use excerpt::excerpts;
pub use field_path::{FieldPath, FieldStep, InvalidFieldPath};
pub use file_names::{
    CHART_NAME, KUSTOMIZATION_NAMES, is_manifest_name, is_values_name, is_yaml_name,
};
pub use file_tree::{
    Entry, File, FileEdit, FileMode, FileTree, Files, Holding, Operation, PathPart, ReadError,
    finders, follow, holds,
};
pub use history::{
    BlobId, Blobs, FileState, MOST_PAST_COMMITS, PastCommit, Touched, mainline, thinned,
};
pub use kustomization_field::{
    BUILT_LISTS, CARRIED_FIELDS, FIELD_NAMES, FieldHolds, FieldValues, KUSTOMIZATION_FIELDS,
    KustomizationField, PATCH_LISTS, PairBy, RESOURCE_LISTS, SECRET_FIELDS, file_lists,
};
pub use kustomize_version::{
    KNOWN as KNOWN_KUSTOMIZES, KustomizeVersion, NAMES as KUSTOMIZE_NAMES,
};
pub use location::{Location, Position, Positions};
pub use name::{ApplicationName, CommitSha, EnvironmentName, InvalidName};
pub use nearest::nearest;
pub use notice::{NoticeEvent, NoticeFormat, ReceiverName, Subscription};
pub use pairing::Pairing;
pub use quantity::quantity;
pub use remote_pattern::{InvalidRemotePattern, RemotePattern};
pub use repo_path::{InvalidPath, RepoPath};
pub use repository::{BranchName, DeliveryId, InstallationId, PullRequestNumber, RepoName};
pub use shown_field::{ShownPart, shown_parts};
