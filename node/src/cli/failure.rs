//! How a command fails: in words a person can act on, and with a code a script can.

use std::{io::Write, process::ExitCode};

use serde_json::{Value, json};

use crate::{
    certificate::CertificateError,
    client::{ClientError, Problem},
    config::{ConfigError, RunningError, SecretError},
    store,
};

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The disk, the network, a damaged store.
    Failed = 1,
    /// The command line or a settings file is wrong.
    Usage = 2,
    /// There is no such record, office or file.
    NotFound = 3,
    /// A field is at fault, or a step is not allowed.
    Refused = 4,
    /// Somebody else changed the same fields meanwhile.
    Changed = 5,
    /// The data directory is in use.
    Busy = 6,
    /// The node that should run does not answer.
    Unreachable = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// A command that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    /// More lines: fields at fault, values that changed.
    details: Vec<String>,
    problem: Option<Box<Problem>>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Failure { exit, message: message.into(), details: Vec::new(), problem: None }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure::new(Exit::Usage, message)
    }

    pub(super) fn no_data_dir() -> Self {
        Failure::usage("say where the office lies: --data-dir DIR")
    }

    pub(crate) fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// The same, told with more around it.
    pub(super) fn within(mut self, told: impl FnOnce(&str) -> String) -> Self {
        self.message = told(&self.message);
        self
    }

    /// Tells standard error, and gives the exit code.
    pub(crate) fn report(self, json: bool) -> ExitCode {
        let mut stderr = std::io::stderr().lock();
        // Nobody may read it any more; the exit code tells all the same.
        let _ = if json {
            let mut error = json!({"exit_code": self.exit as u8, "message": self.message});
            if let Some(problem) = &self.problem {
                error["problem"] = serde_json::to_value(problem).unwrap_or(Value::Null);
            } else if !self.details.is_empty() {
                error["details"] = json!(self.details);
            }
            writeln!(stderr, "{}", json!({ "error": error }))
        } else {
            let details: String = self.details.iter().map(|line| format!("\n  {line}")).collect();
            writeln!(stderr, "toguna: {}{details}", self.message)
        };
        self.exit.into()
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let exit = match &error {
            ConfigError::NoOffice(_) | ConfigError::Secret(SecretError::Missing(_)) => Exit::NotFound,
            ConfigError::Exists(_) | ConfigError::Secret(SecretError::Exists(_)) => Exit::Refused,
            ConfigError::Io { .. } | ConfigError::Secret(SecretError::Io { .. } | SecretError::Random(_)) => {
                Exit::Failed
            }
            _ => Exit::Usage,
        };
        Failure::new(exit, error.to_string())
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        ConfigError::from(error).into()
    }
}

impl From<CertificateError> for Failure {
    fn from(error: CertificateError) -> Self {
        let exit = match &error {
            CertificateError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Exit::NotFound,
            CertificateError::Io { .. } | CertificateError::Make(_) => Exit::Failed,
            _ => Exit::Usage,
        };
        Failure::new(exit, error.to_string())
    }
}

impl From<RunningError> for Failure {
    fn from(error: RunningError) -> Self {
        let exit = if matches!(error, RunningError::Busy(_)) { Exit::Busy } else { Exit::Failed };
        Failure::new(exit, error.to_string())
    }
}

impl From<crate::app::StartError> for Failure {
    fn from(error: crate::app::StartError) -> Self {
        let held =
            matches!(error, crate::app::StartError::Store(store::OpenError::Lock(store::lock::LockError::Held { .. })));
        Failure::new(if held { Exit::Busy } else { Exit::Failed }, error.to_string())
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::Unreachable { .. } => Failure::new(Exit::Unreachable, message),
            ClientError::Refused(problem) => refused(message, problem),
            _ => Failure::new(Exit::Failed, message),
        }
    }
}

fn refused(message: String, problem: Box<Problem>) -> Failure {
    let exit = match problem.status {
        404 => Exit::NotFound,
        409 | 412 => Exit::Changed,
        400 | 403 | 413 | 415 | 422 | 428 => Exit::Refused,
        _ => Exit::Failed,
    };
    let at_fault = problem.problems.iter().map(|field| match field.pointer.as_str() {
        "" => field.detail.clone(),
        pointer => format!("{pointer}: {}", field.detail),
    });
    let changed = problem.changed.iter().map(|field| {
        let text = |key: &str| field.get(key).map_or_else(|| "nothing".to_owned(), super::out::plain);
        let pointer = field.get("pointer").and_then(Value::as_str).unwrap_or_default();
        let now = if field.contains_key("now") { text("now") } else { text("theirs") };
        format!("{pointer}: was {}, is now {now}, yours {}", text("before"), text("yours"))
    });
    let details = at_fault.chain(changed).chain(problem.missing.clone()).collect();
    Failure { exit, message, details, problem: Some(problem) }
}
