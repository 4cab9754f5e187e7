//! What no officer means and every form meets: more than fits, what makes no sense, and the same thing twice.

use toguna_protocol::{
    limits::{MAX_AMOUNT, MAX_COUNT, MAX_LONG_TEXT, MAX_PARAGRAPH, MAX_SHORT_TEXT, MAX_TITLE},
    record::{
        Kind,
        schema::{Field, Shape},
    },
};

use super::*;
/// The longest text or greatest number that a field takes, and one more. Nothing for what has no such bound.
fn bound(field: &Field) -> Option<(String, String)> {
    let text = |most: usize| ("é".repeat(most), "é".repeat(most + 1));
    let number = |most: u64| (most.to_string(), (most + 1).to_string());
    Some(match field.shape {
        Shape::Line if field.name == "title" => text(MAX_TITLE),
        Shape::Line => text(MAX_SHORT_TEXT),
        Shape::Paragraph => text(MAX_PARAGRAPH),
        Shape::Narrative => text(MAX_LONG_TEXT),
        Shape::Count => number(MAX_COUNT),
        Shape::Amount => number(MAX_AMOUNT.unsigned_abs()),
        _ => return None,
    })
}

#[tokio::test]
async fn every_field_says_where_its_limit_is_and_keeps_what_was_typed_beyond_it() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let mut tried = 0;
    for (kinds, kind) in
        [("conflicts", Kind::Conflict), ("consultations", Kind::Consultation), ("projects", Kind::Project)]
    {
        let path = format!("/{kinds}/new");
        let form = officer.get(&path).await;
        for field in kind.schema().fields() {
            let Some((most, more)) = bound(field).filter(|_| form.input(field.name).is_some()) else { continue };
            tried += 1;
            let with = |value: &str| [("title".to_owned(), "Un".to_owned()), (field.name.to_owned(), value.to_owned())];
            let send = async |value: &str| {
                let inputs = with(value);
                let inputs: Vec<(&str, &str)> =
                    inputs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                // A title of its own takes the place of the short one.
                let own = inputs.iter().skip(usize::from(field.name == "title")).copied().collect::<Vec<_>>();
                officer.send(&path, &form, &own).await
            };
            let refused = send(&more).await;
            assert_eq!(refused.status, 200, "{kinds}/{}", field.name);
            refused.says("Pas encore enregistré");
            assert_eq!(refused.input(field.name).as_deref(), Some(more.as_str()), "{kinds}/{}", field.name);
            let saved = send(&most).await;
            assert_eq!(saved.status, 303, "{kinds}/{}: {}", field.name, saved.text);
        }
    }
    assert!(tried > 20, "only {tried} fields have bounds");
    office.app.stop().await;
}

#[tokio::test]
async fn a_paste_of_a_megabyte_is_refused_in_words_and_loses_no_record() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Un"), ("narrative", "Ce qui était écrit.")]).await;
    let edit = format!("{page}/edit");
    // Within what a form may be and over what a text may be: the form comes back with all of it.
    let long = "é ".repeat(1024 * 1024 / 3);
    let refused = officer.fill(&edit, &[("narrative", &long)]).await;
    assert_eq!(refused.status, 200);
    refused.says("Pas encore enregistré");
    assert_eq!(refused.input("narrative").as_deref(), Some(long.as_str()));
    // Over what a form may be at all.
    let paste = "a".repeat(MAX_FORM);
    let refused = officer.fill(&edit, &[("narrative", &paste)]).await;
    assert_eq!(refused.status, 413, "{}", &refused.text[..refused.text.len().min(400)]);
    refused.says("<html");
    assert_eq!(officer.get(&edit).await.input("narrative").as_deref(), Some("Ce qui était écrit."));
    office.app.stop().await;
}

#[tokio::test]
async fn dates_and_coordinates_are_taken_as_far_as_they_make_sense() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Un")]).await;
    let incident = format!("{page}/edit/incidents/new");
    let cases: &[(&[(&str, &str)], bool)] = &[
        (&[("date", "01/01/1900")], true),
        (&[("date", "1900")], true),
        (&[("date", "31/12/9999")], false),
        (&[("date", "29/02/2024")], true),
        (&[("date", "31/12/0000")], false),
        (&[("date", "01/01/10000")], false),
        (&[("date", "29/02/2025")], false),
        (&[("date", "32/01/2026")], false),
        (&[("date", "<script>alert(1)</script>")], false),
        (&[("place/name", "Puits"), ("place/precision", "exact"), ("place/lat", "18,44"), ("place/lon", "1,40")], true),
        (&[("place/name", "Puits"), ("place/precision", "exact"), ("place/lat", "-90"), ("place/lon", "180")], true),
        (&[("place/name", "Puits"), ("place/precision", "exact"), ("place/lat", "90,1"), ("place/lon", "1")], false),
        (
            &[("place/name", "Puits"), ("place/precision", "exact"), ("place/lat", "18"), ("place/lon", "-180,01")],
            false,
        ),
        (&[("place/name", "Puits"), ("place/precision", "exact"), ("place/lat", "NaN"), ("place/lon", "1")], false),
        (&[("place/name", "Puits"), ("place/precision", "exact"), ("place/lat", "1e400"), ("place/lon", "1")], false),
        (&[("place/name", "Puits"), ("place/precision", "exact"), ("place/lat", "18,44")], false),
    ];
    for (typed, taken) in cases {
        let inputs: Vec<(String, &str)> =
            typed.iter().map(|(name, value)| (format!("incidents/new/{name}"), *value)).collect();
        let inputs: Vec<(&str, &str)> = inputs.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let answer = officer.fill(&incident, &inputs).await;
        assert_eq!(answer.status, if *taken { 303 } else { 200 }, "{typed:?}: {}", answer.text);
        if !taken {
            answer.says("Pas encore enregistré");
            for (name, value) in &inputs {
                assert_eq!(answer.input(name).as_deref(), Some(*value), "{typed:?}");
            }
        }
    }
    office.app.stop().await;
}

#[tokio::test]
async fn a_form_that_is_sent_twice_makes_one_record_and_one_incident() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let form = officer.get("/conflicts/new").await;
    let twice = async |path: &str, form: &Answer, inputs: &[(&str, &str)]| {
        let (one, other) = tokio::join!(officer.send(path, form, inputs), officer.send(path, form, inputs));
        assert_eq!((one.status, other.status), (303, 303), "{one:?} {other:?}");
        let page = |answer: &Answer| answer.header("location").split('?').next().map(str::to_owned);
        assert_eq!(page(&one), page(&other));
        one
    };
    let saved = twice("/conflicts/new", &form, &[("title", "Un")]).await;
    let page = saved.header("location").split('?').next().unwrap().to_owned();
    officer.get("/conflicts").await.says("1 fiche<");
    let add = format!("{page}/edit/incidents/new");
    let form = officer.get(&add).await;
    twice(&add, &form, &[("incidents/new/text", "Trente têtes.")]).await;
    assert_eq!(officer.get(&page).await.text.matches("id=\"item-").count(), 1);
    // Back to the page of the form, and something else typed there: that is another incident.
    officer.send(&add, &form, &[("incidents/new/text", "Quarante têtes.")]).await;
    let shown = officer.get(&page).await;
    shown.says("Trente têtes.");
    shown.says("Quarante têtes.");
    office.app.stop().await;
}

#[tokio::test]
async fn a_line_of_money_is_taken_back_once() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let saved = officer.fill("/projects/new", &[("title", "Un")]).await;
    let page = saved.header("location").split('?').next().unwrap().to_owned();
    let line = [("contributions/new/money/amount", "1000"), ("contributions/new/money/currency", "XOF")];
    assert_eq!(officer.fill(&format!("{page}/edit/contributions/new"), &line).await.status, 303);
    let shown = officer.get(&page).await;
    let csrf = attribute(&shown.text[shown.text.find("name=\"csrf\"").unwrap() - 30..], "value").unwrap();
    let start = shown.text.find("/withdraw/contributions/").unwrap() + "/withdraw/".len();
    let item = &shown.text[start..start + shown.text[start..].find('"').unwrap()];
    for _ in 0..2 {
        let answer = office.post(&format!("{page}/withdraw/{item}"), &officer.cookie, &[("csrf", &csrf)]).await;
        assert_eq!(answer.status, 303, "{answer:?}");
    }
    let changes = office.app.history(page.rsplit('/').next().unwrap().parse().unwrap()).await.unwrap().len();
    assert_eq!(changes, 3, "made, entered, and taken back once");
    office.app.stop().await;
}
