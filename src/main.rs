//! The program: hands the command line to [`overlift::run`] and exits with its code.

use std::process::ExitCode;

/// Builds and deliveries are many small allocations on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[expect(clippy::disallowed_methods, reason = "the command line comes in here and nowhere else")]
fn main() -> ExitCode {
    overlift::run(std::env::args_os())
}
