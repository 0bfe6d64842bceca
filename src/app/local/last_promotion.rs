//! The last promotion of a pair in a checkout's history: whose trailers are borne out by what it did.

use super::super::known_past::{MOST_CLAIMS, planned_on};
use super::past::claims;
use super::workspace::Workspace;
use crate::model::Files as _;
use crate::promotion::{self, Environment, LastPromotion, Prune};
use crate::workdir::{self, CommitTree, WorkdirError};

impl Workspace {
    /// The source's files that the last promotion of a pair was planned on, as far as somebody needs them.
    pub(super) fn last_promotion(
        &self,
        source: &Environment,
        target: &Environment,
    ) -> Result<LastPromotion, WorkdirError> {
        if target.rules.prune != Prune::Removed {
            return Ok(LastPromotion::NotLooked);
        }
        let (Some(repository), Some(from)) = (self.checkout.repository(), &self.commit) else {
            return Ok(LastPromotion::None);
        };
        let key = target.key_from(&source.name);
        let way = self.way(repository, from)?;
        let is_claimed = way.claims.iter().any(|(_, message)| planned_on(message, &key).is_some());
        // Git looks through the history of a folder for longer than most plans take.
        for most in [1, MOST_CLAIMS].into_iter().filter(|_| is_claimed) {
            let claims = claims(repository, from, (source, target), most)?;
            let is_all = claims.len() < most;
            for (commit, promotion) in claims {
                let then = match CommitTree::open(repository, commit) {
                    Ok(tree) => tree,
                    // The promotion is known and what it was made from is not: as good as cut off.
                    Err(WorkdirError::UnknownRevision(_)) => {
                        return Ok(LastPromotion::HistoryCutOff);
                    }
                    Err(error) => return Err(error),
                };
                let edits = match repository.resolve(&format!("{promotion}^")) {
                    Ok(before) => workdir::edits_between(repository, &before, &promotion)?,
                    // The first commit of all, or of what a shallow clone has.
                    Err(WorkdirError::UnknownRevision(_)) => continue,
                    Err(error) => return Err(error),
                };
                let is_one = promotion::is_promotion(&edits, &then, (source, target));
                if is_one.map_err(WorkdirError::from)? {
                    let files = then.list(&source.path).map_err(WorkdirError::from)?;
                    return Ok(LastPromotion::Files(files.into_iter().collect()));
                }
            }
            if is_all {
                break;
            }
        }
        let is_shallow = repository.is_shallow()?;
        Ok(if is_shallow { LastPromotion::HistoryCutOff } else { LastPromotion::None })
    }
}
