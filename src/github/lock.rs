//! A lock that outlives a panic: what is kept behind one is never half done.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value behind a lock.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
