//! Bytes and files on their way into the sandbox, each behind its length.

use std::io::{self, Read, Write};

use crate::model::{File, FileMode, RepoPath};

const fn mode_byte(file: Option<&File>) -> u8 {
    match file {
        None => 0,
        Some(File { mode: FileMode::Regular, .. }) => 1,
        Some(File { mode: FileMode::Executable, .. }) => 2,
        Some(File { mode: FileMode::Symlink, .. }) => 3,
    }
}

const fn mode_of(byte: u8) -> Option<FileMode> {
    match byte {
        1 => Some(FileMode::Regular),
        2 => Some(FileMode::Executable),
        3 => Some(FileMode::Symlink),
        _ => None,
    }
}

/// A file with its path; one that is unknown, or goes, has no content.
pub(super) fn write_file(
    out: &mut impl Write,
    path: &RepoPath,
    file: Option<&File>,
) -> io::Result<()> {
    write_bytes(out, path.as_str().as_bytes())?;
    out.write_all(&[mode_byte(file)])?;
    file.map_or(Ok(()), |file| write_bytes(out, &file.content))
}

/// Ends a row of files.
pub(super) fn write_end(out: &mut impl Write) -> io::Result<()> {
    write_bytes(out, b"")
}

/// `None` at the end of a row, or of the input; a file that is unknown, or goes, has no content.
pub(super) fn read_file(input: &mut impl Read) -> Option<(RepoPath, Option<File>)> {
    let path = read_bytes(input).filter(|path| !path.is_empty())?;
    let path = RepoPath::parse(std::str::from_utf8(&path).ok()?).ok()?;
    let mut mode = [0];
    input.read_exact(&mut mode).ok()?;
    let Some(mode) = mode_of(mode[0]) else { return Some((path, None)) };
    Some((path, Some(File { mode, content: read_bytes(input)?.into() })))
}

/// Bytes behind their length.
pub(super) fn write_bytes(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(bytes)
}

/// `None` at the end of the input.
pub(super) fn read_bytes(input: &mut impl Read) -> Option<Vec<u8>> {
    read_bytes_up_to(u64::MAX, input).ok()?
}

/// More than are wanted.
#[derive(Debug)]
pub(super) struct TooMany;

/// At most so many; `None` at the end of the input.
pub(super) fn read_bytes_up_to(
    most: u64,
    input: &mut impl Read,
) -> Result<Option<Vec<u8>>, TooMany> {
    let mut length = [0; 4];
    if input.read_exact(&mut length).is_err() {
        return Ok(None);
    }
    let length = u64::from(u32::from_le_bytes(length));
    if length > most {
        return Err(TooMany);
    }
    let mut bytes = Vec::new();
    let read = input.take(length).read_to_end(&mut bytes).ok().map(u64::try_from);
    Ok((read == Some(Ok(length))).then_some(bytes))
}
