//! The arguments of `toguna export`.

use std::path::PathBuf;

use clap::Args;
use toguna_protocol::record::Kind;

use super::kind;
use crate::{exchange::export::Format, words::Lang};

/// `toguna export`.
#[derive(Debug, Args)]
pub struct ExportListArgs {
    /// Of this kind: consultation, conflict or project
    #[arg(long, value_parser = kind, required_unless_present = "journal")]
    pub kind: Option<Kind>,
    /// Of this region, such as ML-7, or national
    #[arg(long, value_name = "KEY")]
    pub region: Option<String>,
    /// With this status or, for conflicts, phase
    #[arg(long, value_name = "KEY")]
    pub status: Option<String>,
    /// Projects of this origin: request, own or programme
    #[arg(long, value_name = "KEY")]
    pub origin: Option<String>,
    /// Conflicts about this stake, or one of this group of stakes, such as land-and-resources
    #[arg(long, value_name = "KEY")]
    pub stake: Option<String>,
    /// Only the programme's own conflicts, without imported events
    #[arg(long)]
    pub own: bool,
    /// With these words anywhere in the record; accents do not matter
    #[arg(long, value_name = "WORDS")]
    pub text: Option<String>,
    /// What the file is: csv, xlsx or geojson
    #[arg(long, value_parser = format, required_unless_present = "journal")]
    pub format: Option<Format>,
    /// The file to write
    #[arg(long, value_name = "FILE", required_unless_present = "journal")]
    pub to: Option<PathBuf>,
    /// The language of heads and labels: fr or en
    #[arg(long, default_value = "fr", value_parser = language)]
    pub language: Lang,
    /// Show who exported what from this node
    #[arg(long, conflicts_with_all = ["kind", "format", "to"])]
    pub journal: bool,
}

fn format(text: &str) -> Result<Format, String> {
    text.parse().map_err(|error: crate::exchange::export::UnknownFormat| error.to_string())
}

fn language(text: &str) -> Result<Lang, String> {
    text.parse().map_err(|error: crate::words::UnknownLang| error.to_string())
}
