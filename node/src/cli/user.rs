//! `toguna user …`: the accounts of this node. They stand in a file that a running node reads again when it changes, so
//! no node is asked.

use std::{
    io::{self, BufRead, IsTerminal, Read, Write},
    path::Path,
};

use jiff::Timestamp;
use serde_json::{Value, json};
use toguna_protocol::ids::UnixSeconds;
use zeroize::Zeroizing;

use super::{
    Exit, Failure, Out,
    args::{AddUserArgs, PasswordArgs, UserCommand},
    out::{moment, table},
};
use crate::{
    accounts::{
        Account, AccountName, Accounts, AccountsError, Added, NameError, NewAccount, Password, PasswordError,
        RecoverError, RecoveryCode,
    },
    config::Config,
    words::Lang,
};

/// Bytes of one line of standard input: more than any password takes.
const LINE: u64 = 4096;

pub(super) fn run(data_dir: &Path, verb: &UserCommand, out: &mut Out) -> Result<(), Failure> {
    // Accounts are of an office: a mistyped directory is not to get some.
    Config::read(data_dir)?;
    let accounts = Accounts::open(data_dir)?;
    match verb {
        UserCommand::Add(args) => add(&accounts, args, out),
        UserCommand::Passwd(args) => passwd(&accounts, args, out),
        UserCommand::List => list(&accounts, out),
        UserCommand::Remove { name } => {
            let removed = accounts.remove(name)?;
            if out.is_json() {
                return out.value(&json!({ "removed": shape(&removed) }));
            }
            out.line(format!("The account {:?} is removed.", removed.name.as_str()))
        }
        UserCommand::Recover(args) => recover(&accounts, args, out),
    }
}

fn add(accounts: &Accounts, args: &AddUserArgs, out: &mut Out) -> Result<(), Failure> {
    let name = AccountName::new(&args.name)?;
    if accounts.named(name.as_str())?.is_some() {
        return Err(AccountsError::Taken.into());
    }
    let password = asked_password(args.password_stdin)?;
    let new = NewAccount { name, role: args.role, language: args.language, password };
    let added = accounts.add(new, now())?;
    if out.is_json() { out.value(&added_shape(&added)) } else { tell_added(&added, out) }
}

/// A new account as scripts see it, with the recovery code if it is the first one.
pub(super) fn added_shape(added: &Added) -> Value {
    let mut answer = shape(&added.account);
    if let Some(code) = &added.recovery {
        answer["recovery_code"] = json!(code.to_string());
    }
    answer
}

/// Tells a person of a new account.
pub(super) fn tell_added(added: &Added, out: &mut Out) -> Result<(), Failure> {
    let Account { name, role, .. } = &added.account;
    out.line(format!("The account {:?} is made: {role} ({}).", name.as_str(), role.fr()))?;
    added.recovery.as_ref().map_or(Ok(()), |code| show(code, out))
}

fn passwd(accounts: &Accounts, args: &PasswordArgs, out: &mut Out) -> Result<(), Failure> {
    let account = accounts.named(&args.name)?.ok_or(AccountsError::Unknown)?;
    let password = new_password(&mut Asking::of(args.password_stdin)?)?;
    let account = accounts.set_password(account.name.as_str(), &password)?;
    if out.is_json() {
        return out.value(&shape(&account));
    }
    out.line(format!("{:?} has a new password; whoever was signed in as that no longer is.", account.name.as_str()))
}

fn list(accounts: &Accounts, out: &mut Out) -> Result<(), Failure> {
    let accounts = accounts.list()?;
    if out.is_json() {
        return out.value(&json!({ "accounts": accounts.iter().map(shape).collect::<Vec<_>>() }));
    }
    if accounts.is_empty() {
        return out.line("There are no accounts yet: make one with `toguna user add`.");
    }
    let mut rows = table(&["Name", "Role", "Language", "Made"]);
    for account in &accounts {
        let language = account.language.map_or("–", Lang::key);
        let made = moment(shape(account).get("created"));
        rows.add_row([account.name.as_str(), account.role.key(), language, &made]);
    }
    out.text(&format!("{rows}\n"))
}

fn recover(accounts: &Accounts, args: &PasswordArgs, out: &mut Out) -> Result<(), Failure> {
    let account = accounts.named(&args.name)?.ok_or(AccountsError::Unknown)?;
    let mut asking = Asking::of(args.password_stdin)?;
    let code = RecoveryCode::parse(&asking.line("Recovery code: ")?)
        .map_err(|error| Failure::new(Exit::Refused, error.to_string()))?;
    let password = new_password(&mut asking)?;
    let next = accounts.recover(account.name.as_str(), &code, &password, now())?;
    if out.is_json() {
        let mut answer = shape(&account);
        answer["recovery_code"] = json!(next.to_string());
        return out.value(&answer);
    }
    out.line(format!("{:?} has a new password. The code that was used is void.", account.name.as_str()))?;
    show(&next, out)
}

fn show(code: &RecoveryCode, out: &mut Out) -> Result<(), Failure> {
    out.line(format!("\n  Recovery code  {code}\n"))?;
    out.line(
        "Write it on paper and lock that away: it is shown only now, and sets a new password when one is forgotten.",
    )
}

/// An account as scripts see it.
fn shape(account: &Account) -> Value {
    let created = Timestamp::from_second(account.created.0).ok().map(|at| at.to_string());
    json!({"name": account.name, "role": account.role, "language": account.language, "created": created})
}

pub(super) fn now() -> UnixSeconds {
    UnixSeconds(Timestamp::now().as_second())
}

/// Where secrets come from.
enum Asking {
    /// A person types them.
    Terminal,
    /// A line each.
    Stdin,
}

impl Asking {
    fn of(from_stdin: bool) -> Result<Self, Failure> {
        if from_stdin {
            return Ok(Asking::Stdin);
        }
        if io::stdin().is_terminal() {
            return Ok(Asking::Terminal);
        }
        Err(Failure::usage("there is no terminal to ask on: give standard input and --password-stdin"))
    }

    /// What is typed in the open, or the next line.
    fn line(&mut self, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        if let Asking::Terminal = self {
            // On standard error, so that the answer on standard output stays whole.
            let mut stderr = io::stderr().lock();
            stderr.write_all(prompt.as_bytes()).and_then(|()| stderr.flush()).map_err(unread)?;
        }
        next_line(&mut io::stdin().lock())
    }

    /// What is typed unseen, or the next line.
    fn secret(&mut self, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        match self {
            Asking::Terminal => rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(unread),
            Asking::Stdin => next_line(&mut io::stdin().lock()),
        }
    }
}

/// A new password from standard input or, without that, from the person at the terminal.
pub(super) fn asked_password(from_stdin: bool) -> Result<Password, Failure> {
    new_password(&mut Asking::of(from_stdin)?)
}

/// A new password; a person has to type it twice.
fn new_password(asking: &mut Asking) -> Result<Password, Failure> {
    let typed = asking.secret("New password: ")?;
    let password = Password::new(&typed)?;
    if let Asking::Terminal = asking
        && *asking.secret("The same again: ")? != *typed
    {
        return Err(Failure::new(Exit::Refused, "the two passwords differ: nothing was changed"));
    }
    Ok(password)
}

/// A line without its end.
fn next_line(input: &mut impl BufRead) -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::with_capacity(LINE as usize));
    input.take(LINE).read_line(&mut line).map_err(unread)?;
    let whole = line.strip_suffix('\n').map_or(line.as_str(), |line| line.strip_suffix('\r').unwrap_or(line)).len();
    line.truncate(whole);
    Ok(line)
}

fn unread(error: io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("reading what was typed: {error}"))
}

impl From<AccountsError> for Failure {
    fn from(error: AccountsError) -> Self {
        let exit = match &error {
            AccountsError::Unknown => Exit::NotFound,
            AccountsError::Taken | AccountsError::LastManager | AccountsError::Guarded => Exit::Refused,
            AccountsError::Busy => Exit::Busy,
            _ => Exit::Failed,
        };
        Failure::new(exit, error.to_string())
    }
}

impl From<RecoverError> for Failure {
    fn from(error: RecoverError) -> Self {
        match error {
            RecoverError::Accounts(error) => error.into(),
            refused => Failure::new(Exit::Refused, refused.to_string()),
        }
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        Failure::new(Exit::Refused, error.to_string())
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        Failure::new(Exit::Refused, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_any_system_ends_it_and_keeps_its_blanks() {
        let mut input = &b" one \r\ntwo\n\nfour"[..];
        for expected in [" one ", "two", "", "four", ""] {
            assert_eq!(*next_line(&mut input).unwrap(), expected);
        }
        assert!(next_line(&mut &b"\xff\n"[..]).is_err());
        let long = "a".repeat(1_000_000);
        assert_eq!(next_line(&mut long.as_bytes()).unwrap().len(), LINE as usize);
    }
}
