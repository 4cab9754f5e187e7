//! Log lines go to standard error: as text on a terminal, as JSON elsewhere, and as somebody says otherwise.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::LogFormat;

/// What is logged, and how.
pub(super) struct Setting<'a> {
    /// How lines are written, where that was said.
    pub(super) format: Option<LogFormat>,
    /// A level or a filter; else `RUST_LOG`, else what the verb is used to.
    pub(super) level: Option<&'a str>,
    /// Only warnings unless somebody asks for more: for verbs that answer and end.
    pub(super) quiet: bool,
}

/// Starts logging. A second start, as in tests, changes nothing.
pub(super) fn start(setting: Setting<'_>) {
    let usual = if setting.quiet { "error" } else { "info,libp2p_swarm=warn" };
    let asked = setting.level.map(str::to_owned).or_else(|| std::env::var(EnvFilter::DEFAULT_ENV).ok());
    let filter = asked.and_then(|text| text.parse::<EnvFilter>().ok()).unwrap_or_else(|| EnvFilter::new(usual));
    let terminal = io::stderr().is_terminal();
    let format = setting.format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
    let lines = fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(terminal);
    // Somebody else has set up logging: then his stands.
    let _ = match format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).try_init(),
    };
}
