//! Answers that may be asked for by their ETag: GitHub's 304 costs no rate limit.
//!
//! What is here is never used without asking, so it cannot be stale.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::HeaderValue;
use http::header::LINK;

use super::call::Answer;
use super::identity::Who;
use super::lock::lock;

/// Larger answers are not kept.
const LARGEST_BYTES: usize = 128 << 10;

/// So many answers are kept; beyond that, all go and are asked for anew.
const MOST: usize = 256;

/// An answer that was kept.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) etag: HeaderValue,
    pub(super) body: Arc<[u8]>,
    pub(super) link: Option<HeaderValue>,
}

/// The answers that were kept, by who asked and for what.
#[derive(Default)]
pub(super) struct EtagCache(Mutex<BTreeMap<(Who, String), Kept>>);

impl EtagCache {
    pub(super) fn get(&self, who: Who, path: &str) -> Option<Kept> {
        let kept = lock(&self.0);
        kept.get(&(who, path.to_owned())).cloned()
    }

    pub(super) fn put(&self, who: Who, path: &str, etag: Option<&HeaderValue>, answer: &Answer) {
        let Some(etag) = etag.filter(|_| answer.body.len() <= LARGEST_BYTES) else { return };
        let mut kept = lock(&self.0);
        if kept.len() >= MOST {
            kept.clear();
        }
        let link = answer.headers.get(LINK).cloned();
        let answer = Kept { etag: etag.clone(), body: answer.body.as_slice().into(), link };
        kept.insert((who, path.to_owned()), answer);
    }
}
