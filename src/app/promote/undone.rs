//! What was undone is known by what it is: copied files that are as the undone promotion made them, whatever else
//! changed in the target since.

use crate::github::{BlobSha, Repository};
use crate::promotion::{By, Cause, Key, Plan, PlannedEdit};

use super::super::work::Stop;
use super::records::Records;

/// Whether exactly this plan was carried out and then undone.
pub(super) async fn is_undone(
    records: &Records<'_>,
    repository: &Repository,
    plan: &Plan,
) -> Result<bool, Stop> {
    let (name, key) = (repository.name().to_string().to_lowercase(), plan.key());
    Ok(records.was_undone(&name, &key, &plan.id).await?
        || is_what_was_undone(records, repository, &name, &key, plan).await?)
}

/// Whether a plan that copies files makes of each what the last promotion made of it, which was undone.
///
/// Where the history decides, an undone change is settled by the history itself.
async fn is_what_was_undone(
    records: &Records<'_>,
    repository: &Repository,
    name: &str,
    key: &Key,
    plan: &Plan,
) -> Result<bool, Stop> {
    let is_copied = |planned: &&PlannedEdit| {
        let copied = |cause: &Cause| matches!(cause, Cause::Copied { .. } | Cause::Pruned);
        planned.causes.iter().any(copied)
    };
    let copied: Vec<&PlannedEdit> = plan.edits.iter().filter(is_copied).collect();
    if plan.method.by != By::Files || copied.is_empty() {
        return Ok(false);
    }
    let Some(record) = records.last_undone(name, key).await? else { return Ok(false) };
    let Some(commit) = repository.fetch_commit(&record.head_commit).await? else {
        return Ok(false);
    };
    let then = repository.fetch_tree(&commit.tree).await?;
    let is_as_then = |planned: &&PlannedEdit| {
        let after = planned.edit.after.as_ref();
        let now = after.map(|file| BlobSha::of(&file.content, then.sha.format()));
        then.entries.get(&planned.edit.path).map(|entry| &entry.sha) == now.as_ref()
    };
    Ok(copied.iter().all(is_as_then))
}
