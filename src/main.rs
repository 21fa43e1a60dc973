//! Hands the arguments to the command line and its exit status to the system.

use std::process::ExitCode;

// The hot path makes many small short-lived texts on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    doisoat::cli::run()
}
