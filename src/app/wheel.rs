//! A Python wheel as far as a bundle of schemas needs it: a ZIP archive with one file of JSON for
//! each version of Kubernetes.
//!
//! Only what the central directory names is read, stored or deflated, within bounds; APPNOTE.TXT of
//! PKWARE is the format's description.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::DeflateDecoder;

/// Why a wheel cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWheel {
    /// It is no ZIP archive, or one with a feature that wheels do not have.
    #[error("it is no wheel: {0}")]
    Archive(&'static str),
    /// The version of Kubernetes is not in it.
    #[error("it has no schemas of Kubernetes {wanted}, only of {}", .known.join(", "))]
    NoVersion {
        /// The version.
        wanted: String,
        /// Those that are in it.
        known: Vec<String>,
    },
}

/// A file's definitions are some 1.5 MB.
const FILE_LIMIT: u64 = 64 << 20;

/// Where a file of the archive is.
#[derive(Clone, Copy)]
struct ArchiveMember {
    method: u16,
    compressed: usize,
    header: usize,
}

/// The definitions of a version of Kubernetes, such as `1.34`, or of the newest; and the version.
///
/// # Errors
/// [`InvalidWheel`] if the archive cannot be read, or has no such version.
pub(super) fn definitions(
    wheel: &[u8],
    version: Option<&str>,
) -> Result<(String, String), InvalidWheel> {
    let mut versions: BTreeMap<u32, ArchiveMember> = BTreeMap::new();
    for (name, place) in directory(wheel)? {
        if let Some(minor) = minor_version(&name) {
            versions.insert(minor, place);
        }
    }
    let wanted = version.map(|text| text.strip_prefix("1.").and_then(|minor| minor.parse().ok()));
    let chosen = match wanted {
        None => versions.last_key_value(),
        Some(minor) => minor.and_then(|minor: u32| versions.get_key_value(&minor)),
    };
    let (minor, place) = chosen.ok_or_else(|| InvalidWheel::NoVersion {
        wanted: version.unwrap_or("any version").to_owned(),
        known: versions.keys().map(|minor| format!("1.{minor}")).collect(),
    })?;
    Ok((format!("1.{minor}"), read(wheel, *place)?))
}

/// The minor version of `…/v1.34.0-local/_definitions.json`.
fn minor_version(name: &str) -> Option<u32> {
    let folder = name.strip_suffix("-local/_definitions.json")?.rsplit('/').next()?;
    folder.strip_prefix("v1.")?.split('.').next()?.parse().ok()
}

/// Names and places of all files, from the central directory at the end.
fn directory(zip: &[u8]) -> Result<Vec<(String, ArchiveMember)>, InvalidWheel> {
    const END: &[u8] = b"PK\x05\x06";
    const ENTRY: u32 = 0x0201_4b50;
    let end = memchr::memmem::rfind(zip, END).ok_or(InvalidWheel::Archive("no directory"))?;
    let (count, mut at) = (short(zip, end + 10)?, long(zip, end + 16)?);
    let mut found = Vec::new();
    for _ in 0..count {
        if number(zip, at)? != ENTRY {
            return Err(InvalidWheel::Archive("its directory is broken"));
        }
        let lengths = [28, 30, 32].map(|offset| short(zip, at + offset));
        let [name, extra, comment] = lengths;
        let (name, skip) = (usize::from(name?), usize::from(extra?) + usize::from(comment?));
        let text = zip.get(at + 46..at + 46 + name).ok_or(SHORT)?;
        let place = ArchiveMember {
            method: short(zip, at + 10)?,
            compressed: long(zip, at + 20)?,
            header: long(zip, at + 42)?,
        };
        found.push((String::from_utf8_lossy(text).into_owned(), place));
        at += 46 + name + skip;
    }
    Ok(found)
}

fn read(zip: &[u8], place: ArchiveMember) -> Result<String, InvalidWheel> {
    let lengths = [26, 28].map(|offset| short(zip, place.header + offset));
    let [name, extra] = lengths;
    let start = place.header + 30 + usize::from(name?) + usize::from(extra?);
    let data = zip.get(start..start.saturating_add(place.compressed)).ok_or(SHORT)?;
    let mut text = String::new();
    let read = match place.method {
        0 => data.take(FILE_LIMIT).read_to_string(&mut text),
        8 => DeflateDecoder::new(data).take(FILE_LIMIT).read_to_string(&mut text),
        _ => return Err(InvalidWheel::Archive("a file is compressed in an unknown way")),
    };
    read.map_err(|_| InvalidWheel::Archive("a file cannot be unpacked"))?;
    Ok(text)
}

const SHORT: InvalidWheel = InvalidWheel::Archive("it ends too early");

fn short(zip: &[u8], at: usize) -> Result<u16, InvalidWheel> {
    let bytes = zip.get(at..at + 2).ok_or(SHORT)?;
    Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn number(zip: &[u8], at: usize) -> Result<u32, InvalidWheel> {
    Ok(u32::from(short(zip, at)?) | u32::from(short(zip, at + 2)?) << 16)
}

fn long(zip: &[u8], at: usize) -> Result<usize, InvalidWheel> {
    usize::try_from(number(zip, at)?).map_err(|_| SHORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_archive_is_an_error() {
        for bytes in [
            &b""[..],
            b"PK\x05\x06",
            &[0x50, 0x4b, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9],
        ] {
            assert!(matches!(definitions(bytes, None), Err(InvalidWheel::Archive(_))));
        }
    }

    #[test]
    fn knows_versions_by_their_folders() {
        assert_eq!(
            minor_version("k/kubernetes-json-schema/v1.34.0-local/_definitions.json"),
            Some(34)
        );
        assert_eq!(minor_version("k/v1.34.0-local-strict/_definitions.json"), None);
        assert_eq!(minor_version("k/v1.34.0-local/pod-v1.json"), None);
    }
}
