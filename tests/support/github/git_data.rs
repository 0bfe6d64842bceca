//! The endpoints below `/git`, and those that read the same things in other shapes.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::exchange::{Actor, Exchange, Reply, created, invalid, not_found, ok, refuse};
use super::objects::{Commit, Leaf};
use super::world::Repo;

pub fn repository(x: &mut Exchange<'_>) -> Reply {
    x.check("metadata", false)?;
    let actor = x.actor.clone();
    let repo = x.repo();
    let mut answer = json!({
        "id": repo.id, "full_name": repo.full_name, "default_branch": repo.default_branch,
        "private": true, "name": repo.full_name.rsplit('/').next(), "archived": false,
    });
    if let Some(id) = &repo.node_id {
        answer["node_id"] = id.as_str().into();
    }
    if let Actor::Person(login) = &actor {
        let permission = repo.permissions.get(login).map(String::as_str);
        let push = matches!(permission, Some("admin" | "write"));
        answer["permissions"] =
            json!({ "admin": permission == Some("admin"), "push": push, "pull": true });
    }
    ok(answer)
}

pub fn branch(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", false)?;
    let name = x.parts[4].clone();
    let repo = x.repo();
    if !repo.branches.contains_key(&name) {
        return Err(refuse(404, "Branch not found"));
    }
    let commit = commit_json(&repo.head(&name));
    let contexts = match name == repo.default_branch {
        true => repo.protection_checks.clone(),
        false => Vec::new(),
    };
    let level = if contexts.is_empty() { "off" } else { "non_admins" };
    ok(json!({
        "name": name, "commit": commit, "protected": !contexts.is_empty(),
        "protection": {
            "enabled": !contexts.is_empty(),
            "required_status_checks": { "enforcement_level": level, "contexts": contexts },
        },
    }))
}

pub fn reference(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", false)?;
    let name = x.parts[6].clone();
    let sha = x.repo().branches.get(&name).cloned().ok_or_else(not_found)?;
    ok(reference_json(&name, &sha))
}

pub fn create_reference(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", true)?;
    let (name, sha) = (x.text("ref")?, x.text("sha")?);
    let Some(branch) = name.strip_prefix("refs/heads/").map(str::to_owned) else {
        return Err(refuse(422, "Reference name must start with 'refs/heads/'."));
    };
    let repo = x.repo();
    if repo.objects.commit(&sha).is_none() {
        return Err(refuse(422, "Object does not exist"));
    }
    // Git cannot have a branch and a branch below its name.
    let clashes = |there: &String| {
        there.starts_with(&format!("{branch}/")) || branch.starts_with(&format!("{there}/"))
    };
    if repo.branches.contains_key(&branch) {
        return Err(refuse(422, "Reference already exists"));
    }
    if repo.branches.keys().any(clashes) {
        return Err(refuse(422, "Reference update failed"));
    }
    repo.move_branch(&branch, &sha);
    x.wrote(format!("ref {branch}"));
    created(reference_json(&branch, &sha))
}

pub fn update_reference(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", true)?;
    let (name, sha) = (x.parts[6].clone(), x.text("sha")?);
    let force = x.body["force"].as_bool().unwrap_or(false);
    let repo = x.repo();
    let Some(tip) = repo.branches.get(&name).cloned() else {
        return Err(refuse(422, "Reference does not exist"));
    };
    if repo.objects.commit(&sha).is_none() {
        return Err(refuse(422, "Object does not exist"));
    }
    if !force && !repo.objects.is_ancestor(&tip, &sha) {
        return Err(refuse(422, "Update is not a fast forward"));
    }
    repo.move_branch(&name, &sha);
    x.wrote(format!("ref {name}{}", if force { " (forced)" } else { "" }));
    ok(reference_json(&name, &sha))
}

pub fn delete_reference(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", true)?;
    let name = x.parts[6].clone();
    if !x.repo().delete_branch(&name) {
        return Err(refuse(422, "Reference does not exist"));
    }
    x.wrote(format!("delete ref {name}"));
    Ok(super::exchange::Answer::new(204, Value::Null))
}

pub fn tree(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", false)?;
    let recursive = x.query("recursive").is_some();
    let (limit, asked) = (x.world.truncate_trees_at, x.parts[5].clone());
    let repo = x.repo();
    let sha = match repo.resolve(&asked) {
        Some(commit) => repo.objects.commit(&commit).unwrap().tree,
        None => asked,
    };
    if !repo.objects.has_tree(&sha) {
        return Err(not_found());
    }
    let mut entries = Vec::new();
    let mut todo = vec![(String::new(), sha.clone())];
    while let Some((prefix, directory)) = todo.pop() {
        for entry in repo.objects.tree(&directory).unwrap() {
            let path = format!("{prefix}{}", entry.name);
            let is_tree = entry.mode == "40000";
            let mut json = json!({
                "path": path, "sha": entry.sha, "mode": format!("{:0>6}", entry.mode),
                "type": if is_tree { "tree" } else if entry.mode == "160000" { "commit" } else { "blob" },
            });
            if let Some(blob) = repo.objects.blob(&entry.sha) {
                json["size"] = blob.len().into();
            }
            entries.push(json);
            if is_tree && recursive {
                todo.push((format!("{path}/"), entry.sha));
            }
        }
    }
    let truncated = recursive && entries.len() > limit;
    entries.truncate(if truncated { limit } else { usize::MAX });
    ok(json!({ "sha": sha, "tree": entries, "truncated": truncated }))
}

pub fn create_tree(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", true)?;
    let base = x.body["base_tree"].as_str().map(str::to_owned);
    let entries = x.body["tree"].as_array().cloned().unwrap_or_default();
    if entries.is_empty() {
        return Err(refuse(422, "Invalid tree info"));
    }
    let repo = x.repo();
    let mut leaves = match base {
        None => Default::default(),
        Some(base) if repo.objects.has_tree(&base) => repo.objects.leaves(&base),
        Some(_) => return Err(refuse(422, "base_tree is not a valid tree oid")),
    };
    for entry in entries {
        let path = entry["path"].as_str().unwrap_or_default().to_owned();
        let mode = entry["mode"].as_str().unwrap_or_default().to_owned();
        let odd = |part: &str| matches!(part, "" | "." | ".." | ".git");
        if path.split('/').any(odd) {
            return Err(refuse(422, "tree.path contains a malformed path component"));
        }
        if !["100644", "100755", "120000", "160000"].contains(&mode.as_str()) {
            return Err(refuse(422, "tree.mode must be one of the allowed modes"));
        }
        let sha = match (&entry["content"], &entry["sha"]) {
            (Value::String(text), Value::Null) => repo.objects.put_blob(text.as_bytes()),
            (Value::Null, Value::String(sha)) if repo.objects.blob(sha).is_some() => sha.clone(),
            (Value::Null, Value::Null) if entry.get("sha").is_some() => {
                if leaves.remove(&path).is_none() {
                    return Err(refuse(422, "GitRPC::BadObjectState"));
                }
                continue;
            }
            (Value::Null, _) => return Err(refuse(422, "tree.sha is not a valid blob")),
            _ => return Err(refuse(422, "Must supply either tree.sha or tree.content")),
        };
        leaves.insert(path, Leaf { mode, sha });
    }
    let sha = repo.objects.put_tree(&leaves);
    created(json!({ "sha": sha, "tree": [], "truncated": false }))
}

pub fn blob(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", false)?;
    let sha = x.parts[5].clone();
    let repo = x.repo();
    let content = repo.objects.blob(&sha).ok_or_else(not_found)?;
    // GitHub breaks the lines after 60 characters.
    let packed = STANDARD.encode(content).into_bytes();
    let lines: Vec<&str> =
        packed.chunks(60).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let size = content.len();
    ok(
        json!({ "sha": sha, "size": size, "encoding": "base64", "content": lines.join("\n") + "\n" }),
    )
}

pub fn create_blob(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", true)?;
    let content = x.text("content")?;
    let content = match x.body["encoding"].as_str() {
        Some("base64") => {
            STANDARD.decode(content).map_err(|_| refuse(422, "content is not valid Base64"))?
        }
        _ => content.into_bytes(),
    };
    let sha = x.repo().objects.put_blob(&content);
    created(json!({ "sha": sha }))
}

pub fn git_commit(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", false)?;
    let sha = x.parts[5].clone();
    let commit = x.repo().objects.commit(&sha).ok_or_else(not_found)?;
    ok(git_commit_json(&commit))
}

pub fn create_commit(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", true)?;
    let (message, tree) = (x.text("message")?, x.text("tree")?);
    let parents = x.body["parents"].as_array().cloned().unwrap_or_default();
    let parents: Vec<String> =
        parents.iter().filter_map(|sha| sha.as_str().map(str::to_owned)).collect();
    let author = x.body["author"]["name"].as_str().map(str::to_owned);
    let author = author.unwrap_or_else(|| x.login());
    let time = x.world.tick();
    let repo = x.repo();
    if !repo.objects.has_tree(&tree) {
        return Err(refuse(422, "Tree SHA does not exist"));
    }
    if parents.iter().any(|sha| repo.objects.commit(sha).is_none()) {
        return Err(refuse(422, "Parent SHA does not exist or is not a commit object"));
    }
    let sha = repo.objects.put_commit(&tree, &parents, &author, time, &message);
    let commit = repo.objects.commit(&sha).unwrap();
    x.wrote("commit");
    created(git_commit_json(&commit))
}

pub fn commits(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", false)?;
    let (from, path) = (x.query("sha").map(str::to_owned), x.query("path").map(str::to_owned));
    let repo = x.repo();
    let from = from.unwrap_or_else(|| repo.default_branch.clone());
    let from = repo.resolve(&from).ok_or_else(not_found)?;
    let commits = match path {
        None => repo.objects.history(&from),
        Some(path) => touching(repo, &from, &path),
    };
    let items = commits.iter().map(commit_json).collect();
    x.list(items)
}

/// The commits that touch a path, as git's default simplification has them: of a merge that is what one of
/// its parents is there, only that parent is followed.
fn touching(repo: &Repo, from: &str, path: &str) -> Vec<Commit> {
    let below = |sha: &str| -> Vec<(String, Leaf)> {
        let inside = |at: &str| at == path || at.starts_with(&format!("{path}/"));
        repo.leaves(sha).into_iter().filter(|(at, _)| inside(at)).collect()
    };
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let mut todo = vec![from.to_owned()];
    while let Some(sha) = todo.pop() {
        if !seen.insert(sha.clone()) {
            continue;
        }
        let commit = repo.objects.commit(&sha).unwrap();
        let here = below(&sha);
        match commit.parents.iter().find(|parent| below(parent) == here) {
            Some(same) => todo.push(same.clone()),
            None if commit.parents.is_empty() && here.is_empty() => {}
            None => {
                todo.extend(commit.parents.clone());
                found.push(commit);
            }
        }
    }
    found.sort_by_key(|commit| std::cmp::Reverse(commit.time));
    found
}

pub fn compare(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", false)?;
    let (base, head) =
        x.parts[4].split_once("...").map(|(a, b)| (a.into(), b.into())).ok_or_else(not_found)?;
    let (base, head): (String, String) = (base, head);
    let repo = x.repo();
    let base = repo.resolve(&base).ok_or_else(not_found)?;
    let head = repo.resolve(&head).ok_or_else(not_found)?;
    let status =
        match (repo.objects.is_ancestor(&base, &head), repo.objects.is_ancestor(&head, &base)) {
            (true, true) => "identical",
            (true, false) => "ahead",
            (false, true) => "behind",
            (false, false) => "diverged",
        };
    let Some(fork) = repo.objects.merge_base(&base, &head) else { return Err(not_found()) };
    let old: Vec<String> = repo.objects.history(&base).into_iter().map(|it| it.sha).collect();
    let new = repo.objects.history(&head).into_iter().filter(|it| !old.contains(&it.sha));
    let mut commits: Vec<Value> = new.map(|it| commit_json(&it)).collect();
    commits.reverse();
    let merge_base = commit_json(&repo.objects.commit(&fork).unwrap());
    ok(json!({
        "status": status, "merge_base_commit": merge_base, "commits": commits, "files": [],
    }))
}

pub fn tarball(x: &mut Exchange<'_>) -> Reply {
    x.check("contents", false)?;
    let (name, sha) = (x.repo_name(), x.parts[4].clone());
    x.repo().resolve(&sha).ok_or_else(not_found)?;
    let mut answer = super::exchange::Answer::new(302, Value::Null);
    let location = format!("{}/{name}/legacy.tar.gz/{sha}?token=ABCDEFGH", x.archive_base);
    answer.headers.push(("location".to_owned(), location));
    Ok(answer)
}

/// The gzipped tar of a commit, as the other host gives it.
pub fn archive(repo: &super::world::Repo, commit: &str) -> Vec<u8> {
    let zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(zip);
    let root = format!("{}-{}", repo.full_name.replace('/', "-"), &commit[..7]);
    for (path, leaf) in repo.leaves(commit) {
        let path = format!("{root}/{path}");
        let Some(content) = repo.objects.blob(&leaf.sha) else { continue };
        let mut header = tar::Header::new_gnu();
        if leaf.mode == "120000" {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            let target = String::from_utf8(content.to_vec()).unwrap();
            tar.append_link(&mut header, path, target).unwrap();
        } else {
            header.set_size(content.len() as u64);
            header.set_mode(if leaf.mode == "100755" { 0o755 } else { 0o644 });
            tar.append_data(&mut header, path, content).unwrap();
        }
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn reference_json(branch: &str, sha: &str) -> Value {
    json!({ "ref": format!("refs/heads/{branch}"), "object": { "sha": sha, "type": "commit" } })
}

fn parents_json(commit: &Commit) -> Vec<Value> {
    commit.parents.iter().map(|sha| json!({ "sha": sha })).collect()
}

fn git_commit_json(commit: &Commit) -> Value {
    json!({
        "sha": commit.sha, "message": commit.message, "tree": { "sha": commit.tree },
        "parents": parents_json(commit), "author": { "name": commit.author },
        "committer": { "name": commit.committer },
        "verification": { "verified": commit.author.ends_with("[bot]") },
    })
}

pub fn commit_json(commit: &Commit) -> Value {
    json!({
        "sha": commit.sha, "parents": parents_json(commit),
        "author": { "login": commit.author },
        "commit": {
            "message": commit.message, "tree": { "sha": commit.tree },
            "author": { "name": commit.author }, "committer": { "name": commit.committer },
        },
    })
}

pub fn check_run(x: &mut Exchange<'_>) -> Reply {
    x.check("checks", true)?;
    let (name, sha) = (x.text("name")?, x.text("head_sha")?);
    if x.repo().objects.commit(&sha).is_none() {
        return Err(refuse(422, &format!("No commit found for SHA: {sha}")));
    }
    if x.body["output"]["annotations"].as_array().is_some_and(|list| list.len() > 50) {
        return Err(invalid("CheckRun", "annotations", "invalid", None));
    }
    let id = x.world.fresh_id();
    let mut run = x.body.clone();
    run["id"] = id.into();
    x.repo().check_runs.push((id, run.clone()));
    x.wrote(format!("check run {name}: {}", run["conclusion"].as_str().unwrap_or("none")));
    created(run)
}

/// Annotations are added to those that are there; the rest of the output is replaced.
pub fn update_check_run(x: &mut Exchange<'_>) -> Reply {
    x.check("checks", true)?;
    let id = x.number(4)?;
    let output = x.body["output"].clone();
    let more = output["annotations"].as_array().cloned().unwrap_or_default();
    if more.len() > 50 {
        return Err(invalid("CheckRun", "annotations", "invalid", None));
    }
    let new = x.body.clone();
    let found = x.repo().check_runs.iter_mut().find(|(there, _)| *there == id);
    let (_, run) = found.ok_or_else(not_found)?;
    for field in ["status", "conclusion"] {
        if let Some(value) = new.get(field) {
            run[field] = value.clone();
        }
    }
    let mut all = run["output"]["annotations"].as_array().cloned().unwrap_or_default();
    all.extend(more);
    run["output"] = output;
    run["output"]["annotations"] = all.into();
    let run = run.clone();
    x.wrote(format!("more of check run {id}"));
    ok(run)
}

pub fn check_runs(x: &mut Exchange<'_>) -> Reply {
    x.check("checks", false)?;
    let (sha, name) = (x.parts[4].clone(), x.query("check_name").map(str::to_owned));
    let fits = |run: &Value| {
        run["head_sha"] == sha.as_str()
            && name.as_ref().is_none_or(|name| run["name"] == name.as_str())
    };
    let runs: Vec<Value> =
        x.repo().check_runs.iter().map(|(_, run)| run.clone()).filter(|run| fits(run)).collect();
    let mut newest: BTreeMap<String, Value> = BTreeMap::new();
    for run in runs {
        newest.insert(run["name"].as_str().unwrap_or_default().to_owned(), run);
    }
    let newest: Vec<Value> = newest.into_values().collect();
    ok(json!({ "total_count": newest.len(), "check_runs": newest }))
}

pub fn status(x: &mut Exchange<'_>) -> Reply {
    x.check("statuses", true)?;
    let sha = x.parts[4].clone();
    let (state, context) = (x.text("state")?, x.text("context")?);
    let description = x.body["description"].as_str().unwrap_or_default().to_owned();
    if description.chars().count() > 140 {
        return Err(invalid("Status", "description", "custom", Some("description is too long")));
    }
    let at = x.world.now_ms();
    let repo = x.repo();
    if repo.objects.commit(&sha).is_none() {
        return Err(refuse(422, &format!("No commit found for SHA: {sha}")));
    }
    let (context_, state_) = (context.clone(), state.clone());
    let status = super::world::Status { sha, context: context_, state: state_, description, at };
    repo.statuses.push(status);
    x.wrote(format!("status {context}: {state}"));
    created(json!({ "state": state, "context": context }))
}
