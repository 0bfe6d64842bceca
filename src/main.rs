//! The program: hands the command line to [`overlift::cli`] and exits with its code.

fn main() {}
