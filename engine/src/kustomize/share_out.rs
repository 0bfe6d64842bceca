//! Work on the items of a list, shared out between this thread and another.

use std::iter::Peekable;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::vec::IntoIter;

/// Does `work` on every item and returns the results in the order of the items.
///
/// Each thread takes the next item that nobody has taken, so that two large ones among many small
/// ones do not end up with the same thread. Who did what does not show in the result.
pub(super) fn share_out<T: Sync, U: Send>(items: &[T], work: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let done = share_out_with(items, || (), |(), item| work(item));
    done.results.into_iter().map(|(_, result)| result).collect()
}

/// What two threads did.
#[derive(Debug)]
pub(super) struct Done<S, U> {
    /// What each of them worked with.
    pub states: Vec<S>,
    /// The results in the order of the items, each with the place in `states` of who made it.
    pub results: Vec<(usize, U)>,
}

/// As [`share_out`], each thread with a state of its own.
pub(super) fn share_out_with<T: Sync, S: Send, U: Send>(
    items: &[T],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> U + Sync,
) -> Done<S, U> {
    let next = AtomicUsize::new(0);
    let take = || {
        let (mut state, mut done) = (state(), Vec::new());
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return (state, done) };
            done.push((at, work(&mut state, item)));
        }
    };
    let workers = thread::scope(|scope| {
        // Where no thread is to be had, this one does it all.
        let other = thread::Builder::new().spawn_scoped(scope, take).ok();
        let mut workers = vec![take()];
        workers
            .extend(other.map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic))));
        workers
    });
    let (states, lists): (Vec<S>, Vec<_>) = workers.into_iter().unzip();
    Done { states, results: in_order(lists, items.len()) }
}

/// Merges the lists of the workers, each of them in order.
fn in_order<U>(lists: Vec<Vec<(usize, U)>>, length: usize) -> Vec<(usize, U)> {
    let mut lists: Vec<_> = lists.into_iter().map(|list| list.into_iter().peekable()).collect();
    let mut merged = Vec::with_capacity(length);
    for at in 0..length {
        let has_it = |list: &mut Peekable<IntoIter<(usize, U)>>| {
            list.peek().is_some_and(|(place, _)| *place == at)
        };
        let worker = lists.iter_mut().position(has_it).expect("every item was taken by somebody");
        merged.extend(lists[worker].next().map(|(_, result)| (worker, result)));
    }
    merged
}

/// Below so many bytes of manifests, a few milliseconds, a second thread is not worth its start.
pub(super) const MUCH: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn two_threads_work_and_the_order_stays() {
        let items: Vec<usize> = (0..1000).collect();
        let barrier = Barrier::new(2);
        let done = share_out(&items, |item| {
            if *item < 2 {
                // Ends only if two threads get here.
                barrier.wait();
            }
            item * 2
        });
        assert_eq!(done, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(share_out(&[], |item: &usize| *item).is_empty());
    }

    #[test]
    #[should_panic(expected = "the seventh")]
    fn a_panic_is_passed_on() {
        share_out(&[1, 7], |item| assert!(*item != 7, "the seventh"));
    }
}
