//! A project's money: the budget by stage, what each partner gives in each year, and what is still to be found. Each
//! currency stands by itself, and nothing is added across; reversed lines are shown struck, and not counted.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use toguna_protocol::{
    ids::ItemId,
    limits::MAX_AMOUNT,
    record::{
        Date, Project,
        common::{Line, Money, Paragraph},
        project::{BudgetStage, ContributionStage},
    },
};

use super::{Page, add, change, row, verbs};
use crate::{
    pages::{form::minor_digits, speech::Speech},
    words,
};

/// Years that have a column each.
const YEARS: usize = 12;

/// One line of a ledger, whichever it is.
struct Entry<'p> {
    id: &'p ItemId,
    date: Option<Date>,
    /// The partner, or what it is for.
    who: Option<&'p Line>,
    /// Key of how sure it is.
    stage: Option<&'static str>,
    money: Option<&'p Money>,
    note: Option<&'p Paragraph>,
    reverses: Option<&'p ItemId>,
}

/// A ledger with the lines that are taken back.
struct Book<'p> {
    list: &'static str,
    /// The field that says who or what for.
    who: &'static str,
    entries: Vec<Entry<'p>>,
    reversed: BTreeSet<&'p ItemId>,
}

impl<'p> Book<'p> {
    fn new(list: &'static str, who: &'static str, mut entries: Vec<Entry<'p>>) -> Self {
        entries.sort_by_key(|entry| (entry.date.map(Date::earliest), entry.id));
        let reversed = entries.iter().filter_map(|entry| entry.reverses).collect();
        Book { list, who, entries, reversed }
    }

    fn counts(&self, entry: &Entry<'_>) -> bool {
        entry.reverses.is_none() && !self.reversed.contains(entry.id)
    }

    /// The lines that count, with their amounts.
    fn counted(&self) -> impl Iterator<Item = (&Entry<'p>, &str, i64)> {
        let counting = self.entries.iter().filter(|entry| self.counts(entry));
        counting.filter_map(|entry| {
            let money = entry.money?;
            Some((entry, money.currency.0.as_str(), money.amount.0.clamp(0, MAX_AMOUNT)))
        })
    }
}

/// An amount in words.
fn told(speech: Speech<'_>, amount: i64, currency: &str) -> String {
    words::money(speech.lang, amount, currency, minor_digits(currency, speech.pack))
}

/// Budget, contributions and need.
pub(super) fn money(speech: Speech<'_>, page: &Page, project: &Project, here: &str) -> Markup {
    let budget = project.budget_lines.iter().map(|(id, line)| Entry {
        id,
        date: line.date,
        who: line.label.as_ref(),
        stage: line.stage.map(BudgetStage::key),
        money: line.money.as_ref(),
        note: line.note.as_ref(),
        reverses: line.reverses.as_ref(),
    });
    let given = project.contributions.iter().map(|(id, line)| Entry {
        id,
        date: line.date,
        who: line.partner.as_ref(),
        stage: line.stage.map(ContributionStage::key),
        money: line.money.as_ref(),
        note: line.note.as_ref(),
        reverses: line.reverses.as_ref(),
    });
    let budget = Book::new("budget_lines", "label", budget.collect());
    let given = Book::new("contributions", "partner", given.collect());
    html! {
        div.list id="budget" {
            h3 { (speech.label(&["project", "budget_lines"])) " (" (budget.entries.len()) ")" }
            (by_stage(speech, &budget))
            (lines(speech, page, &budget, here))
            (add(speech, page, here, "budget_lines"))
        }
        div.list id="contributions" {
            h3 { (speech.label(&["project", "contributions"])) " (" (given.entries.len()) ")" }
            (by_currency(speech, project.need.as_ref(), &given))
            (lines(speech, page, &given, here))
            (add(speech, page, here, "contributions"))
            (change(speech, page, here, "need"))
        }
    }
}

/// What is planned, committed and spent: a row for each stage, a column for each currency.
fn by_stage(speech: Speech<'_>, book: &Book<'_>) -> Markup {
    let mut sums: BTreeMap<(Option<&str>, &str), i64> = BTreeMap::new();
    for (entry, currency, amount) in book.counted() {
        let sum = sums.entry((entry.stage, currency)).or_default();
        *sum = sum.saturating_add(amount);
    }
    let currencies: BTreeSet<&str> = sums.keys().map(|(_, currency)| *currency).collect();
    let newer = sums.keys().filter_map(|(stage, _)| *stage).filter(|stage| !BudgetStage::KEYS.contains(stage));
    let newer: BTreeSet<&str> = newer.collect();
    let stages = BudgetStage::KEYS.iter().copied().chain(newer).map(Some).chain([None]);
    let path = ["project", "budget_lines", "stage"];
    html! {
        @if !sums.is_empty() {
            table.figures {
                caption { (speech.say("budget-by-stage")) }
                thead { tr {
                    th scope="col" { (speech.label(&path)) }
                    @for currency in &currencies { th scope="col" { (currency) } }
                } }
                tbody {
                    @for stage in stages.filter(|stage| sums.keys().any(|(known, _)| known == stage)) {
                        tr {
                            th scope="row" { (stage.map_or_else(|| speech.say("unstated"), |stage| speech.choice(&path, stage))) }
                            @for currency in &currencies {
                                td { @if let Some(sum) = sums.get(&(stage, *currency)) { (told(speech, *sum, currency)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// For each currency what is needed, what there is and what is left, and the table of partners and years.
fn by_currency(speech: Speech<'_>, need: Option<&Money>, book: &Book<'_>) -> Markup {
    let needed = need.map(|need| need.currency.0.as_str());
    let currencies: BTreeSet<&str> = book.counted().map(|(_, currency, _)| currency).chain(needed).collect();
    html! {
        @for currency in &currencies {
            @let need = need.filter(|need| need.currency.0 == **currency).map(|need| need.amount.0.clamp(0, MAX_AMOUNT));
            @let cumulative = book.counted().filter(|(_, of, _)| of == currency).fold(0_i64, |sum, (_, _, amount)| sum.saturating_add(amount));
            dl.compact {
                @if let Some(need) = need { dt { (speech.say("need-in-all")) } dd { (told(speech, need, currency)) } }
                dt { (speech.say("cumulative")) } dd { (told(speech, cumulative, currency)) }
                @if let Some(need) = need {
                    @let surplus = cumulative > need;
                    dt { (speech.say(if surplus { "surplus" } else { "balance" })) }
                    dd { (told(speech, cumulative.abs_diff(need) as i64, currency)) }
                }
            }
            @if cumulative > 0 { (by_year(speech, book, currency, cumulative)) }
        }
        @if currencies.len() > 1 { p.aside { (speech.say("currencies-apart")) } }
    }
}

/// The year in which a date lies; `None` where it may lie in several.
fn year_of(date: Option<Date>) -> Option<u16> {
    let (first, last) = (date?.earliest().0, date?.latest()?.0);
    (first == last).then_some(first)
}

/// What each partner gives in each year, in one currency.
struct Years<'b> {
    sums: BTreeMap<(Option<&'b str>, Option<u16>), i64>,
    partners: BTreeMap<Option<&'b str>, i64>,
    /// What has no year comes last.
    years: Vec<(Option<u16>, i64)>,
}

impl<'b> Years<'b> {
    fn of(book: &'b Book<'_>, currency: &str) -> Self {
        let (mut sums, mut partners, mut years) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let add = |sum: &mut i64, amount| *sum = sum.saturating_add(amount);
        for (entry, _, amount) in book.counted().filter(|(_, of, _)| *of == currency) {
            let (partner, year) = (entry.who.map(|who| who.0.as_str()), year_of(entry.date));
            add(sums.entry((partner, year)).or_default(), amount);
            add(partners.entry(partner).or_default(), amount);
            add(years.entry(year).or_default(), amount);
        }
        let mut years: Vec<(Option<u16>, i64)> = years.into_iter().collect();
        years.sort_by_key(|(year, _)| (year.is_none(), *year));
        Years { sums, partners, years }
    }

    /// What one partner gives in the years in which it gives something.
    fn own(&self, partner: Option<&str>) -> Vec<(Option<u16>, i64)> {
        let of = self.sums.range((partner, None)..=(partner, Some(u16::MAX)));
        let mut own: Vec<(Option<u16>, i64)> = of.map(|((_, year), sum)| (*year, *sum)).collect();
        own.sort_by_key(|(year, _)| (year.is_none(), *year));
        own
    }
}

/// A table of partners and years. Where there are many years each partner has its own, so that the page never holds as many
/// cells as there may be partners times years.
fn by_year(speech: Speech<'_>, book: &Book<'_>, currency: &str, cumulative: i64) -> Markup {
    let all = Years::of(book, currency);
    let columns = all.years.len() <= YEARS;
    let caption = speech.say_of("by-partner-and-year", &[("currency", currency)]);
    let year_name = |year: &Option<u16>| year.map_or_else(|| speech.say("no-year"), |year| year.to_string());
    let listed = |years: &[(Option<u16>, i64)]| {
        let listed = years.iter().map(|(year, sum)| format!("{} : {}", year_name(year), told(speech, *sum, currency)));
        html! { td { (listed.collect::<Vec<_>>().join(" · ")) } }
    };
    html! {
        div.wide tabindex="0" role="region" aria-label=(caption) {
            table.figures {
                caption { (caption) }
                thead { tr {
                    th scope="col" { (speech.label(&["project", "contributions", "partner"])) }
                    @if columns { @for (year, _) in &all.years { th scope="col" { (year_name(year)) } } }
                    @else { th scope="col" { (speech.label(&["project", "contributions", "date"])) } }
                    th scope="col" { (speech.say("cumulative")) }
                } }
                tbody {
                    @for (partner, sum) in &all.partners {
                        tr {
                            th scope="row" { (partner.map_or_else(|| speech.say("unstated"), str::to_owned)) }
                            @if columns {
                                @for (year, _) in &all.years {
                                    td { @if let Some(sum) = all.sums.get(&(*partner, *year)) { (told(speech, *sum, currency)) } }
                                }
                            } @else { (listed(&all.own(*partner))) }
                            td { (told(speech, *sum, currency)) }
                        }
                    }
                }
                tfoot { tr {
                    th scope="row" { (speech.say("in-all")) }
                    @if columns { @for (_, sum) in &all.years { td { (told(speech, *sum, currency)) } } }
                    @else { (listed(&all.years)) }
                    td { (told(speech, cumulative, currency)) }
                } }
            }
        }
    }
}

/// Every line of a ledger, also those that are taken back.
fn lines(speech: Speech<'_>, page: &Page, book: &Book<'_>, here: &str) -> Markup {
    let label = |part: &str| speech.label(&["project", book.list, part]);
    html! {
        @if !book.entries.is_empty() {
            table.records {
                thead { tr {
                    @for part in [book.who, "date", "stage"] { th scope="col" { (label(part)) } }
                    th scope="col" { (speech.say("amount")) }
                    th scope="col" { (label("note")) }
                    @if page.may_write { th scope="col" { span.unseen { (speech.say("withdraw")) } } }
                } }
                tbody { @for entry in &book.entries { (line(speech, page, book, entry, here)) } }
            }
        }
    }
}

fn line(speech: Speech<'_>, page: &Page, book: &Book<'_>, entry: &Entry<'_>, here: &str) -> Markup {
    let label = |part: &str| speech.label(&["project", book.list, part]);
    let counts = book.counts(entry);
    let id = entry.id.as_str();
    let why = if entry.reverses.is_some() { "line-reverses" } else { "line-reversed" };
    html! {
        (row(speech, page, (id, 6), !counts, &html! {
            th scope="row" {
                (entry.who.map_or_else(|| speech.say("unstated"), |who| who.0.clone()))
                @if !counts { br; span.aside { (speech.say(why)) } }
            }
            td { (entry.date.as_ref().map(|date| speech.date(date)).unwrap_or_default()) }
            td { (entry.stage.map(|stage| speech.choice(&["project", book.list, "stage"], stage)).unwrap_or_default()) }
            td { (entry.money.map(|money| told(speech, money.amount.0, &money.currency.0)).unwrap_or_default()) }
            td data-label=[entry.note.map(|_| label("note"))] { (entry.note.map(|note| note.0.clone()).unwrap_or_default()) }
            @if page.may_write { td { @if counts { (verbs(speech, page, (book.list, id), false, here)) } } }
        }))
    }
}
