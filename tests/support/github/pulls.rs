//! Pull requests, and the conversation on them and on issues.

use serde_json::{Value, json};

use super::exchange::{Actor, Exchange, Reply, created, invalid, not_found, ok, refuse};
use super::world::{Comment, Pull, Repo, written};

pub fn list(x: &mut Exchange<'_>) -> Reply {
    x.check("pull_requests", false)?;
    let state = x.query("state").unwrap_or("open").to_owned();
    let head = x.query("head").map(str::to_owned);
    let base = x.query("base").map(str::to_owned);
    let ascending = x.query("direction") == Some("asc");
    let repo = x.repo();
    let fits = |pull: &&Pull| {
        let owner = if pull.from_here { owner_of(repo) } else { "forker" };
        (state == "all" || (state == "open") == pull.open)
            && head.as_ref().is_none_or(|head| *head == format!("{owner}:{}", pull.head))
            && base.as_ref().is_none_or(|base| *base == pull.base)
    };
    let mut items: Vec<Value> =
        repo.pulls.values().filter(fits).map(|pull| pull_json(repo, pull, false)).collect();
    if !ascending {
        items.reverse();
    }
    x.list(items)
}

pub fn get(x: &mut Exchange<'_>) -> Reply {
    x.check("pull_requests", false)?;
    let number = x.number(4)?;
    let repo = x.repo();
    let pull = repo.pulls.get(&number).ok_or_else(not_found)?;
    ok(pull_json(repo, pull, true))
}

pub fn create(x: &mut Exchange<'_>) -> Reply {
    x.check("pull_requests", true)?;
    let (title, head, base) = (x.text("title")?, x.text("head")?, x.text("base")?);
    let body = x.body["body"].as_str().unwrap_or_default().to_owned();
    let (draft, author) = (x.body["draft"].as_bool().unwrap_or(false), x.login());
    if body.encode_utf16().count() > 65_536 {
        return Err(invalid(
            "PullRequest",
            "body",
            "custom",
            Some("body is too long (maximum is 65536 characters)"),
        ));
    }
    let now = x.world.now_ms();
    let repo = x.repo();
    for (field, branch) in [("head", &head), ("base", &base)] {
        if !repo.branches.contains_key(branch) {
            return Err(invalid("PullRequest", field, "invalid", None));
        }
    }
    let (head_sha, base_sha) = (repo.branches[&head].clone(), &repo.branches[&base]);
    if repo.objects.is_ancestor(&head_sha, base_sha) {
        let message = format!("No commits between {base} and {head}");
        return Err(invalid("PullRequest", "", "custom", Some(&message)));
    }
    let same = |pull: &&Pull| pull.open && pull.from_here && pull.head == head && pull.base == base;
    if repo.pulls.values().any(|pull| same(&pull)) {
        let message = format!("A pull request already exists for {}:{head}.", owner_of(repo));
        return Err(invalid("PullRequest", "", "custom", Some(&message)));
    }
    repo.next_number += 1;
    let number = repo.next_number;
    let pull = Pull {
        number,
        title,
        body,
        draft,
        open: true,
        head,
        head_sha,
        from_here: true,
        base,
        author,
        created_at: now,
        ..Pull::default()
    };
    let json = pull_json(repo, &pull, true);
    repo.pulls.insert(number, pull);
    x.wrote(format!("pull request #{number}"));
    created(json)
}

pub fn update(x: &mut Exchange<'_>) -> Reply {
    x.check("pull_requests", true)?;
    let number = x.number(4)?;
    let text = |field: &str| x.body[field].as_str().map(str::to_owned);
    let (title, body, state) = (text("title"), text("body"), text("state"));
    let repo = x.repo();
    let pull = repo.pulls.get_mut(&number).ok_or_else(not_found)?;
    let mut changed = Vec::new();
    match state.as_deref() {
        Some("closed") if pull.open => {
            pull.open = false;
            changed.push("closed");
        }
        Some("open") if !pull.open => {
            if pull.unreopenable || pull.merged_as.is_some() {
                return Err(invalid(
                    "PullRequest",
                    "state",
                    "invalid",
                    Some("state cannot be changed."),
                ));
            }
            pull.open = true;
            changed.push("reopened");
        }
        _ => {}
    }
    if let Some(title) = title {
        pull.title = title;
        changed.push("title");
    }
    if let Some(body) = body {
        if body.encode_utf16().count() > 65_536 {
            return Err(invalid("PullRequest", "body", "custom", Some("body is too long")));
        }
        pull.body = body;
        changed.push("body");
    }
    let pull = pull.clone();
    let json = pull_json(repo, &pull, true);
    x.wrote(format!("pull request #{number}: {}", changed.join(", ")));
    ok(json)
}

/// Merges by the head that was looked at, as GitHub does: 409 for another head, 405 where rules forbid it.
pub fn merge(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", true)?;
    let (number, author) = (x.number(4)?, x.login());
    let text = |field: &str| x.body[field].as_str().unwrap_or_default().to_owned();
    let (sha, method) = (text("sha"), text("merge_method"));
    let (title, message) = (text("commit_title"), text("commit_message"));
    let name = x.repo_name();
    let repo = x.repo();
    let pull = repo.pulls.get(&number).ok_or_else(not_found)?.clone();
    if pull.merged_as.is_some() {
        return Err(refuse(405, "Pull Request is already merged"));
    }
    if !pull.open || pull.draft {
        return Err(refuse(405, "Pull Request is not mergeable"));
    }
    if let Some(queue) = &repo.merge_queue {
        let inside = queue.contains(&number);
        let message = if inside {
            "Pull Request is in the merge queue"
        } else {
            "Changes must be made through the merge queue"
        };
        return Err(refuse(405, message));
    }
    if let Some(rule) = &repo.merges_refused {
        return Err(refuse(405, rule));
    }
    if !sha.is_empty() && sha != pull.head_sha {
        return Err(refuse(409, "Head branch was modified. Review and try the merge again."));
    }
    let merged = x.world.merge(&name, number, &author);
    let merged = merged.map_err(|message| refuse(405, &message))?;
    x.repo().merges.push((number, method, title, message));
    x.wrote(format!("merge #{number}"));
    ok(json!({ "sha": merged, "merged": true, "message": "Pull Request successfully merged" }))
}

pub fn reviews(x: &mut Exchange<'_>) -> Reply {
    x.check("pull_requests", false)?;
    let number = x.number(4)?;
    let pull = x.repo().pulls.get(&number).ok_or_else(not_found)?;
    let review = |(user, state): &(String, String)| json!({ "id": 1, "user": account_json(user), "state": state });
    let items = pull.reviews.iter().map(review).collect();
    x.list(items)
}

pub fn add_labels(x: &mut Exchange<'_>) -> Reply {
    x.check("issues", true)?;
    let (number, labels) = (x.number(4)?, texts(&x.body["labels"]));
    let repo = x.repo();
    repo.labels.extend(labels.clone());
    let pull = repo.pulls.get_mut(&number).ok_or_else(not_found)?;
    pull.labels.extend(labels.clone());
    let all: Vec<Value> = pull.labels.iter().map(|name| json!({ "name": name })).collect();
    x.wrote(format!("labels {}", labels.join(", ")));
    ok(all.into())
}

pub fn request_reviewers(x: &mut Exchange<'_>) -> Reply {
    x.check("pull_requests", true)?;
    let number = x.number(4)?;
    let (people, teams) = (texts(&x.body["reviewers"]), texts(&x.body["team_reviewers"]));
    let repo = x.repo();
    let known = |login: &String| repo.permissions.contains_key(login);
    if !people.iter().all(known) {
        let message = "Reviews may only be requested from collaborators.";
        return Err(refuse(422, message));
    }
    let pull = repo.pulls.get_mut(&number).ok_or_else(not_found)?;
    if people.contains(&pull.author) {
        return Err(refuse(422, "Review cannot be requested from pull request author."));
    }
    pull.reviewers.extend(people.clone());
    pull.team_reviewers.extend(teams.clone());
    let pull = pull.clone();
    let json = pull_json(repo, &pull, true);
    x.wrote(format!("reviewers {}", [people, teams].concat().join(", ")));
    created(json)
}

pub fn add_assignees(x: &mut Exchange<'_>) -> Reply {
    x.check("issues", true)?;
    let (number, people) = (x.number(4)?, texts(&x.body["assignees"]));
    let repo = x.repo();
    let pull = repo.pulls.get_mut(&number).ok_or_else(not_found)?;
    pull.assignees.extend(people.clone());
    x.wrote(format!("assignees {}", people.join(", ")));
    created(json!({ "number": number }))
}

pub fn comments(x: &mut Exchange<'_>) -> Reply {
    x.check("issues", false)?;
    let number = x.number(4)?;
    let items = x.repo().comments_on(number).into_iter().map(comment_json).collect();
    x.list(items)
}

pub fn create_comment(x: &mut Exchange<'_>) -> Reply {
    x.check("issues", true)?;
    let (number, body, author) = (x.number(4)?, x.text("body")?, x.login());
    let id = x.world.fresh_id();
    let repo = x.repo();
    if !repo.pulls.contains_key(&number) && !repo.issues.contains(&number) {
        return Err(not_found());
    }
    let comment = Comment { id, number, author, body, reactions: Default::default() };
    let json = comment_json(&comment);
    repo.comments.insert(id, comment);
    x.wrote(format!("comment on #{number}"));
    created(json)
}

pub fn edit_comment(x: &mut Exchange<'_>) -> Reply {
    x.check("issues", true)?;
    let (id, body) = (x.number(5)?, x.text("body")?);
    let comment = x.repo().comments.get_mut(&id).ok_or_else(not_found)?;
    comment.body = body;
    let (json, number) = (comment_json(comment), comment.number);
    x.wrote(format!("edit comment on #{number}"));
    ok(json)
}

pub fn react(x: &mut Exchange<'_>) -> Reply {
    x.check("issues", true)?;
    let (id, content, login) = (x.number(5)?, x.text("content")?, x.login());
    let known = ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"];
    if !known.contains(&content.as_str()) {
        return Err(invalid("Reaction", "content", "invalid", None));
    }
    let comment = x.repo().comments.get_mut(&id).ok_or_else(not_found)?;
    let json = json!({ "content": content });
    if !comment.reactions.insert((login, content.clone())) {
        return ok(json);
    }
    x.wrote(format!("reaction {content}"));
    created(json)
}

pub fn permission(x: &mut Exchange<'_>) -> Reply {
    x.check("metadata", false)?;
    if let Actor::Person(login) = &x.actor
        && x.world.repo(&x.repo_name()).permissions.get(login).is_none_or(|p| p == "read")
    {
        return Err(refuse(403, "Must have push access to view collaborator permission."));
    }
    let login = x.parts[4].clone();
    let known = x.world.people.values().any(|there| *there == login);
    let permission = x.repo().permissions.get(&login).cloned();
    match permission {
        Some(permission) => ok(
            json!({ "permission": permission, "role_name": permission, "user": { "login": login } }),
        ),
        None if known => ok(json!({ "permission": "none", "role_name": "none" })),
        None => Err(not_found()),
    }
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn owner_of(repo: &Repo) -> &str {
    repo.full_name.split('/').next().unwrap()
}

fn account_json(login: &str) -> Value {
    json!({ "login": login, "type": if login.ends_with("[bot]") { "Bot" } else { "User" } })
}

pub fn comment_json(comment: &Comment) -> Value {
    json!({ "id": comment.id, "body": comment.body, "user": account_json(&comment.author) })
}

/// The payload's part for whoever did something.
pub fn sender_json(login: &str) -> Value {
    account_json(login)
}

pub fn pull_json(repo: &Repo, pull: &Pull, alone: bool) -> Value {
    let owner = if pull.from_here { owner_of(repo) } else { "forker" };
    let head_repo = format!("{owner}/{}", repo.full_name.rsplit('/').next().unwrap());
    let base_sha = repo.branches.get(&pull.base).cloned().unwrap_or_default();
    let mut json = json!({
        "number": pull.number, "title": pull.title, "body": pull.body, "draft": pull.draft,
        "state": if pull.open { "open" } else { "closed" },
        "html_url": format!("https://github.test/{}/pull/{}", repo.full_name, pull.number),
        "user": account_json(&pull.author),
        "labels": pull.labels.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>(),
        "created_at": written(pull.created_at),
        "merged_at": pull.merged_as.as_ref().map(|_| written(pull.merged_at)),
        "merge_commit_sha": pull.merged_as,
        "head": {
            "ref": pull.head, "sha": pull.head_sha, "label": format!("{owner}:{}", pull.head),
            "repo": { "full_name": head_repo },
        },
        "base": { "ref": pull.base, "sha": base_sha, "repo": { "full_name": repo.full_name } },
    });
    if let Some(id) = &repo.node_id {
        json["base"]["repo"]["node_id"] = id.as_str().into();
    }
    if alone {
        json["merged"] = pull.merged_as.is_some().into();
        let mergeable = pull.open.then(|| repo.objects.merge(&base_sha, &pull.head_sha).is_some());
        json["mergeable"] = mergeable.into();
    }
    json
}
