//! The program `toguna`, built along with these tests so that they run the one that they are about.

use std::process::ExitCode;

fn main() -> ExitCode {
    toguna::cli::main()
}
