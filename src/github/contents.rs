//! What a repository contains: trees and blobs, by their hash, cached by their hash.
//!
//! A warm run costs one request for a tree that changed and one for each blob that did. A cold one takes
//! the tarball, which is one request for all blobs. Whatever comes, from GitHub, the tarball or the
//! cache, is believed only if its hash is right.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::error::bad;
use super::object::{BlobSha, EntryMode, ObjectFormat, RepoTree, TreeEntry, TreeSha};
use super::{GithubError, Repository};
use crate::model::{CommitSha, RepoPath};

/// Files up to this size are kept from a tarball even if nobody has asked for them yet: somebody who needs
/// many files of a commit finds out which, a few at a time.
const KEPT_UNASKED_BYTES: usize = 1 << 20;

/// So many blobs are asked for at a time; GitHub wants fewer than a hundred requests at once from all of us.
const AT_ONCE: usize = 8;

/// A blob larger than this is nobody's manifest.
const BLOB_LIMIT_BYTES: usize = 10 << 20;

/// A tarball is given up beyond this; blobs are then asked for one by one.
const TARBALL_LIMIT_BYTES: usize = 64 << 20;

/// What a tarball may unpack to, so that a bomb ends in single requests.
const UNPACKED_LIMIT_BYTES: u64 = 512 << 20;

/// A repository with more entries than this is not read.
const MOST_ENTRIES: usize = 300_000;

/// A tree that GitHub truncates is walked in at most this many requests.
const MOST_WALKED_TREES: usize = 2_000;

#[derive(Deserialize)]
struct WireTree {
    tree: Vec<WireEntry>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct WireEntry {
    path: String,
    mode: String,
    sha: String,
    #[serde(default)]
    size: u64,
}

/// A tree as the cache keeps it: path, mode, id, size.
#[derive(Serialize, Deserialize)]
struct KeptTree(Vec<(String, String, String, u64)>);

impl Repository {
    /// All files of a tree, without contents: from the cache, else in one request, or several if GitHub truncates
    /// its answer.
    ///
    /// # Errors
    /// [`GithubError::TooLong`] if there are more than 300,000 files, or any failure of asking.
    pub async fn fetch_tree(&self, sha: &TreeSha) -> Result<RepoTree, GithubError> {
        const REQUEST: &str = "list the files";
        let key = format!("tree-{sha}");
        if let Some(tree) = self.client.objects.get(&key).and_then(|kept| read_kept(sha, &kept)) {
            return Ok(tree);
        }
        self.client.objects.forget(&key);
        let mut tree = RepoTree { sha: sha.clone(), entries: BTreeMap::new() };
        let mut walk = vec![(String::new(), sha.clone())];
        let mut requests = 0;
        while let Some((prefix, directory)) = walk.pop() {
            let mut wire = self.fetch_wire_tree(&directory, Depth::All).await?;
            requests += 1;
            if wire.truncated {
                wire = self.fetch_wire_tree(&directory, Depth::One).await?;
                requests += 1;
                if wire.truncated {
                    return Err(bad(REQUEST, &"a single directory is truncated"));
                }
                for entry in wire.tree.iter().filter(|entry| is_directory(&entry.mode)) {
                    let sha = TreeSha::parse(&entry.sha).map_err(|error| bad(REQUEST, &error))?;
                    walk.push((format!("{prefix}{}/", entry.path), sha));
                }
            }
            add_entries(&mut tree, &prefix, wire.tree)?;
            if tree.entries.len() > MOST_ENTRIES || requests > MOST_WALKED_TREES {
                return Err(GithubError::TooLong { request: REQUEST });
            }
        }
        if tree.computed_sha() != tree.sha {
            return Err(bad(REQUEST, &"the files do not make the tree that was asked for"));
        }
        self.keep(&key, &kept(&tree)).await;
        Ok(tree)
    }

    /// Puts something into the cache, whose disk must not hold up other requests.
    async fn keep(&self, key: &str, content: &Arc<[u8]>) {
        let (client, key, content) =
            (Arc::clone(&self.client), key.to_owned(), Arc::clone(content));
        let put = tokio::task::spawn_blocking(move || client.objects.put(&key, &content));
        // It is a cache: what cannot be kept is asked for again.
        let _ = put.await;
    }

    async fn fetch_wire_tree(&self, sha: &TreeSha, depth: Depth) -> Result<WireTree, GithubError> {
        let recursive = if depth == Depth::All { "?recursive=1" } else { "" };
        let path = self.path(&format!("/git/trees/{sha}{recursive}"));
        let call = Call::get("list the files", path).limited(64 << 20, 2);
        self.client.json(self.who, call).await
    }

    /// The contents of blobs: from the cache, else one request each, or one tarball of the commit `at` for many.
    ///
    /// # Errors
    /// [`GithubError::TooLarge`] if a blob has more than 10 MB, or any failure of asking.
    pub async fn fetch_blobs(
        &self,
        wanted: &BTreeSet<BlobSha>,
        at: &CommitSha,
    ) -> Result<BTreeMap<BlobSha, Arc<[u8]>>, GithubError> {
        let mut blobs = self.cached_blobs(wanted).await;
        let missing = |blobs: &BTreeMap<BlobSha, Arc<[u8]>>| -> BTreeSet<BlobSha> {
            wanted.iter().filter(|sha| !blobs.contains_key(sha)).cloned().collect()
        };
        if self.client.cold_reads.are_worth_a_tarball(at, missing(&blobs).len()) {
            match self.fetch_tarball(at, missing(&blobs)).await {
                Ok(unpacked) => blobs.extend(unpacked),
                Err(error @ GithubError::RateLimited { .. }) => return Err(error),
                // It is a shortcut: whatever is wrong with it, the blobs can be had one by one.
                Err(error) => {
                    tracing::info!(%error, "asking for single files instead of the tarball")
                }
            }
        }
        let single = futures_util::stream::iter(missing(&blobs))
            .map(|sha| async move { self.fetch_blob(&sha).await.map(|content| (sha, content)) })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        blobs.extend(single);
        Ok(blobs)
    }

    pub(super) async fn cached_blobs(
        &self,
        wanted: &BTreeSet<BlobSha>,
    ) -> BTreeMap<BlobSha, Arc<[u8]>> {
        let (client, wanted) = (Arc::clone(&self.client), wanted.clone());
        let read = move || {
            let mut blobs = BTreeMap::new();
            for sha in wanted {
                let Some(content) = client.objects.get(sha.as_str()) else { continue };
                if BlobSha::of(&content, sha.format()) == sha {
                    blobs.insert(sha, content);
                } else {
                    client.objects.forget(sha.as_str());
                }
            }
            blobs
        };
        tokio::task::spawn_blocking(read).await.unwrap_or_default()
    }

    pub(super) async fn fetch_blob(&self, sha: &BlobSha) -> Result<Arc<[u8]>, GithubError> {
        #[derive(Deserialize)]
        struct Wire {
            content: String,
            encoding: String,
        }
        const REQUEST: &str = "read the file";
        // Base64 is a third longer, with a line break after each 60 characters.
        let call = Call::get(REQUEST, self.path(&format!("/git/blobs/{sha}")))
            .limited(BLOB_LIMIT_BYTES / 2 * 3, 2);
        let wire: Wire = self.client.json(self.who, call).await?;
        let content = match wire.encoding.as_str() {
            "utf-8" => wire.content.into_bytes(),
            _ => {
                let packed = wire.content.replace(['\n', '\r'], "");
                STANDARD.decode(packed).map_err(|error| bad(REQUEST, &error))?
            }
        };
        if BlobSha::of(&content, sha.format()) != *sha {
            return Err(bad(REQUEST, &"the content has another hash"));
        }
        let content: Arc<[u8]> = content.into();
        self.keep(sha.as_str(), &content).await;
        Ok(content)
    }

    /// The blobs among `wanted` that the tarball has. It may lack some: `export-ignore` leaves files out, and
    /// `export-subst` and LFS change them, which their hash tells.
    async fn fetch_tarball(
        &self,
        at: &CommitSha,
        wanted: BTreeSet<BlobSha>,
    ) -> Result<BTreeMap<BlobSha, Arc<[u8]>>, GithubError> {
        const REQUEST: &str = "read all files";
        let call = Call::get(REQUEST, self.path(&format!("/tarball/{at}")))
            .limited(TARBALL_LIMIT_BYTES, 4);
        let answer = self.client.send(self.who, call).await?;
        let client = Arc::clone(&self.client);
        let unpack = move || {
            unpack(&answer.body, &wanted, |sha, content| client.objects.put(sha.as_str(), content))
        };
        let unpacked: std::io::Result<_> = tokio::task::spawn_blocking(unpack)
            .await
            .unwrap_or_else(|_| Err(std::io::Error::other("unpacking stopped")));
        unpacked.map_err(|error| bad(REQUEST, &error))
    }
}

/// How far a listing goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    One,
    All,
}

fn is_directory(mode: &str) -> bool {
    matches!(mode, "040000" | "40000")
}

fn add_entries(
    tree: &mut RepoTree,
    prefix: &str,
    entries: Vec<WireEntry>,
) -> Result<(), GithubError> {
    const REQUEST: &str = "list the files";
    for entry in entries.into_iter().filter(|entry| !is_directory(&entry.mode)) {
        let full = format!("{prefix}{}", entry.path);
        let path = RepoPath::parse(&full).map_err(|error| bad(REQUEST, &error))?;
        let mode = EntryMode::parse(&entry.mode);
        let mode = mode.ok_or_else(|| bad(REQUEST, &format!("a mode `{}`", entry.mode)))?;
        let sha = BlobSha::parse(&entry.sha).map_err(|error| bad(REQUEST, &error))?;
        tree.entries.insert(path, TreeEntry { mode, sha, size_bytes: entry.size });
    }
    Ok(())
}

fn kept(tree: &RepoTree) -> Arc<[u8]> {
    let entry = |(path, entry): (&RepoPath, &TreeEntry)| {
        let (mode, sha) = (entry.mode.git().to_owned(), entry.sha.to_string());
        (path.as_str().to_owned(), mode, sha, entry.size_bytes)
    };
    let kept = KeptTree(tree.entries.iter().map(entry).collect());
    serde_json::to_vec(&kept).expect("texts and numbers are JSON").into()
}

/// Reads a tree of the cache; `None` if it is not the tree it should be.
fn read_kept(sha: &TreeSha, content: &[u8]) -> Option<RepoTree> {
    let KeptTree(entries) = serde_json::from_slice(content).ok()?;
    let entries =
        entries.into_iter().map(|(path, mode, sha, size)| WireEntry { path, mode, sha, size });
    let mut tree = RepoTree { sha: sha.clone(), entries: BTreeMap::new() };
    add_entries(&mut tree, "", entries.collect()).ok()?;
    (tree.computed_sha() == *sha).then_some(tree)
}

/// Reads the wanted blobs out of a gzipped tar, and shows to `keep` those that may be wanted later too.
fn unpack(
    tarball: &[u8],
    wanted: &BTreeSet<BlobSha>,
    keep: impl Fn(&BlobSha, &Arc<[u8]>),
) -> std::io::Result<BTreeMap<BlobSha, Arc<[u8]>>> {
    let format = wanted.first().map_or(ObjectFormat::Sha1, BlobSha::format);
    let unzipped = flate2::read::GzDecoder::new(tarball).take(UNPACKED_LIMIT_BYTES);
    let mut archive = tar::Archive::new(unzipped);
    let mut blobs = BTreeMap::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        let content = if kind.is_symlink() {
            entry.link_name_bytes().map(|target| target.into_owned()).unwrap_or_default()
        } else if kind.is_file() && entry.size() <= BLOB_LIMIT_BYTES as u64 {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            content
        } else {
            continue;
        };
        let (sha, content) = (BlobSha::of(&content, format), Arc::<[u8]>::from(content));
        let asked = wanted.contains(&sha);
        if asked || content.len() <= KEPT_UNASKED_BYTES {
            keep(&sha, &content);
        }
        if asked {
            blobs.insert(sha, content);
        }
    }
    Ok(blobs)
}
