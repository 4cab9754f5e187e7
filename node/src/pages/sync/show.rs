//! The page of links as it is shown.

use maud::{Markup, html};
use toguna_protocol::{engine::Office, ids::AuthorKey};

use super::{Line, Link, Missing, News, Picture, code, name_of, open::MAX_PLI, prepare};
use crate::pages::{record::office_name, speech::Speech};

pub(super) fn body(speech: Speech<'_>, picture: &Picture, title: &str, refused: Option<&Markup>) -> Markup {
    html! {
        h1 { (title) }
        @if let Some(refused) = refused { div.refused role="alert" { (refused) } }
        p role="status" { (sentence(speech, picture)) }
        p { (speech.say("code-explained")) " " strong.code { (code::of_digest(&picture.status.digest)) } }
        (clocks(speech, &picture.lines))
        section {
            h2 { (speech.say("only-here")) }
            (only_here(speech, picture))
        }
        @if !picture.lines.is_empty() {
            section {
                h2 { (speech.say("offices")) }
                (offices(speech, &picture.lines))
            }
        }
        section {
            h2 { (speech.say("pli-title")) }
            (sticks(speech, picture))
            @if picture.may_write { (forms(speech, picture)) }
        }
    }
}

fn sentence(speech: Speech<'_>, picture: &Picture) -> String {
    let waiting = picture.lines.iter().filter_map(|line| line.waiting).max().unwrap_or(0);
    match (picture.lines.len(), picture.status.sessions.len()) {
        (0, _) => speech.say("sync-alone"),
        (_, 0) if waiting > 0 => speech.count("sync-cut-waiting", waiting),
        (_, 0) => speech.say("sync-cut"),
        _ => speech.say("sync-up"),
    }
}

fn clocks(speech: Speech<'_>, lines: &[Line]) -> Markup {
    let wrong: Vec<_> = lines.iter().filter_map(|line| Some((line, line.clock_ahead?))).collect();
    html! {
        @if !wrong.is_empty() {
            div.refused role="alert" {
                @for (line, ahead) in wrong {
                    p { strong { (clock(speech, &name_of(speech, line.name.as_deref()), ahead)) } }
                }
                p { (speech.say("clock-do")) }
            }
        }
    }
}

/// A clock that is off, in the largest unit that tells enough.
pub(super) fn clock(speech: Speech<'_>, office: &str, ahead: i64) -> String {
    let hours = (ahead.unsigned_abs() + 1_800) / 3_600;
    let days = (hours + 12) / 24;
    let (unit, count) = match days {
        350.. => ("years", (days + 182) / 365),
        60.. => ("months", (days + 15) / 30),
        2.. => ("days", days),
        _ => ("hours", hours),
    };
    let id = if ahead < 0 { "clock-late" } else { "clock-early" };
    let values = [("office", office.into()), ("unit", unit.into()), ("count", (count as f64).into())];
    speech.words.say_with(speech.lang, id, &values)
}

fn only_here(speech: Speech<'_>, picture: &Picture) -> Markup {
    html! {
        @if picture.only_here == 0 { p { (speech.say("only-here-none")) } }
        @else {
            p {
                strong { (speech.count("records-only-here", picture.only_here)) }
                @if let Some(oldest) = picture.oldest {
                    " · " (speech.say_of("only-here-oldest", &[("ago", &speech.ago(oldest))]))
                }
                " · " a href="/sync/only-here" { (speech.say("only-here-list")) }
            }
        }
    }
}

fn offices(speech: Speech<'_>, lines: &[Line]) -> Markup {
    let heads = ["office", "link-title", "last-news", "waiting-to-leave", "missing-here"];
    html! {
        table.records.links {
            thead { tr { @for head in heads { th scope="col" { (speech.say(head)) } } } }
            tbody {
                @for line in lines {
                    tr {
                        th scope="row" { (name_of(speech, line.name.as_deref())) }
                        td { (speech.say(match line.link { Link::Up => "link-up", Link::Cut => "link-cut", Link::None => "link-none" })) }
                        td data-label=(speech.say("last-news")) { (news(speech, line.news)) }
                        td data-label=(speech.say("waiting-to-leave")) { (line.waiting.map_or_else(|| speech.say("unknown"), |count| speech.count("records-found", count))) }
                        td data-label=(speech.say("missing-here")) { (missing(speech, line.missing)) }
                    }
                }
            }
        }
    }
}

fn news(speech: Speech<'_>, news: News) -> Markup {
    html! {
        @match news {
            News::Now => (speech.say("ago-now")),
            News::At(at) => (speech.ago(at)),
            News::SilentSince(at) => strong.mark { (speech.say_of("silent-since", &[("moment", &speech.moment(at))])) },
            News::Never => (speech.say("unknown")),
        }
    }
}

fn missing(speech: Speech<'_>, missing: Missing) -> String {
    match missing {
        Missing::Known(count) => speech.count("changes", count),
        Missing::Unknown { since: None, .. } => speech.say("unknown"),
        Missing::Unknown { announced: 0, since: Some(at) } => {
            speech.say_of("unknown-since", &[("moment", &speech.moment(at))])
        }
        Missing::Unknown { announced, since: Some(at) } => {
            let announced = speech.count("at-least-changes", announced);
            format!("{announced}, {}", speech.say_of("unknown-since", &[("moment", &speech.moment(at))]))
        }
    }
}

/// The last sticks, and the bundles that can be fetched.
fn sticks(speech: Speech<'_>, picture: &Picture) -> Markup {
    let offices: &[Office] = &picture.status.offices;
    let told = |id: &str, counted: &str, stick: &super::plis::Stick| {
        let office = whose(speech, offices, stick.office);
        let records = speech.count(counted, stick.records);
        let values = [("moment", speech.moment(stick.at)), ("office", office), ("records", records)];
        speech.say_of(id, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
    };
    html! {
        p { (picture.last.opened.as_ref().map_or_else(|| speech.say("stick-none"), |stick| told("stick-opened", "opened-records", stick))) }
        @if let Some(made) = &picture.last.made { p { (told("stick-made", "records-found", made)) } }
        @if picture.may_write && !picture.made.is_empty() {
            ul {
                @for slip in &picture.made {
                    li {
                        a href=(prepare::address(&slip.id)) { (slip.file_name) }
                        span.aside { " · " (whose(speech, offices, slip.addressee)) " · " (speech.count("records-found", slip.records)) }
                    }
                }
            }
        }
    }
}

/// An office, or all of them.
pub(super) fn whose(speech: Speech<'_>, offices: &[Office], office: Option<AuthorKey>) -> String {
    office.map_or_else(|| speech.say("pli-any"), |office| office_name(speech, offices, &office))
}

fn forms(speech: Speech<'_>, picture: &Picture) -> Markup {
    let others = picture.status.offices.iter().filter(|office| office.author != picture.status.author);
    html! {
        h3 { (speech.say("pli-prepare")) }
        form.record method="post" action="/sync/plis" {
            input type="hidden" name="csrf" value=(picture.csrf);
            div.field {
                label for="for" { (speech.say("pli-for")) }
                select id="for" name="for" {
                    @for office in others {
                        option value=(office.author) { (name_of(speech, office.name.as_deref())) }
                    }
                    option value="" { (speech.say("pli-any")) }
                }
                p.hint { (speech.say("pli-for-hint")) }
            }
            p.verbs { button.button { (speech.say("pli-prepare")) } }
        }
        h3 { (speech.say("pli-open")) }
        form.record method="post" action="/sync/opened" enctype="multipart/form-data" {
            input type="hidden" name="csrf" value=(picture.csrf);
            div.field {
                label for="pli" { (speech.say("pli-file")) }
                input id="pli" name="pli" type="file" required;
                p.hint { (speech.say_of("pli-open-hint", &[("size", &prepare::size(speech, MAX_PLI as u64))])) }
            }
            p.verbs { button.button { (speech.say("pli-open")) } }
        }
    }
}
