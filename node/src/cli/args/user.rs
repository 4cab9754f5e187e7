//! The arguments of `toguna user`.

use clap::{Args, Subcommand};

use crate::{accounts::Role, words::Lang};

/// `toguna user …`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account, with a password that is asked for twice
    #[command(after_help = "\
The first account of a node comes with a recovery code, which is shown once: keep it on paper.

Examples:
  toguna user add 'Awa Diallo' --role head-of-office --data-dir gao
  toguna user add Moussa --role regional-officer --language fr --password-stdin < password.txt")]
    Add(AddUserArgs),
    /// Set a new password; whoever is signed in with the old one no longer is
    #[command(after_help = "Example:\n  toguna user passwd 'Awa Diallo' --data-dir gao")]
    Passwd(PasswordArgs),
    /// List the accounts
    #[command(after_help = "Example:\n  toguna user list --data-dir gao --json")]
    List,
    /// Remove an account; the last one that may manage accounts stays
    #[command(after_help = "Example:\n  toguna user remove Moussa --data-dir gao")]
    Remove {
        /// The account's name, in any case
        name: String,
    },
    /// Set a new password by the recovery code, and get the next code
    #[command(after_help = "\
With --password-stdin the code stands on the first line and the password on the second.

Example:
  toguna user recover 'Awa Diallo' --data-dir gao")]
    Recover(PasswordArgs),
}

/// `toguna user add`.
#[derive(Debug, Args)]
pub struct AddUserArgs {
    /// The name by which the person signs in
    pub name: String,
    /// What the person is
    #[arg(long, value_enum, value_name = "ROLE")]
    pub role: Role,
    /// The language of the person's pages [default: the browser's]
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    pub language: Option<Lang>,
    /// Take the first line of standard input for the password
    #[arg(long)]
    pub password_stdin: bool,
}

/// `toguna user passwd` and `recover`.
#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// The account's name, in any case
    pub name: String,
    /// Read standard input instead of asking
    #[arg(long)]
    pub password_stdin: bool,
}
