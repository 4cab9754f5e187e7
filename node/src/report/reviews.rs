//! Difficulties, lessons and measures, as the reviews of the period wrote them down.

use serde::{Deserialize, Serialize};
use toguna_protocol::{engine::past::PastRow, record::Date};

use super::{Asked, LINES, Quoted, period::Lies};

/// The notes of one review of one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The project.
    pub project: Quoted,
    /// When.
    pub date: Date,
    /// Difficulties met.
    pub difficulties: Option<String>,
    /// Lessons learnt.
    pub lessons: Option<String>,
    /// Measures taken.
    pub measures: Option<String>,
}

pub(super) fn take(reviews: &mut Vec<Review>, row: &PastRow, quoted: Option<&Quoted>, asked: &Asked) {
    let Some(project) = quoted else { return };
    for item in row.record.items.iter().filter(|item| item.list == "reviews" && item.counts) {
        let text = |name: &str| item.text(name).filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let Some(date) = item.date("date").filter(|date| asked.period.holds(*date) != Lies::Outside) else { continue };
        reviews.push(Review {
            project: project.clone(),
            date,
            difficulties: text("difficulties"),
            lessons: text("lessons"),
            measures: text("measures"),
        });
    }
}

/// Puts them in the order in which they were held.
pub(super) fn finish(reviews: &mut Vec<Review>) {
    reviews.sort_by(|one, other| {
        let key = |review: &Review| (review.date.earliest(), review.project.id);
        key(one).cmp(&key(other)).then_with(|| {
            let texts = |review: &Review| [&review.difficulties, &review.lessons, &review.measures].map(Clone::clone);
            texts(one).cmp(&texts(other))
        })
    });
    reviews.truncate(LINES);
}
