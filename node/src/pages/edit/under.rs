//! A new consultation that stands under another from the start: record and tie are one change, so that neither is ever
//! kept without the other.

use maud::{Markup, html};
use serde_json::{Value, json};
use toguna_protocol::{
    ids::RecordId,
    record::{Kind, common::Relation},
};

use crate::pages::{
    Pages,
    error::PageError,
    form::Given,
    record::{address, title},
    speech::Speech,
};

/// What a new consultation is to stand under, and how.
#[derive(Clone)]
pub(in crate::pages) struct Under {
    record: RecordId,
    relation: Relation,
    fields: serde_json::Map<String, Value>,
}

/// The relation that the address of such a form names.
pub(in crate::pages) fn relation_of(key: &str) -> Option<Relation> {
    Relation::UPWARD.into_iter().find(|relation| relation.key() == key)
}

impl Under {
    /// What an address names: a consultation that is here.
    pub(super) async fn of(pages: &Pages, id: &str, relation: &str) -> Result<Self, PageError> {
        let relation = relation_of(relation).ok_or(PageError::NotFound)?;
        let record = pages.app.record(id.parse().map_err(|_| PageError::NotFound)?).await?;
        if record.kind != Kind::Consultation {
            return Err(PageError::NotFound);
        }
        Ok(Under { record: record.id, relation, fields: record.fields })
    }

    /// The address of the one above.
    pub(super) fn address(&self) -> String {
        address(Kind::Consultation, self.record)
    }

    /// The address of the form.
    pub(super) fn form(&self) -> String {
        format!("{}/new/{}", self.address(), self.relation.key())
    }

    /// The tie, as the new record holds it.
    pub(super) fn links(&self) -> Value {
        json!({"new": {"record": self.record, "relation": self.relation}})
    }

    /// What stands in the form before anybody types.
    pub(super) fn given(&self) -> Given {
        let mut given = Given::default();
        if self.relation == Relation::Restitutes {
            given.put("meeting_type", "restitution".to_owned());
        }
        given
    }

    /// The one above: its id and title.
    pub(super) fn above(&self, speech: Speech<'_>) -> (RecordId, String) {
        (self.record, title(speech, &self.fields))
    }

    /// Above the form: what the record will stand under.
    pub(super) fn told(&self, speech: Speech<'_>) -> Markup {
        html! {
            p {
                (speech.say(&format!("new-under-{}", self.relation.key()))) " "
                a href=(self.address()) { (title(speech, &self.fields)) }
            }
        }
    }
}
