//! The past on its way into the sandbox.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::super::known_past::{Found, KnownPast};
use super::super::pipe::{read_bytes, write_bytes};
use crate::lineage::Point;
use crate::model::{BlobId, CommitSha, PastCommit};

#[derive(Serialize, Deserialize)]
struct Head {
    of: CommitSha,
    commits: Vec<PastCommit>,
    points: Vec<Point>,
}

pub(super) fn write(out: &mut impl Write, past: &KnownPast) -> io::Result<()> {
    let head =
        Head { of: past.head.clone(), commits: past.commits.clone(), points: past.points.clone() };
    write_bytes(out, &postcard::to_allocvec(&head).map_err(io::Error::other)?)?;
    write_contents(out, &past.found())
}

/// Which contents there are and whether they are to be had, then those that are.
pub(super) fn write_contents(out: &mut impl Write, found: &Found) -> io::Result<()> {
    let ids: Vec<_> = found.iter().map(|(id, content)| (id, content.is_some())).collect();
    write_bytes(out, &postcard::to_allocvec(&ids).map_err(io::Error::other)?)?;
    found.values().flatten().try_for_each(|content| write_bytes(out, content))
}

/// `None` if it is not understood, or at the end of the input.
pub(super) fn read_contents(input: &mut impl Read) -> Option<Found> {
    let ids: Vec<(BlobId, bool)> = postcard::from_bytes(&read_bytes(input)?).ok()?;
    let mut found = Found::new();
    for (id, is_here) in ids {
        let content = if is_here { Some(read_bytes(input)?.into()) } else { None };
        found.insert(id, content);
    }
    Some(found)
}

/// `None` if it is not understood; `Some(None)` if there is no past.
pub(super) fn read(input: &mut impl Read) -> Option<Option<KnownPast>> {
    let head = read_bytes(input)?;
    if head.is_empty() {
        return Some(None);
    }
    let Head { of, commits, points } = postcard::from_bytes(&head).ok()?;
    let past = KnownPast::new(of, commits, points);
    past.add(read_contents(input)?);
    Some(Some(past))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FileMode, FileState, RepoPath, Touched};

    #[test]
    fn a_past_arrives() {
        let id = CommitSha::parse(&"1".repeat(40)).unwrap();
        let state = |mode| Some(FileState { mode, blob: BlobId("2".repeat(40)) });
        let touched = vec![Touched {
            path: RepoPath::parse("a/b").unwrap(),
            before: state(FileMode::Executable),
            after: state(FileMode::Symlink),
        }];
        let commit = PastCommit {
            id: id.clone(),
            parent: Some(id.clone()),
            subject: "x".to_owned(),
            author: "mona".to_owned(),
            merged: vec![id.clone()],
            touched,
        };
        let point =
            Point { seen: Some(0), by: Some(id.clone()), settles_versions: true, claimed: true };
        let past = KnownPast::new(id.clone(), vec![commit], vec![point]);
        let content = |text: &str| Some(text.as_bytes().into());
        past.add([(BlobId("3".into()), content("y")), (BlobId("4".into()), None)].into());
        let mut wire = Vec::new();
        write(&mut wire, &past).unwrap();
        let arrived = read(&mut &wire[..]).unwrap().unwrap();
        assert_eq!((&arrived.commits, &arrived.points), (&past.commits, &past.points));
        assert_eq!(arrived.found(), past.found());
    }
}
