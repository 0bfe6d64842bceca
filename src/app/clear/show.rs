//! Showing how a promotion stands: the required check, and the head of the body.

use sha2::{Digest, Sha256};

use crate::clearance::{Conclusion, Hold, Holds, Item, Merge, State, Voice, written};
use crate::github::{CheckPlace, CheckState, GithubError, PullRequestChange, StandingCheck};
use crate::model::CommitSha;
use crate::promotion::{Standing as Told, inline, with_standing};

use super::super::holds_check::{line, title};
use super::super::standing::{ShownCheck, Standing, check_of};
use super::super::work::Stop;
use super::clearing::Clearing;

impl Clearing<'_> {
    /// Shows how it stands, where that is not what is shown.
    pub(super) async fn show(
        &self,
        standing: &mut Standing,
        holds: &Holds,
        items: &[Item],
    ) -> Result<(), Stop> {
        self.show_checks(standing, holds).await?;
        self.show_in_body(standing, holds, items).await?;
        Ok(self.work.app.note_standing(&self.record.id, standing).await?)
    }

    /// Shows it on the pull request's head, and on the commit that a merge queue made of it.
    async fn show_checks(&self, standing: &mut Standing, holds: &Holds) -> Result<(), Stop> {
        let state = match holds.conclusion() {
            Conclusion::Success => CheckState::Success,
            Conclusion::InProgress => CheckState::InProgress,
            Conclusion::Failure => CheckState::Failure,
        };
        let shown = standing.check.clone();
        let shown =
            self.show_check(standing, holds, (self.record.head_commit.as_str(), state), shown);
        if let Some(shown) = shown.await? {
            standing.check = Some(shown);
            // Noted before the next write: a lost note costs one request more, not a wrong check.
            self.work.app.note_standing(&self.record.id, standing).await?;
        }
        let Some(group) = standing.group.clone() else { return Ok(()) };
        // Others wait behind it in the queue: what is held leaves it, and comes again.
        let state = match state {
            CheckState::Success => CheckState::Success,
            CheckState::InProgress | CheckState::Failure => CheckState::Failure,
        };
        let before = standing.group_check.clone().or_else(|| standing.check.clone());
        if let Some(shown) = self.show_check(standing, holds, (&group, state), before).await? {
            standing.group_check = Some(shown);
            standing.group = (state == CheckState::Success).then_some(group);
            self.work.app.note_standing(&self.record.id, standing).await?;
        }
        Ok(())
    }

    /// Shows the check on a commit, where that is not what is shown.
    async fn show_check(
        &self,
        standing: &Standing,
        holds: &Holds,
        (commit, state): (&str, CheckState),
        before: Option<ShownCheck>,
    ) -> Result<Option<ShownCheck>, Stop> {
        let Ok(sha) = CommitSha::parse(commit) else { return Ok(None) };
        let (title, summary) = (title(holds), self.summary(standing, holds));
        let digest = hex::encode(Sha256::digest(format!("{state:?}\0{title}\0{summary}")));
        if before.as_ref().is_some_and(|check| check.head == commit && check.digest == digest) {
            return Ok(None);
        }
        let check = StandingCheck {
            commit: &sha,
            name: &check_of(self.target.name.as_str()),
            state,
            title: &title,
            summary: &summary,
        };
        // A token that could make no check run on the last commit can make none on this one.
        let before = match &before {
            Some(check) if check.head == commit => Some(check.place()),
            Some(check) if check.run.is_none() => Some(CheckPlace::Status),
            _ => None,
        };
        self.work.hold().await?;
        let place = match self.repository.show_check(&check, before).await {
            Ok(place) => place,
            // The body tells it too.
            Err(error @ (GithubError::Forbidden { .. } | GithubError::NotFound { .. })) => {
                tracing::warn!(%error, "how a promotion stands is not shown as a check");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let run = match place {
            CheckPlace::Run(id) => Some(id),
            CheckPlace::Status => None,
        };
        Ok(Some(ShownCheck { head: commit.to_owned(), run, digest }))
    }

    async fn show_in_body(
        &self,
        standing: &mut Standing,
        holds: &Holds,
        items: &[Item],
    ) -> Result<(), Stop> {
        let body = match standing.body.clone() {
            Some(body) => body,
            None => match self.repository.fetch_pull_request(self.number).await? {
                Some(found) => found.body,
                None => return Ok(()),
            },
        };
        let released = standing.released(self.record.head_commit.as_str());
        let evidence = self.evidence();
        let told = Told {
            holds,
            items,
            evidence: &evidence,
            released: released.as_ref(),
            merges_itself: self.who_merges(standing) == Merge::Auto,
        };
        // GitHub writes line ends its own way once somebody edits a body there.
        let body = body.replace("\r\n", "\n");
        let new = with_standing(&body, &told);
        if new != body {
            self.work.hold().await?;
            let change = PullRequestChange { body: Some(&new), ..PullRequestChange::default() };
            self.repository.change_pull_request(self.number, &change).await?;
        }
        standing.body = Some(new);
        Ok(())
    }

    /// What stands beside an item that evidence ticks.
    fn evidence(&self) -> String {
        let Some(judgement) = &self.judgement else { return String::new() };
        let told: Vec<String> = judgement.telling().take(3).map(voice).collect();
        told.join("; ")
    }

    fn summary(&self, standing: &Standing, holds: &Holds) -> String {
        let mut lines: Vec<String> = holds.standing.iter().map(line).collect();
        if lines.is_empty() {
            lines.push("Nothing holds this promotion.".to_owned());
        }
        if let Some(release) = standing.released(self.record.head_commit.as_str()) {
            let names: Vec<&str> = holds.lifted.iter().map(Hold::name).collect();
            lines.push(format!(
                "\nReleased by {} at {}: {}. Lifted: {}.",
                inline(&release.by),
                written(release.at),
                inline(&release.reason),
                if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
            ));
        }
        if let Some((head, words)) = &standing.refused
            && head == self.record.head_commit.as_str()
        {
            lines.push(format!("\nGitHub does not let it be merged yet: {}", inline(words)));
        }
        let refused = standing.refused.as_ref().map(|(head, _)| head);
        let queued = standing.queued.as_ref().filter(|head| Some(*head) != refused);
        if queued.is_some_and(|head| head == self.record.head_commit.as_str()) {
            lines.push("\nOverlift put it into GitHub's merge queue, which merges it.".to_owned());
        }
        if let Some(judgement) = &self.judgement {
            lines.push(format!("\nWhat was heard of {}:\n", inline(self.source.name.as_str())));
            lines.extend(judgement.voices.iter().take(MOST_VOICES).map(linked));
        }
        lines.join("\n")
    }
}

/// At most so many sources are listed.
const MOST_VOICES: usize = 50;

/// What a source says, in words.
fn voice(voice: &Voice) -> String {
    match (voice.at, voice.state) {
        (None, _) => format!("{} {}", voice.name, voice.message),
        (Some(at), State::Healthy) => format!("{} healthy at {}", voice.name, written(at)),
        (Some(at), state) => format!("{} {} at {}", voice.name, state.as_str(), written(at)),
    }
}

fn linked(of: &Voice) -> String {
    let link = of.url.as_ref().filter(|url| !url.contains(['(', ')', ' ', '<', '>', '\n']));
    let link = link.map_or(String::new(), |url| format!(" ([more]({url}))"));
    let words = match (of.at, of.message.is_empty()) {
        (Some(_), false) => format!("{}: {}", voice(of), of.message),
        _ => voice(of),
    };
    format!("- {}{link}", inline(&words))
}
