//! Work on the items of a list, shared out between this thread and another.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does `work` on every item and returns the results in the order of the items.
///
/// Each thread takes the next item that nobody has taken, so that two large ones among many small
/// ones do not end up with the same thread. Who did what does not show in the result.
pub(super) fn share_out<T: Sync, U: Send>(items: &[T], work: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, work(item)));
        }
    };
    let (mine, others) = thread::scope(|scope| {
        // Where no thread is to be had, this one does it all.
        let other = thread::Builder::new().spawn_scoped(scope, take).ok();
        let mine = take();
        let others = other.map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        (mine, others.unwrap_or_default())
    });
    in_order(mine, others)
}

/// Merges two lists, each of them in order.
fn in_order<U>(first: Vec<(usize, U)>, second: Vec<(usize, U)>) -> Vec<U> {
    let mut merged = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter().peekable(), second.into_iter().peekable());
    loop {
        let is_first = match (first.peek(), second.peek()) {
            (Some((first, _)), Some((second, _))) => first < second,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return merged,
        };
        let next = if is_first { first.next() } else { second.next() };
        merged.extend(next.map(|(_, result)| result));
    }
}

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
