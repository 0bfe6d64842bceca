//! A commit as its object tells it, in the words of `git log`.

use super::object::{Kind, ObjectId};
use super::reader::ObjectReader;

/// A commit.
#[derive(Debug)]
pub struct Commit {
    /// All its files.
    pub tree: ObjectId,
    /// What it follows.
    pub parents: Vec<ObjectId>,
    /// The name of who wrote it (`%an`).
    pub author: String,
    /// The name of who made it a commit (`%cn`).
    pub committer: String,
    /// When, in seconds.
    pub committed: u64,
    /// Its message as it is (`%B`).
    pub message: String,
}

impl Commit {
    /// Reads a commit; `None` if it is not here, is malformed or is not in UTF-8 by its own words.
    pub fn read(reader: &mut ObjectReader, id: &ObjectId) -> Option<Self> {
        parse(&reader.content(id, Kind::Commit)?)
    }

    /// The first paragraph of its message in one line (`%s`).
    #[must_use]
    pub fn subject(&self) -> String {
        let lines = self.message.split('\n').map(|line| line.trim_end_matches(is_blank));
        let paragraph = lines.skip_while(|line| line.is_empty()).take_while(|it| !it.is_empty());
        paragraph.collect::<Vec<_>>().join(" ")
    }
}

/// What git takes for blank.
const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn parse(content: &[u8]) -> Option<Commit> {
    let end = memchr::memmem::find(content, b"\n\n");
    let head = &content[..end.unwrap_or(content.len())];
    let message = end.map_or(&[][..], |end| &content[end + 2..]);
    // Git's own texts end at the first NUL.
    let message = message.split(|byte| *byte == 0).next().unwrap_or_default();
    let (mut tree, mut parents, mut author, mut committer) = (None, Vec::new(), None, None);
    for line in head.split(|byte| *byte == b'\n') {
        let Some(space) = memchr::memchr(b' ', line) else { continue };
        let (key, value) = (&line[..space], &line[space + 1..]);
        match key {
            b"tree" if tree.is_none() => tree = id(value),
            b"parent" => parents.push(id(value)?),
            b"author" if author.is_none() => author = Some(person(value)?),
            b"committer" if committer.is_none() => committer = Some(person(value)?),
            b"encoding" => return None,
            _ => {}
        }
    }
    let ((author, _), (committer, committed)) = (author?, committer?);
    let message = String::from_utf8_lossy(message).into_owned();
    Some(Commit { tree: tree?, parents, author, committer, committed, message })
}

fn id(value: &[u8]) -> Option<ObjectId> {
    ObjectId::of_hex(std::str::from_utf8(value).ok()?)
}

/// `NAME <ADDRESS> SECONDS ZONE`
fn person(value: &[u8]) -> Option<(String, u64)> {
    let value = String::from_utf8_lossy(value);
    let (name, rest) = value.split_once('<')?;
    let (_, moment) = rest.rsplit_once("> ")?;
    let seconds = moment.split(' ').next()?.parse().ok()?;
    Some((name.trim_end_matches(is_blank).to_owned(), seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\
        parent 0123456789012345678901234567890123456789\n\
        author Ann Author <ann@example.com> 1700000000 +0100\n\
        committer GitHub <noreply@github.com> 1700000001 +0000\n";

    #[test]
    fn reads_what_git_log_says() {
        let text =
            format!("{HEAD}gpgsig -----BEGIN\n encoding x\n -----END\n\n\nOne \nline\n\nBody\n");
        let commit = parse(text.as_bytes()).unwrap();
        assert_eq!(commit.tree.hex(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
        assert_eq!(commit.parents.len(), 1);
        assert_eq!((commit.author.as_str(), commit.committer.as_str()), ("Ann Author", "GitHub"));
        assert_eq!(commit.committed, 1_700_000_001);
        assert_eq!(commit.subject(), "One line");
        assert_eq!(commit.message, "\nOne \nline\n\nBody\n");
    }

    #[test]
    fn leaves_other_encodings_to_git() {
        assert!(parse(format!("{HEAD}encoding ISO-8859-1\n\nx").as_bytes()).is_none());
        assert!(parse(HEAD.replace("tree", "tee").as_bytes()).is_none());
        assert!(parse(b"").is_none());
        assert_eq!(parse(HEAD.trim_end().as_bytes()).unwrap().message, "");
    }
}
