//! The programme's history as the country pack carries it, and which office keeps which record of it.

use super::{Draft, Fault, lines};
use crate::pack::Pack;

/// All of the programme's history: conflicts, consultations with their recommendations, projects. Within a file what
/// a record links to stands before it, so most links are made when the record is.
pub fn history(pack: &Pack) -> Result<Vec<Draft>, Vec<Fault>> {
    let mut drafts = Vec::new();
    let mut faults = Vec::new();
    for file in pack.history() {
        match lines::records(&file.name, &file.text) {
            Ok(more) => drafts.extend(more),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() { Ok(drafts) } else { Err(faults) }
}

/// The drafts that belong to the office of `region`, where `offices` are the regions that have an office.
///
/// A record of one region belongs to that region's office. What concerns several regions, the whole country, or a
/// region without an office is kept by the national team, in the office of the pack's capital region.
pub fn share_of(drafts: Vec<Draft>, region: &str, offices: &[&str], pack: &Pack) -> Vec<Draft> {
    let keeper = |draft: &Draft| match draft.regions()[..] {
        [only] => offices.iter().copied().find(|office| *office == only).map(str::to_owned),
        _ => None,
    };
    let capital = pack.capital_region();
    drafts.into_iter().filter(|draft| keeper(draft).as_deref().unwrap_or(capital) == region).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use automerge::AutoCommit;
    use serde_json::Value;
    use toguna_protocol::ids::{FeedId, RecordId, Seq};
    use toguna_protocol::projection::{RecordRow, project};
    use toguna_protocol::record::{ItemIds, Kind, create, read};

    use super::*;
    use crate::exchange::memory::MemorySink;
    use crate::exchange::{Mode, RecordSink, import};

    const CENTS: u64 = 100;
    const OFFICES: [&str; 3] = ["ML-8", "ML-7", "ML-BKO"];

    fn of_kind(kind: Kind) -> Vec<Draft> {
        let drafts = history(&Pack::embedded()).expect("the history is whole");
        drafts.into_iter().filter(|draft| draft.kind == kind).collect()
    }

    fn items<'a>(draft: &'a Draft, field: &str) -> Vec<&'a Value> {
        draft.record.get(field).and_then(Value::as_object).map_or(Vec::new(), |items| items.values().collect())
    }

    fn count_by<'a>(drafts: &'a [Draft], key: impl Fn(&'a Draft) -> &'a Value) -> BTreeMap<&'a str, usize> {
        let mut counts = BTreeMap::new();
        for draft in drafts {
            *counts.entry(key(draft).as_str().unwrap_or("none")).or_default() += 1;
        }
        counts
    }

    fn by_source(drafts: &[Draft], source_ref: &str) -> Draft {
        drafts.iter().find(|draft| draft.source_ref == source_ref).expect("a draft").clone()
    }

    #[test]
    fn the_census_has_fourteen_conflicts_and_one_point() {
        let conflicts = of_kind(Kind::Conflict);
        assert_eq!(conflicts.len(), 14);
        let phases = count_by(&conflicts, |draft| &draft.record["phase"]["is"]);
        assert_eq!(phases, BTreeMap::from([("open", 1), ("settled", 4), ("truce", 1), ("unknown", 8)]));
        let drawn = |draft: &&Draft| matches!(draft.record["place"]["precision"].as_str(), Some("exact" | "village"));
        let points: Vec<&str> = conflicts.iter().filter(drawn).map(|draft| draft.source_ref.as_str()).collect();
        assert_eq!(points, ["CFL-TINZA"]);
        assert!(conflicts.iter().filter(|draft| !drawn(draft)).all(|draft| draft.record["place"].get("lat").is_none()));
    }

    #[test]
    fn land_and_resources_is_at_stake_in_the_countrywide_record_alone() {
        let pack = Pack::embedded();
        let group = |key: &str| pack.stakes().iter().find(|stake| stake.key == key)?.group.clone();
        let conflicts = of_kind(Kind::Conflict);
        let about_land: Vec<&str> = conflicts
            .iter()
            .filter(|draft| {
                let stakes = draft.record["stakes"].as_array().expect("stakes");
                stakes.iter().filter_map(Value::as_str).any(|key| group(key).as_deref() == Some("land-and-resources"))
            })
            .map(|draft| draft.source_ref.as_str())
            .collect();
        assert_eq!(about_land, ["CFL-COUNTRY"]);
    }

    #[test]
    fn the_dogon_agreement_has_a_term_and_no_date() {
        let dogon = by_source(&of_kind(Kind::Conflict), "CFL-DOGON");
        let agreements = items(&dogon, "agreements");
        assert_eq!(agreements.len(), 1);
        assert_eq!(agreements[0]["term_years"], 10);
        assert!(agreements[0].get("signed_date").is_none() && agreements[0].get("end_date").is_none());
    }

    #[test]
    fn the_conference_of_2005_adopted_136_recommendations() {
        let consultations = of_kind(Kind::Consultation);
        assert_eq!(consultations.len(), 44);
        let conference = by_source(&consultations, "CON-2005-NAT");
        let recommendations = items(&conference, "recommendations");
        assert_eq!(recommendations.len(), 136);
        assert!(recommendations.iter().all(|item| item["status"] == "adopted" && item["text_fr"].is_string()));
        assert_eq!(recommendations.iter().filter(|item| item["theme"] == "5").count(), 17);
        let numbers: BTreeSet<&str> = recommendations.iter().filter_map(|item| item["number"].as_str()).collect();
        assert_eq!(numbers.len(), 136);
        assert_eq!(conference.record["participants"], 245);
    }

    #[test]
    fn a_series_is_counted_once() {
        let consultations = of_kind(Kind::Consultation);
        let series = |draft: &&Draft| draft.links.iter().any(|link| link.target == "CON-SER-13");
        let settings: Vec<&Draft> = consultations.iter().filter(series).collect();
        assert_eq!(settings.len(), 14);
        assert!(settings.iter().all(|draft| draft.record["event_count"] == 0));
        assert_eq!(by_source(&consultations, "CON-SER-13").record["event_count"], 13);
        assert!(!by_source(&consultations, "CON-DOGON").record.contains_key("event_count"), "the book does not say");
    }

    #[test]
    fn forty_projects_by_origin_with_the_money_of_one_programme() {
        let projects = of_kind(Kind::Project);
        let origins = count_by(&projects, |draft| &draft.record["origin"]);
        assert_eq!(origins, BTreeMap::from([("own", 30), ("programme", 4), ("request", 6)]));
        let programme = by_source(&projects, "PGPSP");
        let cents = |money: &Value| {
            assert_eq!(money["currency"], "USD");
            money["amount"].as_u64().expect("an amount")
        };
        let contributions = items(&programme, "contributions");
        assert_eq!(contributions.len(), 9);
        let sum = |chosen: &dyn Fn(&Value) -> bool| -> u64 {
            contributions.iter().filter(|line| chosen(line)).map(|line| cents(&line["money"])).sum()
        };
        assert_eq!(sum(&|_| true), 4_730_000 * CENTS);
        assert_eq!(sum(&|_| true) - cents(&programme.record["need"]), 296_000 * CENTS);
        assert_eq!(sum(&|line| line["partner"] == "Norvège"), 1_940_000 * CENTS);
        assert_eq!(sum(&|line| line["date"] == "2010"), 1_640_000 * CENTS);
        let declared = items(&programme, "declared_totals");
        let activities = declared.iter().find(|total| total["label"] == "Activités").expect("a declared total");
        assert_eq!((&activities["planned"], &activities["executed"]), (&Value::from(87), &Value::from(79)));
    }

    /// What lists and searches will show of the history.
    fn rows() -> Vec<RecordRow> {
        let pack = Pack::embedded();
        let vocabulary = pack.vocabulary();
        let row = |draft: Draft| {
            let mut document = AutoCommit::new();
            let mut ids = ItemIds::new(FeedId([0; 32]), Seq(1));
            let record = Value::Object(draft.record);
            create(&mut document, draft.kind, &record, &mut ids, &vocabulary).expect("an accepted record");
            project(RecordId([0; 16]), &read(&document, None).expect("a readable record"), &vocabulary)
        };
        history(&pack).expect("the history is whole").into_iter().map(row).collect()
    }

    #[test]
    fn no_step_is_found_missing_but_where_the_book_is_silent() {
        for row in rows() {
            let source = row.source_ref.clone().unwrap_or_default();
            assert_eq!((row.concurrent, row.decisions, row.unknown), (0, 0, 0), "{source}");
            let codes: Vec<&str> = row.flags.iter().map(|flag| &*flag.code).collect();
            let expected: &[&str] = match source.starts_with("REQ-") {
                true => &[
                    "agreement-not-signed",
                    "eligibility-not-verified",
                    "joint-decision-missing",
                    "no-evaluator-named",
                ],
                false => &[],
            };
            assert_eq!(codes, expected, "{source}");
        }
    }

    #[test]
    fn the_dogon_agreement_alone_is_listed_for_its_unknown_end() {
        let unknown_end = |row: &RecordRow| row.to_complete.iter().any(|flag| flag.code == "end-unknown");
        let sources: Vec<String> = rows().into_iter().filter(unknown_end).filter_map(|row| row.source_ref).collect();
        assert_eq!(sources, ["CFL-DOGON"]);
    }

    #[test]
    fn every_record_belongs_to_one_office() {
        let pack = Pack::embedded();
        let all = history(&pack).expect("the history is whole");
        let shares = OFFICES.map(|region| share_of(all.clone(), region, &OFFICES, &pack));
        assert_eq!(shares.iter().map(Vec::len).sum::<usize>(), 98);
        for (region, share) in OFFICES.iter().zip(&shares).take(2) {
            assert!(!share.is_empty() && share.iter().all(|draft| draft.regions() == [*region]), "{region}");
        }
    }

    #[tokio::test]
    async fn one_pass_links_everything_where_everything_is_at_hand() {
        let pack = Pack::embedded();
        let drafts = history(&pack).expect("the history is whole");
        let links: usize = drafts.iter().map(|draft| draft.links.len()).sum();
        let sink = MemorySink::default();
        let report = import(&drafts, &pack.vocabulary(), &sink, Mode::Write, &mut |_| {}).await.expect("an import");
        assert_eq!((report.linked, report.open_links), (links, 0));
        assert_eq!(sink.writes(), 98, "one change for each record");
    }

    #[tokio::test]
    async fn three_offices_end_with_every_link_after_a_second_import() {
        let pack = Pack::embedded();
        let all = history(&pack).expect("the history is whole");
        let sink = MemorySink::default();
        let vocabulary = pack.vocabulary();
        let mut open = Vec::new();
        for _ in 0..2 {
            for region in OFFICES {
                let share = share_of(all.clone(), region, &OFFICES, &pack);
                let report = import(&share, &vocabulary, &sink, Mode::Write, &mut |_| {}).await.expect("an import");
                open.push(report.open_links);
            }
        }
        assert!(open[0] > 0 && open[3..] == [0, 0, 0], "{open:?}");
        assert_eq!(sink.records().len(), 98);
        assert!(sink.find_by_source("CFL-KIDAL").await.expect("a sink").is_some());
    }
}
