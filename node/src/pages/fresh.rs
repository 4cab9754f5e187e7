//! How fresh what a page says is: a line for each office, and why totals may be too low. Silence is not peace: what an
//! office has not sent is missing from every sum, so a sum then says "at least" and names the office.

use maud::{Markup, html};
use toguna_protocol::{
    engine::Office,
    ids::{AuthorKey, UnixSeconds},
};

use super::{Pages, Shared, error::PageError, speech::Speech};
use crate::{app::NodeStatus, pack::Pack};

/// An office of which nothing was heard for longer counts as silent, in seconds.
const SILENT_AFTER: i64 = 7 * 24 * 3600;

/// Why totals may be too low.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Gap {
    /// Changes of an office that others hold are not here.
    Missing { office: Option<String>, count: u64 },
    /// Nothing was heard of an office since then.
    Silent { office: Option<String>, since: UnixSeconds },
    /// Nothing was ever heard of an office.
    NeverHeard { office: Option<String> },
    /// The stored records are still being read.
    Reading,
}

/// What a page tells of where its figures come from.
#[derive(Debug, Clone)]
pub(super) struct Situation {
    at: UnixSeconds,
    own: AuthorKey,
    offices: Vec<Office>,
    gaps: Vec<Gap>,
    /// Keys of the regions that no office is in.
    without_office: Vec<String>,
    /// The name of the office that enters what those regions send.
    national: String,
}

/// When anything of an office last came here, by our clock: entries, or word of it.
fn heard(office: &Office) -> Option<UnixSeconds> {
    office.last_arrived_at.max(office.fresh.last_word.map(|word| word.heard_at))
}

impl Situation {
    /// How things stand now. `complete`: whether all stored records are in the figures.
    pub(super) async fn now(pages: &Shared, complete: bool) -> Result<Self, PageError> {
        let status = pages.app.status().await?;
        Ok(Self::of(&status, complete, pages))
    }

    fn of(status: &NodeStatus, complete: bool, pages: &Pages) -> Self {
        let (pack, now) = (pages.app.pack(), pages.now());
        let of_all = |office: &&Office| office.region.as_deref().is_none_or(|region| region == pack.capital_region());
        let national = status.offices.iter().find(of_all).and_then(|office| office.name.clone());
        let capital = || pack.region(pack.capital_region()).map_or_else(String::new, |region| region.capital.clone());
        Situation {
            at: now,
            own: status.author,
            gaps: gaps(status, complete, now),
            without_office: without_office(
                |key| status.offices.iter().any(|office| office.region.as_deref() == Some(key)),
                pages.base_map.boundaries(),
                pack,
            ),
            national: national.unwrap_or_else(capital),
            offices: status.offices.clone(),
        }
    }

    /// Whether more may be true than is known here.
    pub(super) fn at_least(&self) -> bool {
        !self.gaps.is_empty()
    }

    /// A total as it may be said: "at least" where something is known to be missing.
    pub(super) fn total(&self, speech: Speech<'_>, total: &str) -> String {
        if self.at_least() { speech.say_of("at-least", &[("total", total)]) } else { total.to_owned() }
    }

    /// In one line, for the caption of a map or the head of a list.
    pub(super) fn line(&self, speech: Speech<'_>) -> String {
        speech.say_of("data-as-of", &[("moment", &speech.moment(self.at))])
    }

    /// Why totals say "at least"; nothing where they do not.
    pub(super) fn warning(&self, speech: Speech<'_>) -> Markup {
        html! {
            @if self.at_least() {
                section.needs {
                    h2 { (speech.say("at-least-why")) }
                    ul { @for gap in &self.gaps { li { (gap.told(speech)) } } }
                }
            }
        }
    }

    /// How fresh each office's entries are, and which regions have no office.
    pub(super) fn table(&self, speech: Speech<'_>) -> Markup {
        let unknown = || speech.say("unknown");
        html! {
            table.records {
                thead {
                    tr {
                        th scope="col" { (speech.say("office")) }
                        th scope="col" { (speech.say("complete-until")) }
                        th scope="col" { (speech.say("last-news")) }
                        th scope="col" { (speech.say("missing-here")) }
                    }
                }
                tbody {
                    @for office in &self.offices {
                        tr {
                            th scope="row" { (office.name.clone().unwrap_or_else(|| speech.say("office-unnamed"))) }
                            @if office.author == self.own {
                                td data-label=(speech.say("complete-until")) { (speech.moment(self.at)) }
                                td { (speech.say("this-office")) }
                                td {}
                            } @else {
                                td data-label=(speech.say("complete-until")) { (office.fresh.as_of.map_or_else(unknown, |at| speech.moment(at))) }
                                td data-label=(speech.say("last-news")) { (heard(office).map_or_else(unknown, |at| speech.ago(at))) }
                                td data-label=(speech.say("missing-here")) { (office.fresh.missing.map_or_else(unknown, |count| speech.count("changes", count))) }
                            }
                        }
                    }
                    @if !self.without_office.is_empty() {
                        tr {
                            th scope="row" { (speech.regions(self.without_office.iter().map(String::as_str))) }
                            td colspan="3" { (speech.say_of("without-office", &[("office", &self.national)])) }
                        }
                    }
                }
            }
        }
    }
}

impl Gap {
    fn told(&self, speech: Speech<'_>) -> String {
        let named = |office: &Option<String>| office.clone().unwrap_or_else(|| speech.say("office-unnamed"));
        match self {
            Gap::Missing { office, count } => {
                let count = speech.count("changes", *count);
                speech.say_of("gap-missing", &[("office", &named(office)), ("changes", &count)])
            }
            Gap::Silent { office, since } => {
                speech.say_of("last-heard", &[("office", &named(office)), ("ago", &speech.ago(*since))])
            }
            Gap::NeverHeard { office } => speech.say_of("never-heard", &[("office", &named(office))]),
            Gap::Reading => speech.say("gap-reading"),
        }
    }
}

/// All that is known to be missing, or that nobody can exclude.
fn gaps(status: &NodeStatus, complete: bool, now: UnixSeconds) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut named = 0;
    for office in status.offices.iter().filter(|office| office.author != status.author) {
        let missing = office.fresh.missing.unwrap_or(0);
        named += missing;
        let name = || office.name.clone();
        if missing > 0 {
            gaps.push(Gap::Missing { office: name(), count: missing });
        }
        match heard(office) {
            None => gaps.push(Gap::NeverHeard { office: name() }),
            Some(since) if now.0.saturating_sub(since.0) > SILENT_AFTER => {
                gaps.push(Gap::Silent { office: name(), since });
            }
            Some(_) => {}
        }
    }
    // What offices hold of feeds that nothing has come of here is of an office that we cannot name.
    let unnamed = status.known_missing.unwrap_or(0).saturating_sub(named);
    if unnamed > 0 {
        gaps.push(Gap::Missing { office: None, count: unnamed });
    }
    if !complete || status.behind {
        gaps.push(Gap::Reading);
    }
    gaps
}

/// The regions that no office is in and that are not the capital, where the national team is; as the map draws them.
/// `in_region`: whether an office is in one.
pub(super) fn without_office(in_region: impl Fn(&str) -> bool, boundaries: Option<&str>, pack: &Pack) -> Vec<String> {
    let drawn = pack.gazetteers().iter().find(|version| Some(version.key.as_str()) == boundaries);
    let regions = &drawn.unwrap_or_else(|| pack.gazetteer()).regions;
    let has_office = |key: &str| key == pack.capital_region() || in_region(key);
    regions.iter().filter(|region| !has_office(&region.key)).map(|region| region.key.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use toguna_protocol::{
        engine::Freshness,
        frontier::Frontier,
        ids::{Arrival, Epoch, FeedId, NetworkId},
    };

    use super::*;
    use crate::words::{Lang, Words};

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
    const DAY: i64 = 24 * 3600;

    fn office(author: u8, name: &str, heard_days_ago: Option<i64>, missing: Option<u64>) -> Office {
        Office {
            author: AuthorKey([author; 32]),
            name: Some(name.into()),
            region: None,
            entries: 1,
            last_entry_at: None,
            last_arrived_at: heard_days_ago.map(|days| UnixSeconds(NOW.0 - days * DAY)),
            fresh: Freshness { missing, ..Freshness::default() },
        }
    }

    fn status(offices: Vec<Office>, known_missing: Option<u64>, behind: bool) -> NodeStatus {
        NodeStatus {
            network: NetworkId([0; 32]),
            author: AuthorKey([0; 32]),
            own_feed: FeedId([0; 32]),
            epoch: Epoch([0; 8]),
            digest: String::new(),
            frontier: Frontier::default().iter().collect(),
            arrival: Arrival(0),
            offices,
            known_missing,
            sessions: Vec::new(),
            waiting: BTreeMap::new(),
            behind,
        }
    }

    #[test]
    fn what_may_be_missing_is_named_and_nothing_else() {
        let name = |name: &str| Some(name.to_owned());
        let here = office(0, "Bamako", None, None);
        let fresh = office(1, "Gao", Some(7), Some(0));
        let cases = [
            (vec![here.clone(), fresh.clone()], Some(0), vec![]),
            (vec![here.clone(), office(1, "Gao", Some(1), None)], None, vec![]),
            (
                vec![here.clone(), fresh.clone(), office(2, "Kidal", Some(8), Some(0))],
                Some(0),
                vec![Gap::Silent { office: name("Kidal"), since: UnixSeconds(NOW.0 - 8 * DAY) }],
            ),
            (vec![here.clone(), office(2, "Kidal", None, None)], None, vec![Gap::NeverHeard { office: name("Kidal") }]),
            (
                vec![here.clone(), office(2, "Kidal", Some(0), Some(3))],
                Some(5),
                vec![Gap::Missing { office: name("Kidal"), count: 3 }, Gap::Missing { office: None, count: 2 }],
            ),
        ];
        for (offices, known, expected) in cases {
            assert_eq!(gaps(&status(offices.clone(), known, false), true, NOW), expected);
            let reading = gaps(&status(offices, known, true), true, NOW);
            assert_eq!(reading.last(), Some(&Gap::Reading));
        }
        assert_eq!(gaps(&status(vec![here], None, false), false, NOW), [Gap::Reading]);
    }

    #[test]
    fn regions_without_an_office_are_those_that_the_map_draws() {
        let pack = Pack::embedded();
        let in_region =
            |author: u8, region: &str| Office { region: Some(region.into()), ..office(author, "x", None, None) };
        let offices = [office(0, "Bamako", None, None), in_region(1, "ML-7"), in_region(2, "ML-8")];
        let has = |key: &str| offices.iter().any(|office| office.region.as_deref() == Some(key));
        let without = without_office(has, Some("2010"), &pack);
        assert_eq!(without, ["ML-1", "ML-2", "ML-3", "ML-4", "ML-5", "ML-6"]);
        assert!(without_office(has, None, &pack).contains(&"ML-9".to_owned()));
    }

    #[test]
    fn a_total_says_at_least_and_the_page_names_who_is_silent() {
        let pack = Pack::embedded();
        let speech = Speech { lang: Lang::Fr, words: Words::embedded(), pack: &pack, now: NOW, demo: None };
        let offices = vec![office(0, "Bamako", None, None), office(2, "Kidal", Some(9), Some(3))];
        let silent = Situation {
            at: NOW,
            own: AuthorKey([0; 32]),
            gaps: gaps(&status(offices.clone(), Some(3), false), true, NOW),
            offices,
            without_office: vec!["ML-1".into(), "ML-2".into()],
            national: "Bamako".into(),
        };
        assert_eq!(silent.total(speech, "14 conflits"), "au moins 14 conflits");
        let warning = silent.warning(speech).into_string();
        assert!(warning.contains("Dernières nouvelles de Kidal"), "{warning}");
        assert!(warning.contains("Kidal\u{a0}: il manque ici 3 modifications"), "{warning}");
        let table = silent.table(speech).into_string();
        assert!(table.contains("Kayes, Koulikoro") && table.contains("sans bureau\u{a0}: saisi par Bamako"), "{table}");
        let whole = Situation { gaps: Vec::new(), ..silent };
        assert_eq!(whole.total(speech, "14 conflits"), "14 conflits");
        assert_eq!(whole.warning(speech).into_string(), "");
    }
}
