//! Keys and values from literals, files and environment files.

use std::collections::BTreeMap;

use super::generated::Generated;
use crate::kustomize::error::BuildError;
use crate::kustomize::kustomization::GeneratorArgs;
use crate::kustomize::load::{Loaded, Loader, Root};
use crate::kustomize::reference::Reference;
use crate::kustomize::secret_facts::SecretFile;
use crate::yaml::Mark;

/// Go's line scanner gives up, without a word, at the first line that is longer.
const LINE_LIMIT_BYTES: usize = 64 * 1024;

/// A value of a generated object.
pub(super) struct Datum {
    pub(super) value: Vec<u8>,
    /// Where it is written.
    pub(super) mark: Mark,
}

/// All keys of a generator with their values.
pub(super) fn read(
    what: Generated,
    args: &GeneratorArgs,
    loader: &Loader<'_>,
    root: &Root<'_>,
) -> Result<BTreeMap<String, Datum>, BuildError> {
    let note = |loaded: &Loaded, file: SecretFile| {
        if what == Generated::Secret {
            loader.note_secrets(|known| known.note_file(loaded.path.clone(), file));
        }
    };
    let mut data = BTreeMap::new();
    let mut add = |key: String, (value, mark): (Vec<u8>, Mark), from: &Reference| {
        let reason = format!("the key `{key}` is there twice");
        match data.insert(key, Datum { value, mark }) {
            None => Ok(()),
            Some(_) => Err(BuildError::invalid(&from.at, reason)),
        }
    };
    for source in &args.envs {
        let Some(loaded) = loader.read_source(root, source)? else { continue };
        note(&loaded, SecretFile::Env);
        for (key, value, at) in environment_lines(&loaded.content, source)? {
            add(key, (value, Mark::at(at).in_text(loaded.id)), source)?;
        }
    }
    for source in &args.literals {
        let (key, value) = literal(source)?;
        add(key.to_owned(), (value.as_bytes().to_vec(), source.written.mark), source)?;
    }
    for source in &args.files {
        let (key, path) = file_source(source)?;
        let reference = Reference::to(path, source.at.clone());
        let Some(loaded) = loader.read_source(root, &reference)? else { continue };
        note(&loaded, SecretFile::Whole);
        let mark = Mark::at(0).in_text(loaded.id);
        add(key.to_owned(), (loaded.content.to_vec(), mark), source)?;
    }
    Ok(data)
}

/// The keys and values of an environment file, each with the offset of its line where line ends are one byte.
fn environment_lines(
    content: &[u8],
    source: &Reference,
) -> Result<Vec<(String, Vec<u8>, usize)>, BuildError> {
    let (mut pairs, mut next) = (Vec::new(), 0);
    for (at, line) in content.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if line.len() > LINE_LIMIT_BYTES {
            break;
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let start = next;
        next += line.len() + 1;
        let line = std::str::from_utf8(line).map_err(|_| {
            BuildError::invalid(
                &source.at,
                format!("line {} of `{}` is not UTF-8", at + 1, source.text),
            )
        })?;
        let line = if at == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !key.is_empty() {
            pairs.push((key.to_owned(), value.as_bytes().to_vec(), start));
        }
    }
    Ok(pairs)
}

fn literal(source: &Reference) -> Result<(&str, &str), BuildError> {
    let parts = source.text.split_once('=').filter(|(key, _)| !key.is_empty());
    let (key, value) = parts.ok_or_else(|| {
        BuildError::invalid(&source.at, "a literal is written `key=value`".to_owned())
    })?;
    Ok((key, without_quotes(value)))
}

/// The text between quotes of the same kind at both ends.
fn without_quotes(text: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    text
}

fn file_source(source: &Reference) -> Result<(&str, &str), BuildError> {
    match source.text.split('=').collect::<Vec<_>>()[..] {
        [path] => Ok((path.trim_end_matches('/').rsplit('/').next().unwrap_or(path), path)),
        [key, path] if !key.is_empty() && !path.is_empty() => Ok((key, path)),
        _ => Err(BuildError::invalid(
            &source.at,
            "a file is written `path` or `key=path`".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Location, RepoPath};

    fn reference(text: &str) -> Reference {
        Reference::to(text, Location::file(RepoPath::root()))
    }

    #[test]
    fn reads_literals_as_kustomize_does() {
        let read = |text: &str| literal(&reference(text)).map(|(k, v)| format!("{k}:{v}")).ok();
        assert_eq!(read("a=b=c").as_deref(), Some("a:b=c"));
        assert_eq!(read("a='b'").as_deref(), Some("a:b"));
        assert_eq!(read("a='b\"").as_deref(), Some("a:'b\""));
        assert_eq!(read("a='").as_deref(), Some("a:'"));
        assert_eq!(read("a=").as_deref(), Some("a:"));
        assert_eq!(read("=b"), None);
        assert_eq!(read("a"), None);
    }

    #[test]
    fn reads_environment_files_as_kustomize_does() {
        let text = "\u{feff}A=1\r\n  # comment\n\n  B=x=y \nC\n";
        let pairs = environment_lines(text.as_bytes(), &reference("env")).unwrap();
        let texts: Vec<_> = pairs
            .iter()
            .map(|(k, v, at)| format!("{at} {k}:{}", String::from_utf8_lossy(v)))
            .collect();
        assert_eq!(texts, ["0 A:1", "20 B:x=y ", "29 C:"]);
    }

    #[test]
    fn tells_keys_from_paths() {
        assert_eq!(file_source(&reference("dir/app.ini")).unwrap(), ("app.ini", "dir/app.ini"));
        assert_eq!(file_source(&reference("k=dir/app.ini")).unwrap(), ("k", "dir/app.ini"));
        assert!(file_source(&reference("=x")).is_err());
        assert!(file_source(&reference("a=b=c")).is_err());
    }
}
