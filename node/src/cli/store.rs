//! `toguna store compact` and `convert`: the only verbs that work on the files of a stopped node.

use std::path::Path;

use serde_json::json;

use super::{
    Exit, Failure, Out,
    args::StoreCommand,
    office,
    out::{bar, counted, thousands},
};
use crate::{
    config::Config,
    store::{self, EngineKind, OpenError, RebuildError, Rebuilt, Step, lock::LockError},
};

pub(super) fn run(data_dir: &Path, verb: &StoreCommand, out: &mut Out) -> Result<(), Failure> {
    let config = Config::read(data_dir)?;
    let to = match verb {
        StoreCommand::Compact => None,
        StoreCommand::Convert { to } => Some(*to),
    };
    let progress = bar("", 0);
    let rebuilt = store::rebuild(data_dir, &office::store_options(&config), to, &mut |step, done, all| {
        progress.set_message(match step {
            Step::Checking => "Checking the store",
            Step::Copying => "Copying its rows",
            Step::Comparing => "Comparing both",
        });
        progress.set_length(all);
        progress.set_position(done);
    });
    progress.finish_and_clear();
    tell(&rebuilt?, config.store_engine, out)
}

fn tell(rebuilt: &Rebuilt, configured: Option<EngineKind>, out: &mut Out) -> Result<(), Failure> {
    let Rebuilt { from, to, values, before, after } = *rebuilt;
    let after = if rebuilt.is_gain() { after } else { before };
    if out.is_json() {
        return out
            .value(&json!({"from": from, "to": to, "values": values, "bytes_before": before, "bytes_after": after}));
    }
    if !rebuilt.is_gain() {
        return out
            .line(format!("The store takes {} and would not be smaller anew: it stays as it is.", kilobytes(before)));
    }
    let values = counted(values, "value", "values");
    let how = if from == to { format!("{to}, built anew") } else { format!("converted from {from} to {to}") };
    out.line(format!("The store is {how}: {values}, {} before, {} now.", kilobytes(before), kilobytes(after)))?;
    match configured {
        Some(configured) if configured != to => {
            out.line(format!("Set store.engine = \"{to}\" in toguna.toml, which still says {configured}."))
        }
        _ => Ok(()),
    }
}

fn kilobytes(bytes: u64) -> String {
    format!("{} kB", thousands(i64::try_from(bytes.div_ceil(1000)).unwrap_or(i64::MAX)))
}

impl From<RebuildError> for Failure {
    fn from(error: RebuildError) -> Self {
        let held = matches!(error, RebuildError::Open(OpenError::Lock(LockError::Held { .. })));
        Failure::new(if held { Exit::Busy } else { Exit::Failed }, error.to_string())
    }
}
