//! The manual pages and the completions, made of the command line itself.

use std::fs;
use std::io;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output;

/// Prints the completions for a shell.
pub fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "alb", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end())
}

/// Writes alb.1, and a page for each of its commands.
pub fn pages(directory: &Path) -> Result<(), Failure> {
    let fail = |error: io::Error| Failure::system(directory.display(), &error);
    fs::create_dir_all(directory).map_err(fail)?;
    clap_mangen::generate_to(Cli::command(), directory).map_err(fail)
}
