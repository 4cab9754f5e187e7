//! The part of a record's page that tells its steps.

use maud::{Markup, html};
use toguna_protocol::{
    engine::RecordView,
    record::{Kind, workflow::Step},
};

use super::{Ask, Refused, Standing, When, Why, ask, field};
use crate::pages::{
    edit::{problem, version_text},
    form::{Given, inputs::Inputs},
    record::{address, label_of, value},
    speech::Speech,
};

/// Where a record stands and what may come next. `csrf`: what forms carry, for whoever may write.
pub(in crate::pages) fn part(
    speech: Speech<'_>,
    record: &RecordView,
    standing: &Standing,
    csrf: Option<&str>,
) -> Markup {
    if standing.way.is_empty() {
        return html! {};
    }
    let divergent = record.concurrent.iter().any(|field| field.field == "/status");
    let steps = Steps { speech, record, standing };
    html! {
        section.steps id="steps" {
            h2 { (speech.say("next-step")) }
            (steps.way())
            @if let Some(refused) = &standing.refused { (steps.refused(refused)) }
            @if divergent {
                p { (speech.say("step-settle-first")) " " a href=(format!("{}/settle/status", steps.here())) { (speech.say("look-and-settle")) } }
            } @else if let Some(csrf) = csrf {
                (steps.allowed(csrf))
                (steps.asking(csrf))
                (steps.missing())
                (steps.any(csrf))
            } @else { (steps.missing()) }
        }
    }
}

/// What all of the part is made of.
struct Steps<'a> {
    speech: Speech<'a>,
    record: &'a RecordView,
    standing: &'a Standing,
}

impl Steps<'_> {
    fn kind(&self) -> Kind {
        self.record.kind
    }

    fn here(&self) -> String {
        address(self.kind(), self.record.id)
    }

    /// The step as one does it: "approve".
    fn verb(&self, to: &str) -> String {
        self.speech.say(&format!("step-{}-{to}", self.kind().key()))
    }

    fn status(&self, key: &str) -> String {
        self.speech.choice(&[self.kind().key(), "status"], key)
    }

    fn present(&self) -> Option<&str> {
        self.record.fields.get("status").and_then(|status| status.as_str())
    }

    /// All statuses of the way in one line, with the present one marked.
    fn way(&self) -> Markup {
        html! {
            ol.way aria-label=(self.speech.say("step-way")) {
                @for key in &self.standing.way {
                    li aria-current=[(self.present() == Some(*key)).then_some("step")] { (self.status(key)) }
                }
            }
            @match self.present() {
                None => p.aside { (self.speech.say("step-none-yet")) },
                Some(key) if !self.standing.way.contains(&key) => p { strong { (self.status(key)) } },
                Some(_) => {}
            }
        }
    }

    /// A form that is sent to go a step.
    fn form(&self, csrf: &str, inner: &Markup) -> Markup {
        html! {
            form.step method="post" action=(format!("{}/step", self.here())) {
                input type="hidden" name="csrf" value=(csrf);
                input type="hidden" name="base" value=(version_text(&self.record.heads));
                (self.standing.mark)
                (inner)
            }
        }
    }

    fn forward(&self) -> impl Iterator<Item = &Step> {
        self.standing.steps.iter().filter(|step| !step.back)
    }

    /// What a step asks for, if the record does not say it yet, and whether nothing else is missing for it.
    fn asked(&self, step: &Step) -> Option<Ask> {
        let ask = ask(self.kind(), step.to)?;
        let only = step.missing.iter().all(|code| *code == ask.code);
        (only && (ask.when != When::Missing || !step.missing.is_empty())).then_some(ask)
    }

    /// Buttons for the steps that need nothing more.
    fn allowed(&self, csrf: &str) -> Markup {
        let ready: Vec<&Step> =
            self.forward().filter(|step| step.missing.is_empty() && self.asked(step).is_none()).collect();
        let buttons = html! {
            div.verbs {
                @for (at, step) in ready.iter().enumerate() {
                    button.button[at == 0] name="to" value=(step.to) { (self.verb(step.to)) }
                }
            }
        };
        html! { @if !ready.is_empty() { (self.form(csrf, &buttons)) } }
    }

    /// A form for each field that steps ask for, with a button for each such step. What is done rarely stays folded.
    fn asking(&self, csrf: &str) -> Markup {
        let mut fields: Vec<(&'static str, When, Vec<&Step>)> = Vec::new();
        for step in self.forward() {
            let Some(Ask { field, when, .. }) = self.asked(step) else { continue };
            match fields.iter_mut().find(|(known, ..)| *known == field) {
                Some((_, _, steps)) => steps.push(step),
                None => fields.push((field, when, vec![step])),
            }
        }
        html! {
            @for (name, when, steps) in &fields {
                @let folded = *when != When::Missing;
                @let verbs: Vec<String> = steps.iter().map(|step| self.verb(step.to)).collect();
                @let inputs = self.input(name, *when);
                @let form = self.form(csrf, &html! {
                    (inputs)
                    div.verbs { @for step in steps { button name="to" value=(step.to) .button[!folded] { (self.verb(step.to)) } } }
                });
                @if folded {
                    details open[self.was_tried(steps)] { summary { (verbs.join(", ")) "…" } (form) }
                } @else { (form) }
            }
        }
    }

    fn was_tried(&self, steps: &[&Step]) -> bool {
        let tried = self.standing.refused.as_ref().and_then(|refused| refused.given.text("to"));
        tried.is_some_and(|tried| steps.iter().any(|step| step.to == tried))
    }

    /// The input of a field that a step asks for, with what was typed before a refusal.
    fn input(&self, name: &str, when: When) -> Markup {
        let Some(field) = field(self.kind(), name) else { return html! {} };
        let given = match &self.standing.refused {
            Some(refused) if refused.given.names(name) => refused.given.clone(),
            _ if when == When::Always => Given::of_record(&[field], &self.record.fields, self.speech.pack),
            _ => Given::default(),
        };
        let inputs = Inputs { speech: self.speech, given: &given, faults: &[] };
        inputs.field(field, &[self.kind().key()], "")
    }

    /// The steps that are not possible yet: why, and where what is missing is filled in.
    fn missing(&self) -> Markup {
        let missing: Vec<&Step> =
            self.forward().filter(|step| !step.missing.is_empty() && self.asked(step).is_none()).collect();
        html! {
            @if !missing.is_empty() {
                ul.missing {
                    @for step in missing {
                        li {
                            strong { (self.verb(step.to)) } " – "
                            @for (at, code) in step.missing.iter().enumerate() { @if at > 0 { " · " } (self.reason(code, "")) }
                        }
                    }
                }
            }
        }
    }

    /// Why something is not possible, and the way to where that is filled in.
    fn reason(&self, code: &str, detail: &str) -> Markup {
        html! {
            (problem(self.speech, code, detail))
            @if let Some((href, label)) = self.filled_in(code) { " (" a href=(href) { (label) } ")" }
        }
    }

    fn filled_in(&self, code: &str) -> Option<(String, String)> {
        let edit = |field: &str| {
            let label = self.speech.label(&[self.kind().key(), field]);
            Some((format!("{}/edit#f-{field}", self.here()), label))
        };
        let add = |list: &str, below: &str| {
            let one = self.speech.words.one(self.speech.lang, &[self.kind().key(), list]);
            Some((format!("{}/{below}", self.here()), self.speech.say_of("add-one", &[("what", &one)])))
        };
        match code {
            "missing-parts-not-stated" => edit("returned_missing"),
            "eligibility-not-verified" => edit("eligibility"),
            "no-evaluator-named" => edit("evaluators"),
            "agreement-not-signed" => edit("agreement_signed_date"),
            "not-a-request" => edit("origin"),
            "opinions-not-opened" => add("evaluations", "evaluate"),
            "joint-decision-missing" => add("committee_decisions", "edit/committee_decisions/new"),
            "report-missing" => add("reports", "edit/reports/new"),
            _ => None,
        }
    }

    /// Any other status: back, or one that paper says.
    fn any(&self, csrf: &str) -> Markup {
        let back = self.standing.steps.iter().filter(|step| step.back).map(|step| step.to);
        let back: Vec<&str> = back.collect();
        let is_other = |key: &&&str| self.present() != Some(**key) && !back.contains(*key);
        let others: Vec<&&str> = self.standing.statuses.iter().filter(is_other).collect();
        let inner = html! {
            div.field {
                label for="step-to" { (self.speech.label(&[self.kind().key(), "status"])) }
                select.short id="step-to" name="to" {
                    @if !back.is_empty() {
                        optgroup label=(self.speech.say("step-back")) {
                            @for key in &back { option value=(key) { (self.status(key)) } }
                        }
                    }
                    optgroup label=(self.speech.say("step-other")) {
                        @for key in &others { option value=(key) { (self.status(key)) } }
                    }
                }
            }
            div.field {
                label for="step-reason" { (self.speech.say("because-label")) }
                input id="step-reason" name="reason" maxlength="500" autocomplete="off";
            }
            div.verbs { button { (self.speech.say("step-go")) } }
        };
        html! { details { summary { (self.speech.say("step-any")) } (self.form(csrf, &inner)) } }
    }

    /// That a step was not carried out, and why.
    fn refused(&self, refused: &Refused) -> Markup {
        let to = refused.given.text("to").unwrap_or_default();
        html! {
            div.refused role="alert" {
                p { (self.speech.say_of("step-refused", &[("status", &self.status(to))])) }
                ul {
                    @for why in &refused.why {
                        li {
                            @match why {
                                Why::Code(code, detail) => (self.reason(code, detail)),
                                Why::Typed(fault) => { (label_of(self.speech, self.kind(), &fault.pointer)) " : " (problem(self.speech, &fault.code, "")) },
                                Why::Changed(changed) => {
                                    (label_of(self.speech, self.kind(), &changed.pointer)) " : " (self.speech.say("step-changed")) " "
                                    (value(self.speech, self.kind(), &changed.pointer, &changed.now))
                                },
                                Why::Told(id) => (self.speech.say(id)),
                            }
                        }
                    }
                }
            }
        }
    }
}
