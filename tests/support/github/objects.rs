//! Git's objects as git makes them: real content, real hashes. Written anew and not taken from the program, so that
//! a mistake there is not repeated here.

use std::collections::BTreeMap;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// A file in a tree: its mode and the id of its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    pub mode: String,
    pub sha: String,
}

/// All files of a tree by their path.
pub type Leaves = BTreeMap<String, Leaf>;

#[derive(Clone, Debug)]
pub struct Commit {
    pub sha: String,
    pub tree: String,
    pub parents: Vec<String>,
    pub author: String,
    pub committer: String,
    pub time: i64,
    pub message: String,
}

/// One entry of a single directory.
#[derive(Clone, Debug)]
pub struct Entry {
    pub mode: String,
    pub name: String,
    pub sha: String,
}

#[derive(Default)]
pub struct Objects {
    objects: BTreeMap<String, (&'static str, Vec<u8>)>,
}

impl Objects {
    fn put(&mut self, kind: &'static str, content: Vec<u8>) -> String {
        let mut framed = format!("{kind} {}\0", content.len()).into_bytes();
        framed.extend(&content);
        let sha = hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &framed));
        self.objects.insert(sha.clone(), (kind, content));
        sha
    }

    fn get(&self, kind: &str, sha: &str) -> Option<&[u8]> {
        let (found, content) = self.objects.get(sha)?;
        (*found == kind).then_some(content)
    }

    /// Takes over an object of another repository.
    pub fn adopt(&mut self, kind: &str, content: &[u8]) {
        let kinds = ["blob", "tree", "commit", "tag"];
        let kind = kinds.into_iter().find(|known| *known == kind).unwrap();
        self.put(kind, content.to_vec());
    }

    pub fn put_blob(&mut self, content: &[u8]) -> String {
        self.put("blob", content.to_vec())
    }

    pub fn blob(&self, sha: &str) -> Option<&[u8]> {
        self.get("blob", sha)
    }

    pub fn has_tree(&self, sha: &str) -> bool {
        self.get("tree", sha).is_some()
    }

    pub fn put_tree(&mut self, leaves: &Leaves) -> String {
        let mut here: BTreeMap<Vec<u8>, Entry> = BTreeMap::new();
        let mut below: BTreeMap<String, Leaves> = BTreeMap::new();
        for (path, leaf) in leaves {
            match path.split_once('/') {
                Some((directory, rest)) => {
                    below.entry(directory.into()).or_default().insert(rest.into(), leaf.clone());
                }
                None => {
                    let Leaf { mode, sha } = leaf.clone();
                    here.insert(path.clone().into_bytes(), Entry { mode, name: path.clone(), sha });
                }
            }
        }
        for (name, leaves) in below {
            let sha = self.put_tree(&leaves);
            here.insert(format!("{name}/").into_bytes(), Entry { mode: "40000".into(), name, sha });
        }
        let mut content = Vec::new();
        for Entry { mode, name, sha } in here.into_values() {
            content.extend(format!("{mode} {name}\0").into_bytes());
            content.extend(hex::decode(sha).unwrap());
        }
        self.put("tree", content)
    }

    /// The entries of one directory.
    pub fn tree(&self, sha: &str) -> Option<Vec<Entry>> {
        let mut rest = self.get("tree", sha)?;
        let mut entries = Vec::new();
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == 0).unwrap();
            let head = String::from_utf8(rest[..end].to_vec()).unwrap();
            let (mode, name) = head.split_once(' ').unwrap();
            let sha = hex::encode(&rest[end + 1..end + 21]);
            entries.push(Entry { mode: mode.into(), name: name.into(), sha });
            rest = &rest[end + 21..];
        }
        Some(entries)
    }

    /// All files below a directory.
    pub fn leaves(&self, tree: &str) -> Leaves {
        let mut leaves = Leaves::new();
        for Entry { mode, name, sha } in self.tree(tree).unwrap() {
            if mode == "40000" {
                for (path, leaf) in self.leaves(&sha) {
                    leaves.insert(format!("{name}/{path}"), leaf);
                }
            } else {
                leaves.insert(name, Leaf { mode, sha });
            }
        }
        leaves
    }

    pub fn put_commit(
        &mut self,
        tree: &str,
        parents: &[String],
        author: &str,
        time: i64,
        message: &str,
    ) -> String {
        let parents: String = parents.iter().map(|sha| format!("parent {sha}\n")).collect();
        let who = format!("{author} <{author}@users.noreply.github.test> {time} +0000");
        let text = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\n{message}");
        self.put("commit", text.into_bytes())
    }

    pub fn commit(&self, sha: &str) -> Option<Commit> {
        let text = String::from_utf8(self.get("commit", sha)?.to_vec()).unwrap();
        let (head, message) = text.split_once("\n\n").unwrap();
        let lines = |key: &str| -> Vec<String> {
            let lines = head.lines().filter_map(|line| line.strip_prefix(key));
            lines.map(|rest| rest.trim().to_owned()).collect()
        };
        let author = lines("author ").remove(0);
        Some(Commit {
            sha: sha.into(),
            tree: lines("tree ").remove(0),
            parents: lines("parent "),
            time: author.rsplit(' ').nth(1).unwrap().parse().unwrap(),
            author: author.split(" <").next().unwrap().into(),
            committer: lines("committer ")[0].split(" <").next().unwrap().into(),
            message: message.into(),
        })
    }

    /// A commit and all before it, newest first.
    pub fn history(&self, from: &str) -> Vec<Commit> {
        let mut seen = BTreeMap::new();
        let mut todo = vec![from.to_owned()];
        while let Some(sha) = todo.pop() {
            if let Some(commit) = self.commit(&sha).filter(|_| !seen.contains_key(&sha)) {
                todo.extend(commit.parents.clone());
                seen.insert(sha, commit);
            }
        }
        let mut commits: Vec<Commit> = seen.into_values().collect();
        commits.sort_by_key(|commit| std::cmp::Reverse(commit.time));
        commits
    }

    pub fn is_ancestor(&self, ancestor: &str, of: &str) -> bool {
        self.history(of).iter().any(|commit| commit.sha == ancestor)
    }

    pub fn merge_base(&self, a: &str, b: &str) -> Option<String> {
        let of_a: Vec<String> = self.history(a).into_iter().map(|commit| commit.sha).collect();
        self.history(b).into_iter().map(|commit| commit.sha).find(|sha| of_a.contains(sha))
    }

    /// The files of a merge of two commits; `None` if they conflict (by whole files, stricter than git).
    pub fn merge(&self, base: &str, head: &str) -> Option<Leaves> {
        let fork = self.merge_base(base, head)?;
        let leaves = |commit: &str| self.leaves(&self.commit(commit).unwrap().tree);
        let (fork, mut merged, theirs) = (leaves(&fork), leaves(base), leaves(head));
        let paths: Vec<String> = fork.keys().chain(theirs.keys()).cloned().collect();
        for path in paths {
            let (before, ours, new) = (fork.get(&path), merged.get(&path), theirs.get(&path));
            if new == before || new == ours {
                continue;
            }
            if ours != before {
                return None;
            }
            match new.cloned() {
                Some(leaf) => merged.insert(path, leaf),
                None => merged.remove(&path),
            };
        }
        Some(merged)
    }
}
