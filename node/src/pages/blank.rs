//! Forms on paper: the fields of the screen's forms in the same order, to be filled in by hand where there is no machine and
//! entered later. Made from the same declarations, so that a new field is on both.

mod fields;

use axum::extract::{Path, State};
use maud::{Markup, html};
use toguna_protocol::record::{
    Kind,
    schema::{Field, Shape},
};

use self::fields::{Paper, date};
use super::{
    Shared,
    error::PageError,
    form::inputs::is_typed,
    layout,
    part::Part,
    record::{is_list, kind_of, plural},
    sections::sections,
    speech::Speech,
    visitor::Visitor,
};

/// Fields of every record that stand at the head of the paper.
const AT_THE_HEAD: [&str; 2] = ["paper_reference", "original_kept_at"];

/// A record's own fields.
pub(super) async fn record(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path(kinds): Path<String>,
) -> Result<Markup, PageError> {
    let kind = kind_of(&kinds)?;
    let speech = visitor.speech(&pages);
    let what = speech.say(&format!("kind-{}", kind.key()));
    Ok(page(speech, &visitor, kind, None, &what, &whole(speech, kind)))
}

/// An item of one of its lists.
pub(super) async fn item(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path((kinds, list)): Path<(String, String)>,
) -> Result<Markup, PageError> {
    let kind = kind_of(&kinds)?;
    let field = lists(kind).find(|field| field.name == list).ok_or(PageError::NotFound)?;
    let part = Part::of(kind, &format!("{}/new", field.name)).ok_or(PageError::NotFound)?;
    let speech = visitor.speech(&pages);
    let what = speech.words.one(speech.lang, &part.path);
    Ok(page(speech, &visitor, kind, Some(field), &what, &of_item(speech, &part)))
}

/// The lists of a kind of which there is a form.
fn lists(kind: Kind) -> impl Iterator<Item = &'static Field> {
    kind.schema().fields().filter(|field| is_list(field))
}

fn whole(speech: Speech<'_>, kind: Kind) -> Markup {
    let paper = Paper { speech };
    let path = [kind.key()];
    html! {
        @for section in sections(kind) {
            @let fields: Vec<_> = section.fields.iter().filter(|field| is_typed(field) && !AT_THE_HEAD.contains(&field.name)).collect();
            @if !fields.is_empty() {
                section {
                    h2 { (speech.say(&format!("section-{}", section.id))) }
                    @for field in fields { (paper.field(field, &path)) }
                }
            }
        }
        @let apart: Vec<String> = lists(kind).map(|field| speech.label(&[kind.key(), field.name])).collect();
        p.hint { (speech.say_of("blank-apart", &[("lists", &apart.join(", "))])) }
    }
}

fn of_item(speech: Speech<'_>, part: &Part) -> Markup {
    let paper = Paper { speech };
    html! {
        section {
            @for field in part.fields.iter().filter(|field| is_typed(field) && field.name != "reverses") { (paper.field(field, &part.path)) }
            @for field in part.fields.iter().filter(|field| is_list(field)) {
                @if let Shape::Items(inner) = field.shape { (paper.rows(field, inner, &part.path)) }
            }
        }
    }
}

fn page(
    speech: Speech<'_>,
    visitor: &Visitor,
    kind: Kind,
    list: Option<&'static Field>,
    what: &str,
    fields: &Markup,
) -> Markup {
    let title = speech.say_of("blank-title", &[("what", what)]);
    let body = html! {
        a.skip href="#main" { (speech.say("skip")) }
        (others(speech, kind, list))
        main id="main" {
            h1 { (title) }
            dl.top {
                dt { (speech.say("office")) } dd { (visitor.office()) }
                dt { (speech.say("blank-filled-on")) } dd { (date()) }
                @if list.is_some() { dt { (speech.say(&format!("kind-{}", kind.key()))) } dd {} }
                @for name in AT_THE_HEAD { dt { (speech.label(&[name])) } dd {} }
            }
            p.hint { (speech.say(if list.is_some() { "blank-explained-item" } else { "blank-explained" })) }
            (fields)
        }
    };
    layout::bare(speech, "blank", &title, &body)
}

/// On the screen only: the way back, and the other forms of the kind.
fn others(speech: Speech<'_>, kind: Kind, list: Option<&'static Field>) -> Markup {
    let here = format!("/{}/blank", plural(kind));
    html! {
        nav.on-screen aria-label=(speech.say("blank-link")) {
            a href=(format!("/{}", plural(kind))) { (speech.say(&format!("kind-{}.plural", kind.key()))) }
            a href=(here) aria-current=[list.is_none().then_some("page")] { (speech.say(&format!("kind-{}", kind.key()))) }
            @for field in lists(kind) {
                a href=(format!("{here}/{}", field.name)) aria-current=[(list == Some(field)).then_some("page")] {
                    (speech.label(&[kind.key(), field.name]))
                }
            }
            span { (speech.say("blank-print")) }
        }
    }
}
