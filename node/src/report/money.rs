//! Money at the end of the period, each currency by itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toguna_protocol::{engine::past::PastRow, limits::MAX_AMOUNT, projection::ItemRow};

use super::{
    Asked, Quoted,
    period::{Lies, lies},
};
use crate::views::UNSTATED;

/// Amounts of one currency, in its minor unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// What all projects together need.
    pub need: i64,
    /// What was mobilised in the period.
    pub in_period: i64,
    /// What was mobilised in the year up to the period's end.
    pub in_year: i64,
    /// What was mobilised up to the period's end.
    pub cumulative: i64,
    /// Of that, what bears no date.
    pub undated: i64,
    /// What is still to be found; never below zero.
    pub balance: i64,
    /// What exceeds the need; never below zero.
    pub surplus: i64,
    /// The cumulative sum by stage, `unstated` included.
    pub by_stage: BTreeMap<String, i64>,
    /// By partner, in the order of their names.
    pub partners: Vec<PartnerMoney>,
}

/// What one partner gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerMoney {
    /// The partner; none where it was not stated.
    pub partner: Option<String>,
    /// In the year up to the period's end.
    pub in_year: i64,
    /// Up to the period's end.
    pub cumulative: i64,
}

/// The name of a partner's figure: its name itself stands in no kept line. Whoever knows a name can tell which figure is
/// its own.
pub fn partner_figure(currency: &str, partner: Option<&str>) -> String {
    let name = partner.map_or_else(|| UNSTATED.to_owned(), |name| blake3::hash(name.as_bytes()).to_hex()[..16].into());
    format!("money/{currency}/partner/{name}")
}

impl Money {
    /// Its figures, as the national picture has them. `most`: partners that are named.
    pub(super) fn figures(&self, currency: &str, most: usize) -> BTreeMap<String, i64> {
        let key = |name: &str| format!("money/{currency}/{name}");
        let sums = [("need", self.need), ("cumulative", self.cumulative), self.left()];
        let stages = self.by_stage.iter().map(|(stage, sum)| (key(&format!("stage/{stage}")), *sum));
        let partners = self.named(most);
        let partners = partners.into_iter().map(|of| (partner_figure(currency, of.partner.as_deref()), of.cumulative));
        sums.into_iter().map(|(name, sum)| (key(name), sum)).chain(stages).chain(partners).collect()
    }

    /// What is left to be found, or over: the name of the figure and the sum.
    pub fn left(&self) -> (&'static str, i64) {
        if self.surplus > 0 { ("surplus", self.surplus) } else { ("balance", self.balance) }
    }

    /// The partners that are named where there is room for so many: the greatest, or all in the order of their names.
    pub fn named(&self, most: usize) -> Vec<&PartnerMoney> {
        let mut partners: Vec<&PartnerMoney> = self.partners.iter().collect();
        if partners.len() > most {
            partners.sort_by_key(|partner| std::cmp::Reverse(partner.cumulative));
            partners.truncate(most);
        }
        partners
    }
}

/// Amounts of one currency on their way into a report.
#[derive(Default)]
pub(super) struct Gathered {
    so_far: Money,
    partners: BTreeMap<Option<String>, PartnerMoney>,
}

impl Gathered {
    pub(super) fn finish(self) -> Money {
        let Gathered { so_far: mut money, partners } = self;
        money.balance = money.need.saturating_sub(money.cumulative).max(0);
        money.surplus = money.cumulative.saturating_sub(money.need).max(0);
        money.partners = partners.into_values().collect();
        money
    }

    fn add(&mut self, line: &ItemRow, amount: i64, quoted: Option<&Quoted>, asked: &Asked) {
        let date = line.date("date");
        // What may have come only after the end counts as come: of a year's sum nobody says which day it was.
        if date.is_some_and(|date| date.earliest() > asked.period.last_day()) {
            return;
        }
        let (from, to) = asked.period.year_so_far();
        // The sum of a year belongs to it, also where only a quarter of it is over.
        let in_year = date.is_some_and(|date| lies(date, from, (to.0, 12, 31)) == Lies::Within);
        let in_period = date.is_some_and(|date| asked.period.holds(date) == Lies::Within);
        let add = |sum: &mut i64, counts: bool| *sum = sum.saturating_add(if counts { amount } else { 0 });
        let money = &mut self.so_far;
        add(&mut money.in_period, in_period);
        add(&mut money.in_year, in_year);
        add(&mut money.cumulative, true);
        add(&mut money.undated, date.is_none());
        add(money.by_stage.entry(line.text("stage").unwrap_or(UNSTATED).to_owned()).or_default(), true);
        // Who gives to a restricted record is not told.
        let partner = line.text("partner").filter(|_| quoted.is_some()).map(str::to_owned);
        let empty = || PartnerMoney { partner: partner.clone(), ..PartnerMoney::default() };
        let of_partner = self.partners.entry(partner.clone()).or_insert_with(empty);
        add(&mut of_partner.in_year, in_year);
        add(&mut of_partner.cumulative, true);
    }
}

pub(super) fn take(money: &mut BTreeMap<String, Gathered>, row: &PastRow, quoted: Option<&Quoted>, asked: &Asked) {
    if let Some(need) = &row.record.need {
        let sums = &mut money.entry(need.currency.0.clone()).or_default().so_far;
        sums.need = sums.need.saturating_add(need.amount.0);
    }
    for line in row.record.items.iter().filter(|item| item.list == "contributions" && item.counts) {
        let stated = line.values.get("money");
        let amount = stated.and_then(|money| money.get("amount")?.as_i64());
        let currency = stated.and_then(|money| money.get("currency")?.as_str());
        // Lines without an amount are on the record's list of what is to be completed.
        if let (Some(amount), Some(currency)) = (amount, currency) {
            money.entry(currency.to_owned()).or_default().add(line, amount.clamp(0, MAX_AMOUNT), quoted, asked);
        }
    }
}
