//! What a process that only computes may not do any more: open a file, start a program, speak to anybody.
//!
//! The kernel holds it (seccomp), whatever the code behind it does. It is a list of what is refused and not of
//! what is allowed: allocator and runtime ask the kernel for things that differ from one system to the next,
//! and a plan that died of a missing one would be worse than a fence that leaves a harmless call. What is refused
//! fails as if there was no permission. A system that has no seccomp goes without.

/// Puts the fence around this thread and all that it starts. There is no way back.
pub fn fence() {
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = linux::fence();
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod linux {
    use std::collections::BTreeMap;

    use seccompiler::{
        BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
        SeccompFilter, SeccompRule, TargetArch, apply_filter,
    };

    /// What is refused, whatever its arguments.
    const REFUSED: &[i64] = &[
        // Programs.
        libc::SYS_execve,
        libc::SYS_execveat,
        // Files. What is open already may be read and written.
        libc::SYS_openat,
        libc::SYS_openat2,
        libc::SYS_open_by_handle_at,
        libc::SYS_unlinkat,
        libc::SYS_renameat2,
        libc::SYS_mkdirat,
        libc::SYS_mknodat,
        libc::SYS_linkat,
        libc::SYS_symlinkat,
        libc::SYS_fchmodat,
        libc::SYS_fchownat,
        libc::SYS_truncate,
        libc::SYS_memfd_create,
        // Others.
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_tkill,
        // The kernel's own ways round all that.
        libc::SYS_io_uring_setup,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_mount,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
    ];

    /// The same by their old names.
    #[cfg(target_arch = "x86_64")]
    const ALSO_REFUSED: &[i64] = &[
        libc::SYS_open,
        libc::SYS_creat,
        libc::SYS_fork,
        libc::SYS_vfork,
        libc::SYS_unlink,
        libc::SYS_rename,
        libc::SYS_renameat,
        libc::SYS_mkdir,
        libc::SYS_rmdir,
        libc::SYS_mknod,
        libc::SYS_link,
        libc::SYS_symlink,
        libc::SYS_chmod,
        libc::SYS_chown,
        libc::SYS_lchown,
    ];
    #[cfg(target_arch = "aarch64")]
    const ALSO_REFUSED: &[i64] = &[libc::SYS_renameat];

    /// The bit by which the calls of another calling convention differ on the same processor.
    #[cfg(target_arch = "x86_64")]
    const CONVENTIONS: &[i64] = &[0, 0x4000_0000];
    #[cfg(target_arch = "aarch64")]
    const CONVENTIONS: &[i64] = &[0];

    #[cfg(target_arch = "x86_64")]
    const PROCESSOR: TargetArch = TargetArch::x86_64;
    #[cfg(target_arch = "aarch64")]
    const PROCESSOR: TargetArch = TargetArch::aarch64;

    pub(super) fn fence() -> Result<(), Error> {
        // Its flags stand in memory, where no filter can look; who is told that there is none takes `clone`.
        let no_clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
        put_up(no_clone3, libc::ENOSYS)?;
        put_up(rules()?, libc::EPERM)
    }

    fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, Error> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> = REFUSED
            .iter()
            .chain(ALSO_REFUSED)
            .flat_map(|call| CONVENTIONS.iter().map(move |bit| (call | bit, Vec::new())))
            .collect();
        // A thread is no process.
        let thread = libc::CLONE_THREAD as u64;
        let no_thread = condition(SeccompCmpOp::MaskedEq(thread), 0)?;
        // A signal to oneself is how a process dies that has met a limit.
        let own = u64::from(std::process::id());
        let to_others = || condition(SeccompCmpOp::Ne, own);
        for bit in CONVENTIONS {
            rules.insert(libc::SYS_clone | bit, vec![no_thread.clone()]);
            for call in [libc::SYS_kill, libc::SYS_tgkill] {
                rules.insert(call | bit, vec![to_others()?]);
            }
        }
        Ok(rules)
    }

    /// A rule about the first argument.
    fn condition(comparison: SeccompCmpOp, value: u64) -> Result<SeccompRule, Error> {
        let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, comparison, value);
        Ok(SeccompRule::new(vec![condition?])?)
    }

    fn put_up(rules: BTreeMap<i64, Vec<SeccompRule>>, error: i32) -> Result<(), Error> {
        let refuse = SeccompAction::Errno(error as u32);
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, PROCESSOR)?;
        let program: BpfProgram = filter.try_into()?;
        apply_filter(&program)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::ErrorKind::PermissionDenied;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::process::Command;

    use super::*;

    /// On a thread of its own: the others of the test's process stay free.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "what is tried here has to be refused")]
    fn behind_it_nothing_is_opened_started_or_spoken_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let inside = std::thread::spawn(move || {
            fence();
            let refused = [
                std::fs::read(&file).map(|_| ()),
                std::fs::write(&file, "y"),
                std::fs::remove_file(&file),
                std::fs::rename(&file, file.with_extension("z")),
                std::fs::create_dir(file.with_extension("d")),
                TcpStream::connect(address).map(|_| ()),
                TcpListener::bind("127.0.0.1:0").map(|_| ()),
                UdpSocket::bind("127.0.0.1:0").map(|_| ()),
                Command::new("/bin/true").status().map(|_| ()),
            ];
            // What a plan needs.
            let sum: u64 = std::thread::scope(|scope| {
                let threads: Vec<_> =
                    (0..4).map(|n| scope.spawn(move || vec![n; 1 << 20])).collect();
                threads.into_iter().map(|it| it.join().unwrap().iter().sum::<u64>()).sum()
            });
            (refused.map(|it| it.map_err(|error| error.kind())), sum)
        });
        let (refused, sum) = inside.join().unwrap();
        assert_eq!(refused, [Err(PermissionDenied); 9]);
        assert_eq!(sum, 6 << 20);
    }
}
