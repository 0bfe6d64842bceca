//! What this process asks of its system. Windows gives less of it than the others: enough for a person's
//! commands, not for the service.

use anyhow::Context as _;
use tokio::sync::watch;

/// More than there are places for connections.
#[cfg(unix)]
const OPEN_FILES: u64 = 4_096;

/// # Errors
/// Where this system cannot limit what a plan may use: then one repository would end the service for all.
pub(super) fn check_limits() -> anyhow::Result<()> {
    if cfg!(unix) {
        return Ok(());
    }
    Err(anyhow::anyhow!("memory and time of a plan cannot be limited here: use Linux or macOS"))
        .context("the service does not run on this system")
}

/// Lets nobody else read what is written from now on. On Windows the folder decides.
pub(super) fn write_private_files() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_bits_truncate(0o077));
}

/// Connections that say nothing must not use up what plans and the database need. Many systems begin with
/// 1,024 open files and let whoever asks have more.
pub(super) fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let most = maximum.map_or(OPEN_FILES, |maximum| maximum.min(OPEN_FILES));
        if current.is_some_and(|current| current < most) {
            let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum });
        }
    }
}

/// Asks for memory in small pages, as most processes have it.
///
/// The allocator asks Linux for large ones, which `overlift build` gains a fifth of its time by: it fills its memory
/// once and ends. Whoever plans touches more memory than it fills, and gets slower and larger.
pub(super) fn use_small_pages() {
    // Where there are none it is no loss.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// Turns true at the first signal that asks the process to end.
pub(super) fn stop_on_signal() -> anyhow::Result<watch::Receiver<bool>> {
    let (stop, stopped) = watch::channel(false);
    let asked = signal_to_stop()?;
    tokio::spawn(async move {
        asked.await;
        let _ = stop.send(true);
        // Receivers take a lost sender for a stop as well.
        std::future::pending::<()>().await;
    });
    Ok(stopped)
}

#[cfg(unix)]
fn signal_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signal_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
