//! Reading the files that `resources` names before their turn comes, so that two threads can.
//!
//! What it finds is used in the order of the list: the result, and which fault is reported, are the
//! same as without.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::error::BuildError;
use super::load::{Loaded, Loader, Root};
use super::manifest::{self, Object};
use super::reference::Reference;
use super::share_out::{MUCH, share_out};

/// Of more than this nothing is read ahead: a list may name a large file very often, and the second
/// time is an error.
const LIMIT: usize = 16 << 20;

/// What stands in the file that an entry names, or why it cannot be read; `None` if the entry has
/// to be looked at when its turn comes.
pub(super) type Ahead = Option<Result<Vec<Object>, BuildError>>;

/// Reads the files among the entries of `resources`, one result for each entry.
pub(super) fn read_ahead(
    loader: &Loader<'_>,
    root: &Root<'_>,
    entries: &[Reference],
) -> Vec<Ahead> {
    let (first, is_much) = first_files(loader, root, entries);
    let bytes = AtomicUsize::new(0);
    let read = |at: &usize| {
        if bytes.load(Ordering::Relaxed) > LIMIT {
            return None;
        }
        let loaded = match first.get(*at).cloned().flatten() {
            Some(loaded) => loaded,
            None => match loader.local_file(root, &entries[*at])? {
                Ok(loaded) => loaded,
                Err(fault) => return Some(Err(fault)),
            },
        };
        bytes.fetch_add(loaded.content.len(), Ordering::Relaxed);
        Some(objects(&loaded))
    };
    let places: Vec<usize> = (0..entries.len()).collect();
    if is_much { share_out(&places, read) } else { places.iter().map(read).collect() }
}

/// So many files are much to read, however small they are: to open one takes as long as to read a kilobyte.
const MANY: usize = 100;

/// The files of the first entries, until they tell whether there is much.
fn first_files(
    loader: &Loader<'_>,
    root: &Root<'_>,
    entries: &[Reference],
) -> (Vec<Option<Loaded>>, bool) {
    let (mut files, mut bytes) = (Vec::new(), 0);
    if entries.len() >= MANY {
        return (files, true);
    }
    for entry in entries {
        // A fault is found again in its turn.
        let file = loader.local_file(root, entry).and_then(Result::ok);
        bytes += file.as_ref().map_or(0, |file| file.content.len());
        files.push(file);
        if bytes >= MUCH {
            return (files, true);
        }
    }
    (files, false)
}

/// The objects of a file; none if its content is not here.
///
/// # Errors
/// [`BuildError`] if it is not YAML, or a document is no resource.
pub(super) fn objects(loaded: &Loaded) -> Result<Vec<Object>, BuildError> {
    if !loaded.is_known {
        return Ok(Vec::new());
    }
    let place = loaded.place();
    manifest::objects(&loaded.text()?, &place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kustomize::{BuildOptions, Reorder, build};
    use crate::model::{File, FileTree, RepoPath};
    use crate::yaml;

    /// Forty files of 40 KB with a directory among them: enough for two threads.
    fn many() -> FileTree {
        let mut files = FileTree::new();
        let mut insert = |path: &str, text: String| {
            files.insert(RepoPath::parse(path).unwrap(), File::regular(text.into_bytes()));
        };
        let config_map = |name: String| {
            let value = "word ".repeat(8_000);
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  a: {value}\n"
            )
        };
        let mut list = String::from("resources:\n");
        for number in 0..40 {
            insert(&format!("app/{number}.yaml"), config_map(format!("m{number}")));
            list.push_str(&format!("- {number}.yaml\n"));
            if number == 20 {
                list.push_str("- ../base\n");
            }
        }
        insert("app/kustomization.yaml", list);
        insert("base/kustomization.yaml", "resources: [b.yaml]\n".to_owned());
        insert("base/b.yaml", config_map("base".to_owned()));
        files
    }

    fn app() -> RepoPath {
        RepoPath::parse("app").unwrap()
    }

    #[test]
    fn what_two_threads_read_and_write_is_in_the_order_of_the_list() {
        let options = BuildOptions { reorder: Reorder::None, ..Default::default() };
        let build = build(&many(), &app(), &options).unwrap();
        assert!(build.bytes_read >= MUCH);
        let names: Vec<&str> = build.resources.iter().map(|resource| &*resource.id.name).collect();
        let mut expected: Vec<String> = (0..40).map(|number| format!("m{number}")).collect();
        expected.insert(21, "base".to_owned());
        assert_eq!(names, expected);
        let mut alone = String::new();
        yaml::write_stream(build.resources.iter().map(|resource| &resource.node), &mut alone);
        assert_eq!(build.render(), alone);
    }

    #[test]
    fn of_several_faults_the_first_of_the_list_is_told() {
        let mut files = many();
        for path in ["app/39.yaml", "app/31.yaml", "app/35.yaml"] {
            files.insert(RepoPath::parse(path).unwrap(), File::regular(*b"a: [\n"));
        }
        for _ in 0..20 {
            let error = build(&files, &app(), &BuildOptions::default()).unwrap_err();
            assert_eq!(error.location().unwrap().path.as_str(), "app/31.yaml", "{error}");
        }
    }
}
