//! A cache for things that are named by their hash, bounded by bytes, on disk or in memory.
//!
//! It promises nothing about what it returns: files may be cut or changed behind its back, so the
//! caller checks the hash and calls [`ObjectCache::forget`] if it is wrong. Losing an entry costs a
//! request, so faults of the disk are no errors here.
#![expect(
    clippy::disallowed_methods,
    reason = "the cache's files are its own: no path in it comes from a repository"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// A bounded cache; the entry that was not used for longest goes first.
pub(super) struct ObjectCache {
    directory: Option<PathBuf>,
    limit_bytes: u64,
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    entries: BTreeMap<String, Entry>,
    /// Keys by when they were used last.
    order: BTreeMap<u64, String>,
    total_bytes: u64,
    clock: u64,
}

struct Entry {
    bytes: u64,
    used: u64,
    /// `None` if it is on disk.
    content: Option<Arc<[u8]>>,
}

impl ObjectCache {
    /// A cache that is lost with the process.
    pub(super) fn in_memory(limit_bytes: u64) -> Self {
        Self { directory: None, limit_bytes, index: Mutex::default() }
    }

    /// A cache in a directory, which is made if it is not there. What an earlier process left in it
    /// is used, oldest first out.
    ///
    /// Several processes may share a directory: entries are put in place whole, and one that another process took
    /// away is merely missing.
    ///
    /// # Errors
    /// If the directory can be neither made nor read.
    pub(super) fn on_disk(directory: &Path, limit_bytes: u64) -> std::io::Result<Self> {
        fs::create_dir_all(directory)?;
        let mut files = Vec::new();
        for file in fs::read_dir(directory)? {
            let Ok(file) = file else { continue };
            let (Ok(meta), Some(key)) =
                (file.metadata(), file.file_name().to_str().map(str::to_owned))
            else {
                continue;
            };
            if meta.is_file() && is_key(&key) {
                let modified = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                files.push((modified, key, meta.len()));
            }
        }
        files.sort();
        let cache =
            Self { directory: Some(directory.to_owned()), limit_bytes, index: Mutex::default() };
        let mut index = cache.lock();
        for (_, key, bytes) in files {
            index.insert(key, bytes, None);
        }
        let evicted = index.shrink_to(limit_bytes);
        drop(index);
        cache.delete(&evicted);
        Ok(cache)
    }

    /// The content under a key, unchecked.
    pub(super) fn get(&self, key: &str) -> Option<Arc<[u8]>> {
        let content = self.lock().touch(key)?;
        if content.is_some() {
            return content;
        }
        let read = self.directory.as_ref().and_then(|directory| fs::read(directory.join(key)).ok());
        if read.is_none() {
            self.lock().remove(key);
        }
        read.map(Into::into)
    }

    /// Whether there is something under a key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.lock().entries.contains_key(key)
    }

    /// Keeps a content, and lets others go for it. One that is larger than the whole cache is not kept.
    pub(super) fn put(&self, key: &str, content: &Arc<[u8]>) {
        let bytes = content.len() as u64;
        if bytes > self.limit_bytes || !is_key(key) || self.has(key) {
            return;
        }
        let on_disk =
            self.directory.as_ref().is_some_and(|directory| write(directory, key, content));
        if self.directory.is_some() && !on_disk {
            return;
        }
        let kept = (!on_disk).then(|| Arc::clone(content));
        let mut index = self.lock();
        index.insert(key.to_owned(), bytes, kept);
        let evicted = index.shrink_to(self.limit_bytes);
        drop(index);
        self.delete(&evicted);
    }

    /// Drops what is under a key.
    pub(super) fn forget(&self, key: &str) {
        self.lock().remove(key);
        self.delete(&[key.to_owned()]);
    }

    fn delete(&self, keys: &[String]) {
        for (directory, key) in
            self.directory.iter().flat_map(|dir| keys.iter().map(move |key| (dir, key)))
        {
            if is_key(key) {
                drop(fs::remove_file(directory.join(key)));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn touch(&mut self, key: &str) -> Option<Option<Arc<[u8]>>> {
        let entry = self.entries.get_mut(key)?;
        self.clock += 1;
        if let Some(key) = self.order.remove(&entry.used) {
            self.order.insert(self.clock, key);
        }
        entry.used = self.clock;
        Some(entry.content.clone())
    }

    fn insert(&mut self, key: String, bytes: u64, content: Option<Arc<[u8]>>) {
        self.remove(&key);
        self.clock += 1;
        self.total_bytes += bytes;
        self.order.insert(self.clock, key.clone());
        self.entries.insert(key, Entry { bytes, used: self.clock, content });
    }

    fn remove(&mut self, key: &str) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&entry.used);
            self.total_bytes -= entry.bytes;
        }
    }

    fn shrink_to(&mut self, limit_bytes: u64) -> Vec<String> {
        let mut evicted = Vec::new();
        while self.total_bytes > limit_bytes {
            let Some((_, oldest)) = self.order.first_key_value() else { break };
            let oldest = oldest.clone();
            self.remove(&oldest);
            evicted.push(oldest);
        }
        evicted
    }
}

/// Keys become file names, so they are narrow: hexadecimal digits, perhaps a word and a dash before them.
fn is_key(text: &str) -> bool {
    (40..=80).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Writes a file so that nobody ever sees half of it.
fn write(directory: &Path, key: &str, content: &[u8]) -> bool {
    let draft = directory.join(format!(".{key}.{:016x}", rand::random::<u64>()));
    let done = fs::write(&draft, content).and_then(|()| fs::rename(&draft, directory.join(key)));
    if done.is_err() {
        drop(fs::remove_file(&draft));
    }
    done.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> String {
        format!("{n:040x}")
    }

    fn content(text: &str) -> Arc<[u8]> {
        text.as_bytes().into()
    }

    fn both(limit_bytes: u64, check: impl Fn(ObjectCache)) {
        let directory = tempfile::tempdir().unwrap();
        check(ObjectCache::in_memory(limit_bytes));
        check(ObjectCache::on_disk(directory.path(), limit_bytes).unwrap());
    }

    #[test]
    fn lets_go_what_was_not_used_for_longest() {
        both(8, |cache| {
            for n in 0..2 {
                cache.put(&key(n), &content("1234"));
            }
            assert!(cache.get(&key(0)).is_some());
            cache.put(&key(2), &content("1234"));
            assert!(cache.get(&key(1)).is_none());
            assert_eq!(cache.get(&key(0)), Some(content("1234")));
            cache.put(&key(3), &content("123456789"));
            assert!(!cache.has(&key(3)) && cache.has(&key(0)), "larger than the whole cache");
        });
    }

    #[test]
    fn forgets() {
        both(8, |cache| {
            cache.put(&key(0), &content("x"));
            cache.forget(&key(0));
            assert_eq!(cache.get(&key(0)), None);
        });
    }

    #[test]
    fn finds_what_an_earlier_process_left_within_the_limit() {
        let directory = tempfile::tempdir().unwrap();
        let cache = ObjectCache::on_disk(directory.path(), 100).unwrap();
        for n in 0..3 {
            cache.put(&key(n), &content("1234"));
        }
        let later = ObjectCache::on_disk(directory.path(), 8).unwrap();
        assert_eq!((0..3).filter(|n| later.get(&key(*n)).is_some()).count(), 2);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_that_is_gone_is_missing_and_no_fault() {
        let directory = tempfile::tempdir().unwrap();
        let cache = ObjectCache::on_disk(directory.path(), 100).unwrap();
        cache.put(&key(0), &content("x"));
        fs::remove_file(directory.path().join(key(0))).unwrap();
        assert_eq!(cache.get(&key(0)), None);
        assert!(!cache.has(&key(0)));
    }

    #[test]
    fn keys_cannot_name_other_files() {
        let directory = tempfile::tempdir().unwrap();
        let cache = ObjectCache::on_disk(directory.path(), 100).unwrap();
        cache.put(&format!("../{}", key(0)), &content("x"));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
