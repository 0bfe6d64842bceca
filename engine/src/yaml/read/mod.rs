//! From text to [`Node`]s: which texts are read, by whose rules, and how much of them.
//!
//! Which documents a text has is decided here, as kustomize decides it; [`scan`] makes one
//! document's tree if the document is written as manifests are, else [`compose`] makes it from
//! events; [`resolve`](super::resolve) knows the types of scalars.

mod compose;
mod limits;
mod merge;
mod scan;
mod split;
mod typed;
mod unique;

use super::fault::Fault;
use super::{Dialect, Node, SyntaxError, TextId};
pub use limits::MAX_DEPTH;
use limits::{MAX_ALIASED_NODES, MAX_BYTES, MAX_DOCUMENTS};
use typed::TypedKeys;
pub use typed::can_be_printed;

/// Reads the documents of a text. Documents without any content are left out; a document that
/// says `null` is a null node. Anchors, aliases and merge keys are expanded.
///
/// In [`Dialect::V3`] lines that begin with `---` separate documents, as kyaml splits them
/// (kyaml/kio/byteio_reader.go), and what follows a `...` line is not read; in [`Dialect::V2`]
/// only the first document is read.
///
/// # Errors
/// [`SyntaxError`] if the text is not YAML; has duplicate keys, or keys or numbers that JSON
/// cannot hold (kustomize refuses those when it prints); or is larger, deeper or more
/// self-repeating than any manifest.
pub fn parse_stream(text: &str, dialect: Dialect) -> Result<Vec<Node>, SyntaxError> {
    parse_one_of(text, TextId::ONLY, dialect)
}

/// [`parse_stream`] for one of several texts, which its marks name.
///
/// # Errors
/// As [`parse_stream`].
pub fn parse_one_of(text: &str, id: TextId, dialect: Dialect) -> Result<Vec<Node>, SyntaxError> {
    read(text, id, (dialect, dialect), Path::Scanner, TypedKeys::Refused)
}

/// [`parse_one_of`] for a strategic merge patch, in [`Dialect::V3`]: keys below its top that are no strings stay,
/// with their types, since they may be the same as those of what it is laid over.
///
/// # Errors
/// As [`parse_stream`], save for such keys.
pub fn parse_patch(text: &str, id: TextId) -> Result<Vec<Node>, SyntaxError> {
    read(text, id, (Dialect::V3, Dialect::V3), Path::Scanner, TypedKeys::Kept)
}

/// Reads all documents of plain manifests as `kubectl` does: separated as in [`Dialect::V3`], each
/// by the rules of [`Dialect::V2`], so that keys may be numbers and of duplicate keys the last counts.
///
/// # Errors
/// As [`parse_stream`].
pub fn parse_manifests(text: &str) -> Result<Vec<Node>, SyntaxError> {
    read(text, TextId::ONLY, (Dialect::V3, Dialect::V2), Path::Scanner, TypedKeys::Refused)
}

/// [`parse_stream`] by events alone: the measure of the scanner in tests and benches.
///
/// # Errors
/// As [`parse_stream`].
#[doc(hidden)]
pub fn parse_stream_by_events(text: &str, dialect: Dialect) -> Result<Vec<Node>, SyntaxError> {
    read(text, TextId::ONLY, (dialect, dialect), Path::Events, TypedKeys::Refused)
}

/// Who reads a document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Path {
    /// The scanner of what is plainly written, and events for what it leaves.
    Scanner,
    /// Events always.
    Events,
}

fn read(
    text: &str,
    id: TextId,
    (separation, dialect): (Dialect, Dialect),
    path: Path,
    typed_keys: TypedKeys,
) -> Result<Vec<Node>, SyntaxError> {
    if text.len() > MAX_BYTES {
        let reason = format!("the text is longer than {} MiB", MAX_BYTES >> 20);
        return Err(SyntaxError { position: None, reason });
    }
    let scannable = path == Path::Scanner && scan::is_plain_text(text);
    let mut documents = Vec::new();
    let mut budget = MAX_ALIASED_NODES;
    for piece in split::pieces(text, separation) {
        let (start, end) = piece.map_err(|fault| fault.in_text(text))?;
        if documents.len() == MAX_DOCUMENTS {
            let reason = format!("more than {MAX_DOCUMENTS} documents");
            return Err(Fault { offset: start, reason }.in_text(text));
        }
        let scanned =
            scannable.then(|| scan::scan_document((text, id), start..end, dialect)).flatten();
        if let Some(document) = scanned {
            documents.extend(document);
            continue;
        }
        let document =
            compose::parse_document((text, id), start..end, (dialect, typed_keys), &mut budget)
                .map_err(|fault| fault.in_text(text))?;
        documents.extend(document);
    }
    Ok(documents)
}
