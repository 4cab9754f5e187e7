//! Which records are entered where: each at the office it belongs to.

use std::collections::BTreeMap;

use toguna_protocol::record::Kind;

use super::{
    DemoError, Stage,
    office::{DemoOffice, OFFICES},
};
use crate::{
    cli::DemoArgs,
    exchange::{self, Draft, Fault, Mode, Report, programme},
    pack::Pack,
    sample::{self, Samples},
};

/// The seed of the generated records: the same on every machine.
const SEED: u64 = 2026;

/// How many records of each kind the programme's history has, and recommendations among them.
const HISTORY: Counts = Counts { consultations: 44, conflicts: 14, projects: 40, recommendations: 136 };

/// How many records there are of each kind, and recommendations in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(super) struct Counts {
    pub(super) consultations: u64,
    pub(super) conflicts: u64,
    pub(super) projects: u64,
    pub(super) recommendations: u64,
}

impl Counts {
    fn add(&mut self, draft: &Draft) {
        match draft.kind {
            Kind::Consultation => self.consultations += 1,
            Kind::Conflict => self.conflicts += 1,
            Kind::Project => self.projects += 1,
        }
        let items = draft.record.get("recommendations").and_then(|items| items.as_object());
        self.recommendations += items.map_or(0, |items| items.len() as u64);
    }
}

/// What is entered at each office, in the order of [`OFFICES`], and how many of each kind every office must hold in
/// the end.
pub(super) struct Shares {
    pub(super) drafts: [Vec<Draft>; 3],
    pub(super) expected: Counts,
}

/// Deals the programme's history, and what the options add, to the offices.
pub(super) fn deal(pack: &Pack, args: &DemoArgs) -> Result<Shares, DemoError> {
    let regions = OFFICES.map(|place| place.region);
    let mut expected = HISTORY;
    let history = programme::history(pack).map_err(faulty)?;
    let mut more = Vec::new();
    if args.examples {
        more.extend(sample::examples(pack, jiff::Zoned::now().date()));
    }
    if let (true, Some(events)) = (args.events, pack.events()) {
        more.extend(exchange::events::events(pack, events).map_err(faulty)?);
    }
    more.iter().for_each(|draft| expected.add(draft));
    let all: Vec<Draft> = history.into_iter().chain(more).collect();
    let mut drafts = regions.map(|region| programme::share_of(all.clone(), region, &regions, pack));
    for (at, draft) in Samples::new(pack, SEED).take(args.records).enumerate() {
        expected.add(&draft);
        drafts[at % drafts.len()].push(draft);
    }
    Ok(Shares { drafts, expected })
}

fn faulty(faults: Vec<Fault>) -> DemoError {
    let problem = faults.first().map(ToString::to_string).unwrap_or_default();
    DemoError::Entering { office: "every office", problem }
}

/// Enters every office's share, all offices at once, each without any word of the others. Entering again adds the
/// links to records that have arrived meanwhile.
pub(super) async fn enter(stage: &Stage, shares: &Shares) -> Result<BTreeMap<&'static str, Report>, DemoError> {
    let vocabulary = stage.pack.vocabulary();
    let entering =
        stage.offices.iter().zip(&shares.drafts).map(async |(office, drafts): (&DemoOffice, &Vec<Draft>)| {
            let place = office.place;
            let person = format!("Bureau de {}", place.name);
            let done =
                exchange::import(drafts, &vocabulary, &office.client_of(&person), Mode::Write, &mut |_| {}).await;
            let report =
                done.map_err(|error| DemoError::Entering { office: place.name, problem: error.to_string() })?;
            Ok((place.key, report))
        });
    futures::future::join_all(entering).await.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_dealt_to_one_office_and_counted_once() {
        let args = |records, examples, events| DemoArgs {
            headless: true,
            exit_when_converged: true,
            records,
            examples,
            events,
            port: 0,
        };
        for (args, more) in [(args(0, false, false), false), (args(30, true, true), true)] {
            let shares = deal(&Pack::embedded(), &args).expect("a deal");
            let dealt: usize = shares.drafts.iter().map(Vec::len).sum();
            let Counts { consultations, conflicts, projects, .. } = shares.expected;
            assert_eq!(dealt as u64, consultations + conflicts + projects);
            assert!(shares.drafts.iter().all(|share| !share.is_empty()));
            let mut counted = Counts::default();
            shares.drafts.iter().flatten().for_each(|draft| counted.add(draft));
            assert_eq!(counted, shares.expected);
            assert_eq!(shares.expected != HISTORY, more);
        }
    }
}
