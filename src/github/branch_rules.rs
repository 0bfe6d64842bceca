//! What GitHub's rules ask of a branch, as far as they concern a promotion: checks, and whether a queue merges.
//!
//! Both kinds of rules are asked for, rulesets and the older branch protection:
//! <https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch>,
//! <https://docs.github.com/en/rest/branches/branches#get-a-branch>.

use serde::Deserialize;

use super::call::Call;
use super::error::visible;
use super::known_rules::BranchRules;
use super::{GithubError, Repository};
use crate::model::BranchName;

#[derive(Deserialize)]
struct WireRule {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    parameters: WireParameters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireParameters {
    required_status_checks: Vec<WireCheck>,
}

#[derive(Deserialize)]
struct WireCheck {
    context: String,
}

#[derive(Deserialize)]
struct WireBranch {
    #[serde(default)]
    protection: WireProtection,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireProtection {
    required_status_checks: Option<WireRequired>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireRequired {
    contexts: Vec<String>,
}

impl Repository {
    /// The rules of a branch, as they were within the last ten minutes; none where the credential may not see
    /// them, or the server knows none.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_branch_rules(
        &self,
        branch: &BranchName,
    ) -> Result<BranchRules, GithubError> {
        let of = (self.name.clone(), branch.clone());
        if let Some(known) = self.client.branch_rules.get(&of) {
            return Ok(known);
        }
        let mut rules = BranchRules::default();
        let path = self.path(&format!("/rules/branches/{branch}?per_page=100"));
        let call = Call::get("read the rules of the branch", path).conditional();
        let collect = |page: Vec<WireRule>| {
            for WireRule { kind, parameters } in page {
                rules.merge_queue |= kind == "merge_queue";
                let checks = parameters.required_status_checks.into_iter();
                rules.required_checks.extend(checks.map(|check| check.context));
            }
            false
        };
        visible(self.client.pages(self.who, call, collect).await)?;
        let path = self.path(&format!("/branches/{branch}"));
        let call = Call::get("read the protection of the branch", path).conditional();
        let found = visible(self.client.json::<WireBranch>(self.who, call).await)?;
        let required = found.and_then(|branch| branch.protection.required_status_checks);
        rules.required_checks.extend(required.unwrap_or_default().contexts);
        self.client.branch_rules.put(of, rules.clone());
        Ok(rules)
    }
}
