//! The page of a form.

use automerge::ChangeHash;
use maud::{Markup, html};
use serde_json::Value;
use toguna_protocol::{
    engine::RecordView,
    ids::RecordId,
    record::{
        Changed, Kind,
        schema::{Field, Shape},
    },
};

use super::{Failed, begin, under::Under, version_of, version_text};
use crate::{
    pack::Pack,
    pages::{
        Pages,
        drafts::Desk,
        error::PageError,
        form::{
            Given,
            inputs::{Inputs, is_typed},
            is_place,
        },
        layout,
        part::Part,
        record::{address, crumbs, label_of, plural, title, value},
        sections::sections,
        speech::Speech,
        visitor::Visitor,
    },
};

/// A form, and what is told about it.
pub(in crate::pages) struct Sheet {
    kind: Kind,
    /// The record and its title; `None` for a new one.
    record: Option<(RecordId, serde_json::Map<String, Value>)>,
    /// What a new one is to stand under.
    under: Option<Under>,
    part: Part,
    base: Vec<ChangeHash>,
    given: Given,
    just_saved: bool,
    failed: Option<Failed>,
    /// A place was put into it just now.
    placed: bool,
    /// The section that stands unfolded besides the first.
    unfolded: Option<String>,
    desk: Desk,
}

impl Sheet {
    /// An empty form for a new record.
    pub(super) fn new(part: Part, kind: Kind) -> Self {
        Sheet {
            kind,
            record: None,
            under: None,
            part,
            base: Vec::new(),
            given: Given::default(),
            just_saved: false,
            failed: None,
            placed: false,
            unfolded: None,
            desk: Desk::default(),
        }
    }

    /// The form of a part of a record, as it was read.
    pub(super) fn of(part: Part, record: &RecordView, pack: &Pack) -> Self {
        let schema: Vec<&'static Field> = record.kind.schema().fields().collect();
        Sheet {
            kind: record.kind,
            record: Some((record.id, record.fields.clone())),
            under: None,
            part,
            base: record.heads.clone(),
            given: Given::of_record(&schema, &record.fields, pack),
            just_saved: false,
            failed: None,
            placed: false,
            unfolded: None,
            desk: Desk::default(),
        }
    }

    /// The same form made from the record as it is now: what the person did not touch is as it is now.
    pub(super) fn made_from(
        mut self,
        schema: &[&'static Field],
        read: &RecordView,
        now: &RecordView,
        pack: &Pack,
    ) -> Self {
        let [read, newer] = [read, now].map(|record| Given::of_record(schema, &record.fields, pack));
        self.given = self.given.rebased(&read, &newer);
        self.base = now.heads.clone();
        self
    }

    /// The form of a new record that is to stand under another.
    pub(super) fn standing(mut self, under: Under) -> Self {
        self.given = under.given();
        self.under = Some(under);
        self
    }

    /// The form with one of its sections unfolded.
    pub(super) fn unfolding(mut self, section: Option<String>) -> Self {
        self.unfolded = section;
        self
    }

    /// The form that follows one that was saved.
    pub(super) fn following(mut self, just_saved: bool) -> Self {
        self.just_saved = just_saved;
        self
    }

    /// The form with what a person typed.
    pub(super) fn holding(mut self, given: Given) -> Self {
        self.given = given;
        self
    }

    /// The form with what somebody typed earlier, on the version that it was begun from.
    pub(in crate::pages) fn resuming(mut self, draft: Given) -> Result<Self, PageError> {
        if self.record.is_some() {
            self.base = version_of(&draft)?;
        }
        self.given = draft;
        Ok(self)
    }

    /// The form with what there is about its drafts.
    pub(in crate::pages) fn at(mut self, desk: Desk) -> Self {
        self.desk = desk;
        self
    }

    /// The form with a place that was chosen on the map.
    pub(in crate::pages) fn with_place(mut self, placed: bool) -> Self {
        self.placed = placed;
        self
    }

    /// The kind of its record.
    pub(in crate::pages) fn kind(&self) -> Kind {
        self.kind
    }

    /// The names of its places.
    pub(in crate::pages) fn places(&self) -> Vec<String> {
        let is_place = |field: &Field| matches!(field.shape, Shape::Compound { parts, .. } if is_place(parts));
        let places = self.part.fields.iter().filter(|field| is_place(field) && is_typed(field));
        places
            .map(|field| match self.part.name.as_str() {
                "" => field.name.to_owned(),
                before => format!("{before}/{}", field.name),
            })
            .collect()
    }

    /// The form after it could not be saved.
    pub(super) fn after(mut self, failed: Failed) -> Self {
        self.failed = Some(failed);
        self
    }

    pub(in crate::pages) fn page(&self, pages: &Pages, visitor: &Visitor) -> Markup {
        let speech = visitor.speech(pages);
        let heading = self.heading(speech);
        let faults = self.faults(speech);
        let inputs = Inputs { speech, given: &self.given, faults: &faults };
        let body = html! {
            @match self.above(speech) {
                Some((id, title)) => (crumbs(speech, self.kind, Some((id, &title)))),
                None => (crumbs(speech, self.kind, None)),
            }
            h1 { (heading) }
            @if let Some(under) = &self.under { (under.told(speech)) }
            @if self.just_saved { p.saved role="status" { (speech.say("saved-next")) } }
            (self.told(speech, &faults))
            @if self.placed { p.saved role="status" { (speech.say("place-taken")) } }
            (self.desk.above(speech, &visitor.csrf()))
            form.record method="post" action=(self.form()) data-draft=[self.desk.address()] {
                input type="hidden" name="csrf" value=(visitor.csrf());
                // Whoever presses the return key in an input means to save; browsers take the first button.
                button.unseen tabindex="-1" aria-hidden="true" {}
                (self.desk.input())
                @if self.record.is_some() { input type="hidden" name="base" value=(version_text(&self.base)); }
                (self.inputs(&inputs))
                (self.reason(speech))
                p.verbs {
                    button.button { (speech.say("save")) } " "
                    @if self.part.is_new || self.record.is_none() {
                        button name="next" value="1" { (speech.say("save-and-next")) } " "
                    }
                    a href=(self.back()) { (speech.say("cancel")) }
                    (self.desk.line(speech))
                }
            }
            // Filled by the script while somebody types the name of a place.
            datalist id="places" {}
        };
        layout::page(speech, Some(visitor), &format!("/{}", plural(self.kind)), &heading, &body)
    }

    /// The record that the form is about: id and title.
    fn above(&self, speech: Speech<'_>) -> Option<(RecordId, String)> {
        let own = self.record.as_ref().map(|(id, fields)| (*id, title(speech, fields)));
        own.or_else(|| Some(self.under.as_ref()?.above(speech)))
    }

    /// The address at which the form stands and is sent to.
    pub(in crate::pages) fn form(&self) -> String {
        match (&self.record, self.part.name.as_str()) {
            (None, _) => self.under.as_ref().map_or_else(|| format!("/{}/new", plural(self.kind)), Under::form),
            (Some((id, _)), "") => format!("{}/edit", address(self.kind, *id)),
            (Some((id, _)), part) => format!("{}/edit/{part}", address(self.kind, *id)),
        }
    }

    fn back(&self) -> String {
        match &self.record {
            Some((id, _)) => address(self.kind, *id),
            None => self.under.as_ref().map_or_else(|| format!("/{}", plural(self.kind)), Under::address),
        }
    }

    fn heading(&self, speech: Speech<'_>) -> String {
        let what = speech.words.one(speech.lang, &self.part.path);
        match &self.record {
            None => begin::heading(speech, &self.given)
                .unwrap_or_else(|| speech.say(&format!("kind-{}.new", self.kind.key()))),
            Some((_, fields)) if self.part.name.is_empty() => {
                speech.say_of("edit-one", &[("what", &title(speech, fields))])
            }
            Some(_) if self.part.is_new => speech.say_of("add-one", &[("what", &what)]),
            Some(_) => speech.say_of("edit-one", &[("what", &what)]),
        }
    }

    fn inputs(&self, inputs: &Inputs<'_>) -> Markup {
        let begun = begin::origin_of(&self.given).filter(|_| self.record.is_none());
        let typed = |fields: &[&'static Field]| -> Vec<&'static Field> {
            let has = |field: &Field| begun.is_none_or(|origin| begin::has(origin, field));
            fields.iter().copied().filter(|field| is_typed(field) && has(field)).collect()
        };
        let input = |field: &'static Field| {
            let own = begun.and_then(|origin| begin::input(inputs, origin, field, &self.part.path));
            own.unwrap_or_else(|| inputs.field(field, &self.part.path, ""))
        };
        html! {
            @if self.part.name.is_empty() {
                @for (at, section) in sections(self.kind).iter().enumerate() {
                    @let fields = typed(&section.fields);
                    @if !fields.is_empty() {
                        // What is rarely filled in at once stays folded until it holds something, or something is wrong.
                        @let unfolded = at == 0 || self.unfolded.as_deref() == Some(section.id);
                        // What somebody begins a request for stands open.
                        @let unfolded = unfolded || begun.is_some_and(|origin| begin::is_for(origin, section.id));
                        details.section open[unfolded || fields.iter().any(|field| inputs.matters(field))] {
                            summary { h2 { (inputs.speech.say(&format!("section-{}", section.id))) } }
                            @for field in fields { (input(field)) }
                        }
                    }
                }
            } @else {
                @for field in typed(&self.part.fields) { (inputs.field(field, &self.part.path, &self.part.name)) }
            }
        }
    }

    /// Why something is changed can be said of what is there already.
    fn reason(&self, speech: Speech<'_>) -> Markup {
        html! {
            @if self.record.is_some() && !self.part.is_new {
                div.field {
                    label for="reason" { (speech.say("because-label")) }
                    input id="reason" name="reason" maxlength="500" value=(self.given.text("reason").unwrap_or_default()) autocomplete="off";
                }
            }
        }
    }

    /// What is wrong with which field, in words.
    fn faults(&self, speech: Speech<'_>) -> Vec<(String, String)> {
        match &self.failed {
            Some(Failed::Typed(faults)) => {
                faults.iter().map(|fault| (fault.pointer.clone(), problem(speech, &fault.code, ""))).collect()
            }
            Some(Failed::Refused(problems)) => problems
                .iter()
                .map(|(pointer, code, detail)| (pointer.clone(), problem(speech, code, detail)))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Above the form: why it is not saved yet, and what to do.
    fn told(&self, speech: Speech<'_>, faults: &[(String, String)]) -> Markup {
        let say = |id: &str| html! { div.refused role="alert" { p { (speech.say(id)) } } };
        match &self.failed {
            None => html! {},
            Some(Failed::Empty) => say("not-saved-empty"),
            Some(Failed::NotSaved) => say("not-saved-store"),
            Some(Failed::TooMuch) => say("not-saved-too-much"),
            Some(Failed::UnknownVersion) => say("not-saved-version"),
            Some(Failed::Changed(changed)) => self.changed(speech, changed),
            Some(Failed::Typed(_) | Failed::Refused(_)) => html! {
                div.refused role="alert" {
                    p { (speech.count("not-saved-faults", faults.len() as u64)) }
                    ul { @for (pointer, why) in faults { li { (label_of(speech, self.kind, pointer)) " : " (why) } } }
                }
            },
        }
    }

    fn changed(&self, speech: Speech<'_>, changed: &[Changed]) -> Markup {
        html! {
            div.refused role="alert" {
                p { (speech.count("not-saved-changed", changed.len() as u64)) }
                ul {
                    @for one in changed {
                        li {
                            strong { (label_of(speech, self.kind, &one.pointer)) }
                            ul {
                                li { (speech.say("value-there-now")) " " (value(speech, self.kind, &one.pointer, &one.now)) }
                                li { (speech.say("value-you-typed")) " " (value(speech, self.kind, &one.pointer, &one.wanted)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A refusal in words; in the engine's own where there are no better.
pub(in crate::pages) fn problem(speech: Speech<'_>, code: &str, detail: &str) -> String {
    let said = [format!("problem-{code}"), format!("flag-{code}.refused")].into_iter().find_map(|id| {
        let said = speech.say(&id);
        (said != id).then_some(said)
    });
    said.unwrap_or_else(|| if detail.is_empty() { code.to_owned() } else { detail.to_owned() })
}
