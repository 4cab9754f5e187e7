//! The arguments of `toguna import`.

use std::path::PathBuf;

use clap::Args;
use toguna_protocol::record::Kind;

use super::kind;
use crate::words::Lang;

/// `toguna import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Files of records
    #[arg(required_unless_present_any = ["history", "events", "template"])]
    pub files: Vec<PathBuf>,
    /// The files are tables (CSV) of this kind: consultation, conflict or project
    #[arg(long, value_parser = kind)]
    pub kind: Option<Kind>,
    /// Import the rows without fault, and leave the others and columns that are not known
    #[arg(long, requires = "kind")]
    pub leave_faulty: bool,
    /// Write a table to be filled in
    #[arg(long, value_name = "FILE", requires = "kind", conflicts_with = "files")]
    pub template: Option<PathBuf>,
    /// The language of what is said of a table, and of the template's labels: fr or en [default: en, fr for the template]
    #[arg(long, value_enum, value_name = "LANGUAGE", requires = "kind")]
    pub language: Option<Lang>,
    /// The programme's history, as the country pack carries it
    #[arg(long)]
    pub history: bool,
    /// The country pack's conflict events, labelled as demonstration data
    #[arg(long)]
    pub events: bool,
    /// Only what belongs to the office of this region, if offices are in --offices
    #[arg(long, value_name = "KEY", requires = "offices")]
    pub share_of: Option<String>,
    /// The regions that have an office
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    pub offices: Vec<String>,
    /// Say what would be done, and do nothing
    #[arg(long, visible_alias = "dry-run")]
    pub preview: bool,
}
