//! The pages on the way from a form to a place and back.

use maud::{Markup, html};

use super::{Chosen, IMAGE_PATH, SMALL, Spot, landmarks};
use crate::{
    pack::{Place, PlaceKind},
    pages::{
        Pages,
        drafts::Desk,
        edit::Sheet,
        form::Given,
        layout,
        map::{HEIGHT, WIDTH},
        record::plural,
        speech::Speech,
        visitor::Visitor,
    },
    words,
};

/// What is shown next.
pub(super) enum Step {
    /// The country, to find the region.
    Country { outside: bool },
    /// One region, enlarged.
    Region { key: String, outside: bool },
    /// How exactly the click is meant.
    Spot(Spot),
    /// The form again, with a place if one was chosen.
    Back(Option<Chosen>),
}

/// How exactly a click can be meant.
const EXACT: [&str; 5] = ["exact", "village", "commune", "cercle", "region"];

/// A page on the way. `form`: its address, and the name of the place in it.
pub(super) fn page(
    pages: &Pages,
    visitor: &Visitor,
    sheet: &Sheet,
    (form, name): (&str, &str),
    typed: &Given,
    desk: &Desk,
    step: &Step,
) -> Markup {
    let speech = visitor.speech(pages);
    let title = speech.say("place-on-map");
    // Back in the form, the browser goes to the place.
    let action = format!("{form}#f-{}-name", name.replace('/', "-"));
    let kept = typed.pairs().filter(|(name, _)| !["draft", "csrf"].contains(name));
    let body = html! {
        h1 { (title) }
        p { (speech.say("place-nothing-lost")) }
        form.record method="post" action=(action) {
            input type="hidden" name="csrf" value=(visitor.csrf());
            (desk.input())
            input type="hidden" name="picking" value=(name);
            @for (name, value) in kept { input type="hidden" name=(name) value=(value); }
            (self::step(pages, speech, name, step))
            p.verbs { button name="back" value="1" { (speech.say("place-back")) } }
        }
    };
    layout::page(speech, Some(visitor), &format!("/{}", plural(sheet.kind())), &title, &body)
}

fn step(pages: &Pages, speech: Speech<'_>, name: &str, step: &Step) -> Markup {
    let outside = |outside: bool| {
        html! { @if outside { div.refused role="alert" { p { (speech.say("place-outside")) } } } }
    };
    match step {
        Step::Country { outside: is_outside } => html! {
            (outside(*is_outside))
            h2 { (speech.say("place-step-country")) }
            (images(speech, None))
            p { (speech.say("place-or-region")) }
            p.verbs {
                @for (key, _) in pages.base_map.regions() { button name="region" value=(key) { (speech.region(key)) } " " }
            }
        },
        Step::Region { key, outside: is_outside } => html! {
            (outside(*is_outside))
            h2 { (speech.say_of("place-step-region", &[("region", &speech.region(key))])) }
            input type="hidden" name="zoomed" value=(key);
            (images(speech, Some(key)))
            (known(speech, key))
            p.verbs { button name="pick" value=(name) { (speech.say("place-whole-country")) } }
        },
        Step::Spot(spot) => self::spot(speech, name, spot),
        Step::Back(_) => html! {},
    }
}

/// The same image twice, of which a screen shows the one that it has room for, in its own size: a browser counts the
/// pixels that it shows.
fn images(speech: Speech<'_>, region: Option<&str>) -> Markup {
    let source = region.map_or(IMAGE_PATH.to_owned(), |key| {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("region", key).finish();
        format!("{IMAGE_PATH}?{query}")
    });
    let small = |pixels: u32| (f64::from(pixels) / SMALL).round();
    html! {
        div.choose-on-map {
            input.wide-map type="image" name="wide" src=(source) alt=(speech.say("place-click")) width=(WIDTH) height=(HEIGHT);
            input.small-map type="image" name="small" src=(source) alt=(speech.say("place-click")) width=(small(WIDTH)) height=(small(HEIGHT));
        }
    }
}

/// The known places of a region, for whoever has no pointer.
fn known(speech: Speech<'_>, region: &str) -> Markup {
    let here = |place: &&Place| place.region == region && place.kind != PlaceKind::Cercle;
    let mut places: Vec<&Place> = speech.pack.places().as_slice().iter().filter(here).collect();
    places.sort_by(|a, b| a.name.cmp(&b.name));
    html! {
        @if !landmarks(speech.pack, region).is_empty() {
            div.field {
                label for="known" { (speech.say("place-or-known")) }
                select id="known" name="known" {
                    option value="" { "—" }
                    @for place in places { option value=(place.key) { (place.name) } }
                }
                p.verbs { button name="take" value="1" { (speech.say("place-take")) } }
            }
        }
    }
}

fn spot(speech: Speech<'_>, name: &str, spot: &Spot) -> Markup {
    let (lat, lon) = spot.point;
    let degrees = |degrees: f64| words::decimal(speech.lang, degrees, 4);
    let told = [("lat", degrees(lat)), ("lon", degrees(lon)), ("region", speech.region(&spot.region))];
    let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
    html! {
        h2 { (speech.say("place-step-how")) }
        p { (speech.say_of("place-clicked", &told)) }
        input type="hidden" name="zoomed" value=(spot.region);
        input type="hidden" name="at-lat" value=(lat);
        input type="hidden" name="at-lon" value=(lon);
        @if !spot.near.is_empty() {
            h3 { (speech.say("place-known-near")) }
            ul.choices {
                @for (place, far) in &spot.near {
                    @let far = words::decimal(speech.lang, *far, usize::from(*far < 10.0));
                    li {
                        button name="chosen" value=(format!("known:{}", place.key)) {
                            (speech.say_of("place-known-at", &[("place", &place.name), ("km", &far)]))
                        }
                    }
                }
            }
        }
        h3 { (speech.say("place-or-click")) }
        ul.choices {
            @for key in EXACT {
                li { button name="chosen" value=(key) { (speech.choice(&["place", "precision"], key)) } }
            }
        }
        p.hint { (speech.say("place-rounded")) }
        p.verbs {
            button name="region" value=(spot.region) { (speech.say("place-click-again")) } " "
            button name="pick" value=(name) { (speech.say("place-whole-country")) }
        }
    }
}
