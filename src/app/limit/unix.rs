//! The limits that a Unix system keeps.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rustix::param::page_size;
use rustix::process::{Resource, Rlimit, Signal, getpid, getppid, kill_process, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// How long a process may compute, on all its threads together.
const SECONDS: u64 = 50;
/// How long it may work, if it does not wait for others most of the time.
const WALL_SECONDS: u64 = 55;
/// The stack of whoever works: what Linux gives the first thread of a program.
const STACK_BYTES: usize = 8 << 20;

/// What is left to a process whatever it holds already.
const LEAST_BYTES: u64 = 32 << 20;

/// Lowers the limits of this process, that of its memory to so many bytes if there is room for them.
pub(super) fn lower(bytes: u64) {
    let limit = |resource, current, maximum| {
        let _ = setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) });
    };
    limit(Resource::Core, 0, 0);
    let bytes = bytes.max(held_bytes() + LEAST_BYTES);
    limit(Resource::Data, bytes, bytes);
    // At the first the signal tells why, at the second there is no way round it.
    limit(Resource::Cpu, SECONDS, SECONDS + 2);
}

/// What counts already of the memory that is limited. The allocator may have taken much in advance: a limit
/// below that would leave no room for a thread's stack.
#[expect(
    clippy::disallowed_methods,
    reason = "what the kernel says of this process is no file of a checkout"
)]
fn held_bytes() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").ok().and_then(|text| {
        // size, resident, shared, text, lib, data (proc_pid_statm(5)).
        text.split(' ').nth(5)?.parse::<u64>().ok()
    });
    pages.unwrap_or_default() * u64::try_from(page_size()).unwrap_or_default()
}

/// Begins to watch how long this process works.
pub(super) fn watch_time() {
    std::thread::spawn(|| {
        watch(|for_long| {
            std::thread::sleep(for_long);
            false
        })
    });
}

/// Works on a thread of its own and watches how long that takes.
pub(super) fn watched<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let (end, ended) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let work = || {
            let _end = end;
            work()
        };
        let worker = std::thread::Builder::new().stack_size(STACK_BYTES);
        let worker = worker.spawn_scoped(scope, work).expect("failed to spawn thread");
        watch(|for_long| ended.recv_timeout(for_long) != Err(RecvTimeoutError::Timeout));
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Ends this process once it has worked for too long by the clock on the wall, which on a busy machine runs
/// ahead of the time that it computes, or nobody waits for it any more. Whoever waits for a network and computes next
/// to nothing may go on. `is_over` waits, and says whether there is nothing to watch any more.
///
/// That the parent is gone could be had as a signal (`PR_SET_PDEATHSIG`), which comes once the thread is gone that
/// began this process, and threads of a pool come and go.
fn watch(mut is_over: impl FnMut(Duration) -> bool) {
    let seconds = |clock| u64::try_from(clock_gettime(clock).tv_sec).unwrap_or_default();
    let (parent, begun) = (getppid(), seconds(ClockId::Monotonic));
    while !is_over(Duration::from_secs(1)) {
        if getppid() != parent {
            let _ = kill_process(getpid(), Signal::KILL);
        }
        let is_late = seconds(ClockId::Monotonic) - begun >= WALL_SECONDS;
        if is_late && seconds(ClockId::ProcessCPUTime) >= SECONDS / 5 {
            let _ = kill_process(getpid(), Signal::XCPU);
        }
    }
}
