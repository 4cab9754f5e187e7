//! A line of time in words: what it is, where, how it is known, how it stands.

use serde_json::{Map, Value};
use toguna_protocol::record::{Date, conflict::Agreement, date::Day, schema::Field};

use super::{Entry, Type, date_in};
use crate::pages::{days, speech::Speech};

/// Characters of a text that a line shows; all of it stands below.
const SHOWN: usize = 160;

/// See the module.
pub(super) struct Told {
    /// What it is.
    pub(super) heading: String,
    /// Where, how known, how it stands.
    pub(super) facts: Vec<String>,
    /// The beginning of what was written.
    pub(super) text: Option<String>,
}

/// The words for a line. `today` tells how long an alert has been waiting.
pub(super) fn told(speech: Speech<'_>, entry: &Entry<'_>, today: Day) -> Told {
    let words = Words { speech, entry };
    let texts: &[&str] = match entry.of {
        Type::Meeting => &["outcome", "issues"],
        Type::Response => &["note"],
        _ => &["text"],
    };
    Told {
        heading: words.heading(),
        facts: words.facts(today),
        text: texts.iter().find_map(|field| beginning(entry.item.get(*field)?.as_str()?)),
    }
}

/// The first line that says something, cut where it is long.
fn beginning(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let cut: String = first.chars().take(SHOWN).collect();
    let more = cut.len() < first.len() || lines.next().is_some();
    Some(if more { format!("{} …", cut.trim_end()) } else { cut })
}

struct Words<'s, 'e> {
    speech: Speech<'s>,
    entry: &'e Entry<'e>,
}

impl Words<'_, '_> {
    /// A field of the item in words; `None` where nothing stands in it.
    fn value(&self, name: &str) -> Option<String> {
        let fields = self.entry.field.shape.item_fields().unwrap_or_default();
        let field: &Field = fields.iter().find(|field| field.name == name)?;
        let path: Vec<&str> = self.entry.path.iter().copied().chain([name]).collect();
        let said = self.speech.value(field, &path, self.entry.item.get(name)?);
        (!said.is_empty()).then_some(said)
    }

    /// The same behind its label.
    fn labelled(&self, name: &str) -> Option<String> {
        let path: Vec<&str> = self.entry.path.iter().copied().chain([name]).collect();
        Some(self.speech.say_of("fact", &[("label", &self.speech.label(&path)), ("value", &self.value(name)?)]))
    }

    fn count(&self, name: &str, id: &str) -> Option<String> {
        Some(self.speech.count(id, self.entry.item.get(name)?.as_u64()?))
    }

    fn heading(&self) -> String {
        let of = self.speech.say(&format!("timeline-{}", self.entry.of.key()));
        let what = match self.entry.of {
            Type::Incident => self.value("incident_type"),
            Type::Alert => self.value("level"),
            Type::Response => self.value("by"),
            Type::Meeting => self.value("mediation"),
            Type::Decision => {
                // The kind of decision says that it is one.
                let by = self.value("by");
                let kind = self.value("decision_type").unwrap_or(of);
                return match by {
                    Some(by) => self.speech.say_of("fact", &[("label", &kind), ("value", &by)]),
                    None => kind,
                };
            }
            Type::Agreement => return self.agreement(of),
        };
        match what {
            Some(what) => self.speech.say_of("fact", &[("label", &of), ("value", &what)]),
            None => of,
        }
    }

    /// "Agreement, for 10 years, end unknown: the date of its signature is missing".
    fn agreement(&self, of: String) -> String {
        let item = self.entry.item;
        let years = item.get("term_years").and_then(Value::as_u64);
        let ends = ends(item);
        let term = years.map(|years| self.speech.count("agreement-term", years));
        let end = match (ends, years) {
            (Some(ends), _) => Some(self.speech.say_of("agreement-ends", &[("date", &self.speech.date(&ends))])),
            (None, Some(_)) => Some(self.speech.say("agreement-end-unknown")),
            (None, None) => None,
        };
        [Some(of), term, end].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn facts(&self, today: Day) -> Vec<String> {
        let facts = match self.entry.of {
            Type::Incident => vec![
                self.value("place"),
                self.count("deaths", "deaths-counted"),
                self.count("displaced", "displaced-counted"),
                self.value("known"),
            ],
            Type::Alert => vec![self.value("place"), self.labelled("asked_of"), Some(self.alert(today))],
            Type::Response => vec![self.response()],
            Type::Meeting => vec![
                self.value("place"),
                self.labelled("mediators"),
                self.labelled("parties_present"),
                self.value("minutes"),
                self.labelled("next_date"),
            ],
            Type::Decision => vec![self.value("execution")],
            Type::Agreement => vec![
                self.value("form"),
                self.value("stage"),
                self.labelled("signatories"),
                self.labelled("guarantors"),
                self.labelled("follow_up_due"),
            ],
        };
        facts.into_iter().flatten().collect()
    }

    /// How an alert stands: closed and why, answered and after how long, or still waiting.
    fn alert(&self, today: Day) -> String {
        let item = self.entry.item;
        let because = self.value("closed_because");
        let closed = match (self.value("closed_date"), because) {
            (Some(date), Some(because)) => {
                Some(self.speech.say_of("alert-closed-because", &[("date", &date), ("because", &because)]))
            }
            (Some(date), None) => Some(self.speech.say_of("alert-closed", &[("date", &date)])),
            (None, because) => because,
        };
        let (raised, responses) = (days::exact(date_in(item, "date")), responses(item));
        let first =
            responses.iter().filter_map(|response| date_in(response, "date")).min_by_key(|date| date.earliest());
        let took = raised.and_then(|raised| days::between(raised, days::exact(first)?));
        let answered = match (responses.len(), took) {
            (0, _) if closed.is_some() => None,
            (0, _) => Some(match raised.and_then(|raised| days::between(raised, today)) {
                Some(days) => self.speech.count("unanswered-for", days),
                None => self.speech.say("unanswered"),
            }),
            (_, Some(days)) => Some(self.speech.count("alert-answered-after", days)),
            (_, None) => Some(self.speech.say("alert-answered")),
        };
        let open = closed.is_none().then(|| self.speech.say("alert-open"));
        [open, answered, closed].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Which alert was responded to, and how long after.
    fn response(&self) -> Option<String> {
        let alert = self.entry.alert?;
        let raised = date_in(alert, "date")?;
        let to = self.speech.say_of("response-to", &[("date", &self.speech.date(&raised))]);
        let took = days::exact(Some(raised)).and_then(|raised| days::between(raised, days::exact(self.entry.date)?));
        Some(match took {
            Some(days) => format!("{to}, {}", self.speech.count("answered-after", days)),
            None => to,
        })
    }
}

/// The responses to an alert that stand.
fn responses(alert: &Map<String, Value>) -> Vec<&Map<String, Value>> {
    let all = alert.get("responses").and_then(Value::as_object).into_iter().flat_map(Map::values);
    all.filter_map(Value::as_object).filter(|response| response.get("withdrawn") != Some(&Value::Bool(true))).collect()
}

/// When an agreement ends, as the record itself reckons it.
fn ends(item: &Map<String, Value>) -> Option<Date> {
    let years = item.get("term_years").and_then(Value::as_u64);
    let agreement = Agreement {
        end_date: date_in(item, "end_date"),
        signed_date: date_in(item, "signed_date"),
        term_years: years,
        ..Agreement::default()
    };
    agreement.ends()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_the_beginning_of_a_text_and_says_that_there_is_more() {
        let long = "é".repeat(SHOWN + 1);
        for (text, expected) in [
            ("", None),
            (" \n ", None),
            ("Trente têtes", Some("Trente têtes".to_owned())),
            ("\nTrente têtes\n", Some("Trente têtes".to_owned())),
            ("Trente têtes,\nretrouvées", Some("Trente têtes, …".to_owned())),
            (&long, Some(format!("{} …", "é".repeat(SHOWN)))),
        ] {
            assert_eq!(beginning(text), expected, "{text:?}");
        }
    }
}
