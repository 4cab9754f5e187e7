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

/// The name of a partner's figure: kept lines hold no names.
pub fn partner_figure(currency: &str, partner: Option<&str>) -> String {
    let name = partner.map_or_else(|| UNSTATED.to_owned(), |name| blake3::hash(name.as_bytes()).to_hex()[..16].into());
    format!("money/{currency}/partner/{name}")
}

impl Money {
    /// Its figures, as the national picture has them.
    pub(super) fn figures(&self, currency: &str) -> BTreeMap<String, i64> {
        let key = |name: &str| format!("money/{currency}/{name}");
        let sums = [
            ("need", self.need),
            ("cumulative", self.cumulative),
            ("balance", self.balance),
            ("surplus", self.surplus),
        ];
        let stages = self.by_stage.iter().map(|(stage, sum)| (key(&format!("stage/{stage}")), *sum));
        let partners = self.partners.iter().map(|of| (partner_figure(currency, of.partner.as_deref()), of.cumulative));
        sums.into_iter().map(|(name, sum)| (key(name), sum)).chain(stages).chain(partners).collect()
    }

    pub(super) fn finish(&mut self) {
        self.balance = self.need.saturating_sub(self.cumulative).max(0);
        self.surplus = self.cumulative.saturating_sub(self.need).max(0);
        self.partners.sort_by(|one, other| one.partner.cmp(&other.partner));
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
        add(&mut self.in_period, in_period);
        add(&mut self.in_year, in_year);
        add(&mut self.cumulative, true);
        add(&mut self.undated, date.is_none());
        add(self.by_stage.entry(line.text("stage").unwrap_or(UNSTATED).to_owned()).or_default(), true);
        // Who gives to a restricted record is not told.
        let partner = line.text("partner").filter(|_| quoted.is_some());
        let at = self.partners.iter().position(|of| of.partner.as_deref() == partner).unwrap_or_else(|| {
            self.partners.push(PartnerMoney { partner: partner.map(str::to_owned), ..PartnerMoney::default() });
            self.partners.len() - 1
        });
        add(&mut self.partners[at].in_year, in_year);
        add(&mut self.partners[at].cumulative, true);
    }
}

pub(super) fn take(money: &mut BTreeMap<String, Money>, row: &PastRow, quoted: Option<&Quoted>, asked: &Asked) {
    if let Some(need) = &row.record.need {
        let sums = money.entry(need.currency.0.clone()).or_default();
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
