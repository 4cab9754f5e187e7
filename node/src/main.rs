//! The program `toguna`. What it can do stands in [`toguna::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    toguna::cli::main()
}
