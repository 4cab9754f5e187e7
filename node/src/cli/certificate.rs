//! `toguna certificate`: what colleagues compare before they trust this node.

use std::path::Path;

use serde_json::json;

use super::{Failure, Out};
use crate::{certificate::Fingerprint, config::Config};

/// Groups of a fingerprint on one line.
const GROUPS: usize = 4;

pub(super) fn show(data_dir: &Path, pem: bool, out: &mut Out) -> Result<(), Failure> {
    let config = Config::read(data_dir)?;
    let certificate = config.certificate()?;
    let fingerprint = certificate.fingerprint();
    if out.is_json() {
        let whose = if config.tls.given.is_some() { "given" } else { "own" };
        return out.value(&json!({"sha256": fingerprint, "certificate": whose, "pem": certificate.pem()}));
    }
    if pem {
        return out.text(&certificate.pem());
    }
    out.line(format!("SHA-256 of the certificate of {}:", config.name))?;
    lines(&fingerprint).into_iter().try_for_each(|line| out.line(format!("  {line}")))
}

/// A fingerprint in lines that are read aloud in one breath.
pub(super) fn lines(fingerprint: &Fingerprint) -> Vec<String> {
    fingerprint.groups().chunks(GROUPS).map(|groups| groups.join(" ")).collect()
}
