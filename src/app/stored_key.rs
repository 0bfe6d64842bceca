//! Which promotion, as the store writes it.

use crate::promotion::{Intent, Key};
use crate::store::{Pair, PromotionRecord};

/// What the store knows a promotion by.
pub(super) fn pair(key: &Key) -> Pair<'_> {
    let Key { source, target, .. } = key;
    Pair {
        application: key.application(),
        source: source.as_str(),
        target: target.as_str(),
        intent: key.intent.as_str(),
    }
}

/// Which promotion a record is of; `None` if somebody changed the store by hand.
pub(super) fn key_of(record: &PromotionRecord) -> Option<Key> {
    let key = Key::named(&record.source, &record.target, &record.application)?;
    Some(key.with(Intent::parse(&record.intent)?))
}
