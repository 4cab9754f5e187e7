//! Contributions: each currency by itself, and for every sum the lines it is made of.

use maud::{Markup, html};

use super::National;
use crate::{
    pages::{form::minor_digits, record::linked, speech::Speech},
    report::partner_figure,
    views::{ContributionLine, Contributions, UNSTATED},
    words,
};

pub(super) fn section(speech: Speech<'_>, national: &National) -> Markup {
    html! {
        section id="contributions" {
            h2 { (speech.say("contributions-title")) }
            @if national.picture.contributions.is_empty() { p { (speech.say("contributions-none")) } }
            @for (currency, sums) in &national.picture.contributions { (of_currency(speech, national, currency, sums)) }
            @if national.picture.contributions.len() > 1 { p.aside { (speech.say("currencies-apart")) } }
        }
    }
}

fn of_currency(speech: Speech<'_>, national: &National, currency: &str, sums: &Contributions) -> Markup {
    let money = |amount: i64| words::money(speech.lang, amount, currency, minor_digits(currency, speech.pack));
    let lines = || national.contributions.iter().filter(|line| line.money.currency.0 == currency);
    let (left, left_id) = if sums.surplus > 0 { (sums.surplus, "surplus") } else { (sums.balance, "balance") };
    let beside = |name: &str| national.beside(speech, &format!("money/{currency}/{name}"), money);
    let total = |amount: i64| national.situation.total(speech, &money(amount));
    html! {
        h3 { (currency) }
        p.total { (speech.say_of("mobilised", &[("cumulative", &total(sums.cumulative)), ("need", &money(sums.need))])) }
        dl {
            dt { (speech.say("need-in-all")) } dd { (money(sums.need)) (beside("need")) }
            dt { (speech.say("cumulative")) }
            dd { (unfolded(speech, &total(sums.cumulative), lines())) (beside("cumulative")) }
            dt { (speech.say(left_id)) } dd { (money(left)) (beside(left_id)) }
            @for (stage, amount) in &sums.by_stage {
                @let of_stage = lines().filter(|line| line.stage.as_deref().unwrap_or(UNSTATED) == stage);
                dt { (stage_name(speech, stage)) } dd { (unfolded(speech, &money(*amount), of_stage)) (beside(&format!("stage/{stage}"))) }
            }
        }
        table.figures.partners {
            caption { (speech.say("contributions-by-partner")) }
            thead { tr { th scope="col" { (speech.label(&["project", "contributions", "partner"])) } th scope="col" { (speech.say("cumulative")) } } }
            tbody {
                @for partner in &sums.partners {
                    @let of_partner = lines().filter(|line| line.partner == partner.partner);
                    tr {
                        th scope="row" { (partner.partner.clone().unwrap_or_else(|| speech.say("unstated"))) }
                        td {
                            (unfolded(speech, &money(partner.amount), of_partner))
                            (national.beside(speech, &partner_figure(currency, partner.partner.as_deref()), money))
                        }
                    }
                }
            }
        }
    }
}

pub(in crate::pages) fn stage_name(speech: Speech<'_>, stage: &str) -> String {
    if stage == UNSTATED {
        speech.say("unstated")
    } else {
        speech.choice(&["project", "contributions", "stage"], stage)
    }
}

/// A sum that unfolds to its lines. They stand in the page itself, since an address may not name a partner.
fn unfolded<'l>(speech: Speech<'_>, sum: &str, lines: impl Iterator<Item = &'l ContributionLine> + Clone) -> Markup {
    let count = lines.clone().count() as u64;
    html! {
        details.lines {
            summary { (sum) span.aside { " (" (speech.count("lines-counted", count)) ")" } }
            ul {
                @for line in lines {
                    @let digits = minor_digits(&line.money.currency, speech.pack);
                    li {
                        (words::money(speech.lang, line.money.amount.0, &line.money.currency, digits))
                        @if let Some(date) = &line.date { ", " (speech.date(date)) }
                        @if let Some(partner) = &line.partner { ", " (partner) }
                        @if let Some(stage) = &line.stage { ", " (stage_name(speech, stage)) }
                        " – " (linked(speech, &line.record))
                    }
                }
            }
        }
    }
}
