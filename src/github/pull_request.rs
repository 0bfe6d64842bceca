//! Pull requests: found, opened, changed, labelled, given to reviewers.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::account::WireAccount;
use super::call::Call;
use super::commit_report::read_time;
use super::error::{bad, found};
use super::{Account, GithubError, Repository, address};
use crate::model::{BranchName, CommitSha, PullRequestNumber, RepoName};

/// A pull request as GitHub has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: PullRequestNumber,
    /// Its page.
    pub url: String,
    /// How it stands.
    pub state: PullRequestState,
    /// Its title.
    pub title: String,
    /// Its text; empty if it has none. Whoever can edit it may have written it: it decides nothing.
    pub body: String,
    /// Whether it is a draft.
    pub draft: bool,
    /// The labels' names.
    pub labels: Vec<String>,
    /// Who opened it.
    pub author: Option<Account>,
    /// The repository of the head branch; `None` for a fork that is gone.
    pub head_repository: Option<RepoName>,
    /// The head branch, as GitHub writes it.
    pub head_branch: String,
    /// The head branch's last commit.
    pub head: CommitSha,
    /// The base branch, as GitHub writes it.
    pub base_branch: String,
    /// The base branch's commit when GitHub looked last; fresh in the answer that opens a pull request.
    pub base: CommitSha,
    /// Whether it merges cleanly, where GitHub has found out; only [`Repository::fetch_pull_request`] can know.
    pub mergeable: Option<bool>,
    /// When it was opened, as milliseconds since 1970.
    pub created_ms: Option<i64>,
    /// When it was merged, if it was.
    pub merged_ms: Option<i64>,
}

/// How a pull request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullRequestState {
    /// Open.
    Open,
    /// Closed without a merge.
    Closed,
    /// Merged, as this commit if GitHub says it.
    Merged(Option<CommitSha>),
}

/// Which pull requests are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Open ones.
    Open,
    /// Open and closed ones.
    All,
}

/// A pull request that is to be opened.
#[derive(Clone, Copy, Debug)]
pub struct NewPullRequest<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its text.
    pub body: &'a str,
    /// The branch with the commit.
    pub head: &'a BranchName,
    /// The branch it is for.
    pub base: &'a BranchName,
    /// Whether it is a draft.
    pub draft: bool,
}

/// What changes in a pull request; `None` stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct PullRequestChange<'a> {
    /// A new title.
    pub title: Option<&'a str>,
    /// A new text.
    pub body: Option<&'a str>,
    /// Whether to close it.
    pub close: bool,
}

/// What became of the wish for a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It was opened by this call.
    Created(PullRequest),
    /// There was an open one for these branches already.
    Exists(PullRequest),
}

#[derive(Deserialize)]
struct Wire {
    number: u64,
    html_url: Option<String>,
    state: String,
    title: String,
    body: Option<String>,
    #[serde(default)]
    draft: Option<bool>,
    #[serde(default)]
    labels: Vec<WireLabel>,
    user: Option<WireAccount>,
    head: WireSide,
    base: WireSide,
    created_at: Option<String>,
    merged_at: Option<String>,
    merge_commit_sha: Option<String>,
    mergeable: Option<bool>,
}

#[derive(Deserialize)]
struct WireLabel {
    name: String,
}

#[derive(Deserialize)]
struct WireSide {
    #[serde(rename = "ref")]
    branch: String,
    sha: String,
    /// `owner:branch`; it stays when a fork is deleted.
    label: Option<String>,
    repo: Option<WireRepository>,
}

#[derive(Deserialize)]
struct WireRepository {
    full_name: String,
    node_id: Option<String>,
}

impl Repository {
    /// Pull requests of this repository from one branch to another, newest first.
    ///
    /// GitHub filters; its answer is filtered again, since a fork's branch may have the same name. The
    /// search ends with the page that has the first match: a closed one from long ago is not found behind
    /// a hundred newer ones.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn find_pull_requests(
        &self,
        head: &BranchName,
        base: &BranchName,
        search: Search,
    ) -> Result<Vec<PullRequest>, GithubError> {
        const REQUEST: &str = "look for the pull request";
        let filter = format!("{}:{head}", self.name.owner());
        let path = self.path(&format!(
            "/pulls?state={}&head={}&base={}&sort=created&direction=desc&per_page=100",
            if search == Search::Open { "open" } else { "all" },
            address::query(&filter),
            address::query(base.as_str()),
        ));
        let (mut matches, mut fault) = (Vec::new(), None);
        let call = Call::get(REQUEST, path).conditional();
        let enough = |page: Vec<Wire>| {
            for wire in page.into_iter().filter(|wire| self.is_between(wire, head, base)) {
                match self.pull_request(REQUEST, wire) {
                    Ok(found) => matches.push(found),
                    Err(error) => fault = Some(error),
                }
            }
            fault.is_some() || !matches.is_empty()
        };
        self.client.pages(self.who, call, enough).await?;
        matches.retain(|found| search == Search::All || found.state == PullRequestState::Open);
        matches.sort_by_key(|found| std::cmp::Reverse(found.number));
        fault.map_or(Ok(matches), Err)
    }

    /// The open pull requests into a branch, those of forks too, newest first; at most a thousand.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_open_pull_requests(
        &self,
        base: &BranchName,
    ) -> Result<Vec<PullRequest>, GithubError> {
        const REQUEST: &str = "list the open pull requests";
        const MOST: usize = 1_000;
        let path = self.path(&format!(
            "/pulls?state=open&base={}&sort=created&direction=desc&per_page=100",
            address::query(base.as_str()),
        ));
        let (mut open, mut seen, mut fault) = (Vec::new(), 0, None);
        let enough = |page: Vec<Wire>| {
            seen += page.len();
            for wire in page {
                match self.pull_request(REQUEST, wire) {
                    Ok(found) => open.push(found),
                    Err(error) => fault = Some(error),
                }
            }
            fault.is_some() || seen >= MOST
        };
        self.client.pages(self.who, Call::get(REQUEST, path).conditional(), enough).await?;
        open.retain(|found| found.base_branch == base.as_str());
        fault.map_or(Ok(open), Err)
    }

    fn is_between(&self, wire: &Wire, head: &BranchName, base: &BranchName) -> bool {
        let owner = self.name.owner();
        let here = |side: &WireSide| match (&side.repo, &side.label) {
            (Some(repo), _) => repo.full_name.eq_ignore_ascii_case(&self.name.to_string()),
            (None, Some(label)) => {
                label.split_once(':').is_none_or(|(whose, _)| whose.eq_ignore_ascii_case(owner))
            }
            // Then there is only GitHub's own filter, by owner and branch.
            (None, None) => true,
        };
        here(&wire.head) && wire.head.branch == head.as_str() && wire.base.branch == base.as_str()
    }

    /// A pull request by its number; `None` if there is none.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_pull_request(
        &self,
        number: PullRequestNumber,
    ) -> Result<Option<PullRequest>, GithubError> {
        const REQUEST: &str = "read the pull request";
        let call = Call::get(REQUEST, self.path(&format!("/pulls/{}", number.get()))).conditional();
        let Some(wire) = found(self.client.json(self.who, call).await)? else { return Ok(None) };
        self.pull_request(REQUEST, wire).map(Some)
    }

    /// Opens a pull request, or finds the one that is open for these branches: GitHub allows one. If
    /// the answer is lost, asks.
    ///
    /// # Errors
    /// [`GithubError::Refused`] if there is nothing between the branches, or any failure of asking.
    pub async fn open_pull_request(&self, new: &NewPullRequest<'_>) -> Result<Opened, GithubError> {
        const REQUEST: &str = "open the pull request";
        let body = json!({
            "title": new.title,
            "body": new.body,
            "head": new.head.as_str(),
            "base": new.base.as_str(),
            "draft": new.draft,
        });
        let answer =
            self.client.json(self.who, Call::post(REQUEST, self.path("/pulls"), body)).await;
        let error = match answer.and_then(|wire| self.pull_request(REQUEST, wire)) {
            Ok(created) => return Ok(Opened::Created(created)),
            Err(error) => error,
        };
        if !error.may_have_happened() && !error.says("already exists") {
            return Err(error);
        }
        let open = self.find_pull_requests(new.head, new.base, Search::Open).await?;
        match open.into_iter().next() {
            Some(open) if error.may_have_happened() && open.body == new.body => {
                Ok(Opened::Created(open))
            }
            Some(open) => Ok(Opened::Exists(open)),
            None => Err(error),
        }
    }

    /// Changes a pull request. Doing it twice is the same as doing it once.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn change_pull_request(
        &self,
        number: PullRequestNumber,
        change: &PullRequestChange<'_>,
    ) -> Result<PullRequest, GithubError> {
        const REQUEST: &str = "change the pull request";
        let mut body = Map::new();
        let texts = [("title", change.title), ("body", change.body)];
        let closed = ("state", change.close.then_some("closed"));
        for (field, value) in texts.into_iter().chain([closed]) {
            body.extend(value.map(|value| (field.to_owned(), Value::from(value))));
        }
        let path = self.path(&format!("/pulls/{}", number.get()));
        let call = Call::patch(REQUEST, path, body.into()).repeatable();
        pull_request(REQUEST, self.client.json(self.who, call).await?)
    }

    /// Adds labels; GitHub makes those that the repository does not have. Others stay.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn add_labels(
        &self,
        number: PullRequestNumber,
        labels: &[String],
    ) -> Result<(), GithubError> {
        let path = self.path(&format!("/issues/{}/labels", number.get()));
        self.add("label the pull request", path, json!({ "labels": labels })).await
    }

    /// Asks people and teams for their review.
    ///
    /// # Errors
    /// [`GithubError::Refused`] if one of them cannot be asked: GitHub then asks none. Or any failure of asking.
    pub async fn request_reviewers(
        &self,
        number: PullRequestNumber,
        people: &[String],
        teams: &[String],
    ) -> Result<(), GithubError> {
        let path = self.path(&format!("/pulls/{}/requested_reviewers", number.get()));
        let body = json!({ "reviewers": people, "team_reviewers": teams });
        self.add("ask for reviews", path, body).await
    }

    /// Assigns people.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn add_assignees(
        &self,
        number: PullRequestNumber,
        people: &[String],
    ) -> Result<(), GithubError> {
        let path = self.path(&format!("/issues/{}/assignees", number.get()));
        self.add("assign the pull request", path, json!({ "assignees": people })).await
    }

    /// A pull request into this repository, which tells its node id too.
    fn pull_request(&self, request: &'static str, wire: Wire) -> Result<PullRequest, GithubError> {
        if let Some(repository) = &wire.base.repo {
            self.note_node(repository.node_id.as_deref());
        }
        pull_request(request, wire)
    }

    async fn add(
        &self,
        request: &'static str,
        path: String,
        body: Value,
    ) -> Result<(), GithubError> {
        // What is there already is added once.
        let call = Call::post(request, path, body).repeatable();
        self.client.send(self.who, call).await.map(|_| ())
    }
}

fn pull_request(request: &'static str, wire: Wire) -> Result<PullRequest, GithubError> {
    let sha = |text: &str| CommitSha::parse(text).map_err(|error| bad(request, &error));
    let number = PullRequestNumber::new(wire.number).ok_or_else(|| bad(request, &"number 0"))?;
    let state = match (wire.state.as_str(), &wire.merged_at) {
        ("open", _) => PullRequestState::Open,
        (_, None) => PullRequestState::Closed,
        (_, Some(_)) => {
            PullRequestState::Merged(wire.merge_commit_sha.as_deref().map(sha).transpose()?)
        }
    };
    Ok(PullRequest {
        number,
        url: wire.html_url.unwrap_or_default(),
        state,
        title: wire.title,
        body: wire.body.unwrap_or_default(),
        draft: wire.draft.unwrap_or_default(),
        labels: wire.labels.into_iter().map(|label| label.name).collect(),
        author: wire.user.map(Account::from),
        head_repository: wire.head.repo.and_then(|repo| RepoName::parse(&repo.full_name).ok()),
        head_branch: wire.head.branch,
        head: sha(&wire.head.sha)?,
        base_branch: wire.base.branch,
        base: sha(&wire.base.sha)?,
        mergeable: wire.mergeable,
        created_ms: read_time(wire.created_at.as_deref()),
        merged_ms: read_time(wire.merged_at.as_deref()),
    })
}
