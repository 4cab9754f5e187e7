//! The tree of consultations, and what only a consultation's page has.

use serde_json::{Value, json};
use toguna_protocol::{engine::Intent, ids::RecordId, record::Kind};

use super::{
    national::{links, plain},
    *,
};

/// What the page of the tree says of how many there are.
fn said(page: &Answer) -> String {
    let status = page.text.split("<p role=\"status\">").nth(1).unwrap().split("</p>").next().unwrap();
    plain(status)
}

/// Where texts stand on a page, in the order in which they are asked for.
fn in_order(page: &Answer, texts: &[&str]) -> bool {
    let text = plain(&page.text);
    let mut rest = text.as_str();
    texts.iter().all(|wanted| match rest.find(wanted) {
        Some(at) => {
            rest = &rest[at + wanted.len()..];
            true
        }
        None => false,
    })
}

/// The records that a page of the tree draws.
fn drawn(page: &Answer) -> usize {
    page.text.matches("<p class=\"facts\">").count()
}

impl Office {
    async fn consultation(&self, mut fields: Value) -> RecordId {
        fields.as_object_mut().unwrap().entry("title").or_insert(json!("Rencontre"));
        self.make(Intent::Create(Kind::Consultation, fields)).await
    }
}

#[tokio::test]
async fn the_books_conference_stands_above_what_fed_it_and_what_gave_it_back() {
    let office = Office::with_history().await;
    let moussa = office.sign_in("Moussa").await;
    moussa.get("/consultations").await.says("href=\"/consultations/tree\"");
    let tree = moussa.get("/consultations/tree").await;
    assert_eq!((tree.status, said(&tree).as_str(), drawn(&tree)), (200, "44 concertations", 44));
    tree.says("href=\"/consultations\"");
    let groups: Vec<String> = links(&tree)
        .into_iter()
        .filter(|(address, _)| address.contains("group="))
        .map(|(_, text)| text.rsplit(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(groups, ["2", "4", "6", "10", "2"]);
    assert!(
        in_order(
            &tree,
            &[
                "Rattachées entre elles (arbres) (2)",
                "Conférence nationale sur la sécurité et la paix au Mali",
                "Nationale · Conférence · Tenue",
                "136 recommandations",
                "6 en dessous",
                "l'alimente Sensibilisation locale",
                "en fait partie Cérémonie d'ouverture",
                "restitution Séminaires régionaux",
                "Locales, sans rattachement (4)",
                "Régionales, sans rattachement (6)",
                "Nationales, sans rattachement (10)",
                "Internationales, sans rattachement (2)",
            ]
        ),
        "{}",
        plain(&tree.text)
    );
    let kidal = moussa.get("/consultations/tree?region=ML-8").await;
    kidal.says("<option value=\"ML-8\" selected>");
    // What concerns Kidal, and what that stands under; the others of the conference are a link away.
    assert!(in_order(&kidal, &["Conférence nationale", "Séminaires régionaux", "autres en dessous", "Forum de Kidal"]));
    assert!(!plain(&kidal.text).contains("Région de Kayes"));
    let (more, _) = links(&kidal).into_iter().find(|(address, _)| address.contains("under=")).unwrap();
    assert!(moussa.get(&more).await.text.contains("class=\"tree\""));
    let international = moussa.get("/consultations/tree?group=international").await;
    assert_eq!(drawn(&international), 2);
    for address in ["?under=x", "?group=galactic", "?under=aaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        assert_eq!(moussa.get(&format!("/consultations/tree{address}")).await.status, 404, "{address}");
    }
    for address in ["?region=%3Cscript%3E", "?skip=99999999999", "?region=&group=&under="] {
        let page = moussa.get(&format!("/consultations/tree{address}")).await;
        assert_eq!(page.status, 200, "{address}");
        page.does_not_say("<script>");
    }
    office.app.stop().await;
}

#[tokio::test]
async fn the_tree_goes_from_page_to_page_and_names_everyone_once() {
    let office = Office::new().await;
    for number in 0..60 {
        office.consultation(json!({"title": format!("Rencontre {number:03}"), "level": "local"})).await;
    }
    let moussa = office.sign_in("Moussa").await;
    let first = moussa.get("/consultations/tree").await;
    assert_eq!(drawn(&first), 50);
    let (next, _) = links(&first).into_iter().find(|(_, text)| text == "Page suivante").unwrap();
    let second = moussa.get(&next).await;
    assert_eq!(drawn(&second), 10);
    second.does_not_say("Page suivante");
    let both = format!("{}{}", first.text, second.text);
    for number in 0..60 {
        assert_eq!(both.matches(&format!("Rencontre {number:03}")).count(), 1, "{number}");
    }
    office.app.stop().await;
}

#[tokio::test]
async fn a_restitution_is_entered_under_what_it_gives_back_in_one_step() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let forum =
        office.consultation(json!({"title": "Forum de Gao <1>", "status": "validated", "level": "regional"})).await;
    let page = format!("/consultations/{forum}");
    let before = officer.get(&page).await;
    before.says("Cette concertation n'est rattachée à aucune autre.");
    before.says("Restitution manquante");
    let form = format!("{page}/new/restitutes");
    before.says(&format!("href=\"{form}\""));
    let shown = officer.get(&form).await;
    shown.says("Elle restituera les résultats de\u{a0}:");
    shown.says("Forum de Gao &lt;1&gt;");
    assert_eq!(shown.input("meeting_type").as_deref(), Some("restitution"));
    // What cannot be saved comes back, and still knows under what it is to stand.
    let refused = officer.send(&form, &shown, &[("title", ""), ("participants", "12")]).await;
    refused.says("Elle restituera les résultats de\u{a0}:");
    assert_eq!(refused.input("participants").as_deref(), Some("12"));
    let saved = officer.send(&form, &refused, &[("title", "Retour à Ansongo"), ("status", "planned")]).await;
    assert_eq!(saved.status, 303, "{saved:?}");
    let restitution = saved.header("location").split('?').next().unwrap().to_owned();
    let id: RecordId = restitution.rsplit('/').next().unwrap().parse().unwrap();
    let record = office.app.record(id).await.unwrap();
    let ties: Vec<(&Value, &Value)> =
        record.fields["links"].as_object().unwrap().values().map(|tie| (&tie["record"], &tie["relation"])).collect();
    assert_eq!(ties, [(&json!(forum), &json!("restitutes"))]);
    // Sent twice, it is there once.
    let again = officer.send(&form, &refused, &[("title", "Retour à Ansongo"), ("status", "planned")]).await;
    assert_eq!(again.header("location").split('?').next(), Some(&*restitution));
    let above = officer.get(&page).await;
    above.does_not_say("Restitution manquante");
    assert!(in_order(&above, &["Restitution prévue, pas encore tenue", "restitution Retour à Ansongo", "Prévue"]));
    let below = officer.get(&restitution).await;
    assert!(in_order(&below, &["Place dans l'arbre", "Forum de Gao <1>", "restitution Retour à Ansongo"]));
    officer.fill(&format!("{restitution}/edit"), &[("status", "held")]).await;
    officer.get(&page).await.does_not_say("Restitution prévue");
    // One part after the other, each under the forum.
    let next = officer.fill(&format!("{page}/new/part-of"), &[("title", "Atelier 1"), ("next", "1")]).await;
    assert!(next.header("location").starts_with(&format!("{page}/new/part-of?saved=")), "{next:?}");
    officer.get(&page).await.says("en fait partie");
    office.app.stop().await;
}

#[tokio::test]
async fn a_form_under_another_is_for_those_who_write_and_for_consultations() {
    let office = Office::new().await;
    let forum = office.consultation(json!({"title": "Forum"})).await;
    let officer = office.sign_in("Aïssata").await;
    let conflict = officer.conflict(&[("title", "Puits")]).await;
    let of_conflict = conflict.replace("/conflicts/", "/consultations/");
    for address in [
        format!("/consultations/{forum}/new/same-conflict"),
        format!("/consultations/{forum}/new/x"),
        format!("{of_conflict}/new/part-of"),
        format!("{conflict}/new/part-of"),
        "/consultations/x/new/part-of".to_owned(),
    ] {
        assert_eq!(officer.get(&address).await.status, 404, "{address}");
    }
    let moussa = office.sign_in("Moussa").await;
    assert_eq!(moussa.get(&format!("/consultations/{forum}/new/part-of")).await.status, 403);
    let page = moussa.get(&format!("/consultations/{forum}")).await;
    page.does_not_say("/new/part-of");
    page.does_not_say("unfold=");
    office.app.stop().await;
}

#[tokio::test]
async fn what_is_typed_under_another_is_a_draft_until_it_is_saved() {
    let office = Office::new().await;
    let forum = office.consultation(json!({"title": "Forum"})).await;
    let officer = office.sign_in("Aïssata").await;
    let form = format!("/consultations/{forum}/new/feeds");
    let shown = officer.get(&form).await;
    officer.send(&form, &shown, &[("title", ""), ("chair", "Le préfet")]).await;
    let today = officer.get("/").await;
    let (draft, text) = links(&today).into_iter().find(|(address, _)| address.contains("draft=")).unwrap();
    assert!(draft.starts_with(&form) && text.contains("Nouvelle concertation"), "{draft} {text}");
    assert_eq!(officer.get(&draft).await.input("chair").as_deref(), Some("Le préfet"));
    office.app.stop().await;
}

#[tokio::test]
async fn two_offices_that_tie_in_a_ring_hide_nothing() {
    let office = Office::new().await;
    let one = office.consultation(json!({"title": "Atelier", "level": "local"})).await;
    let tie = |other: RecordId| json!({"links": {"new": {"record": other, "relation": "part-of"}}});
    let mut two = tie(one);
    two.as_object_mut()
        .unwrap()
        .extend([("title".to_owned(), json!("Forum")), ("level".to_owned(), json!("regional"))]);
    let two = office.consultation(two).await;
    let heads = office.app.record(one).await.unwrap().heads;
    office.make(Intent::Patch(one, heads, tie(two))).await;
    let moussa = office.sign_in("Moussa").await;
    let tree = moussa.get("/consultations/tree").await;
    assert_eq!((said(&tree).as_str(), drawn(&tree)), ("2 concertations", 2));
    assert!(
        in_order(&tree, &["Forum", "aussi : Fait partie de Atelier", "en fait partie Atelier"]),
        "{}",
        plain(&tree.text)
    );
    assert_eq!(moussa.get(&format!("/consultations/{one}")).await.status, 200);
    office.app.stop().await;
}

#[tokio::test]
async fn the_report_has_its_four_parts_whether_they_are_written_or_not() {
    let office = Office::new().await;
    let fields = json!({"report_avenues": "Des puits\nde plus", "outputs": "Une déclaration"});
    let page = format!("/consultations/{}", office.consultation(fields).await);
    let officer = office.sign_in("Aïssata").await;
    let shown = officer.get(&page).await;
    let parts = [
        "1. Problèmes",
        "Cette partie n'est pas encore écrite. L'écrire",
        "2. Pistes de solution",
        "Des puits\nde plus",
        "3. Axes de la politique nationale",
        "Cette partie n'est pas encore écrite.",
        "4. Actions à mener",
        "Cette partie n'est pas encore écrite.",
        "Résultats de la rencontre",
        "Une déclaration",
    ];
    assert!(in_order(&shown, &parts), "{}", plain(&shown.text));
    let (write, _) = links(&shown).into_iter().find(|(address, _)| address.contains("#f-report_problems")).unwrap();
    let form = officer.get(write.split('#').next().unwrap()).await;
    form.says("id=\"f-report_problems\"");
    let empty = format!("/consultations/{}", office.consultation(json!({})).await);
    let unfolded = |form: &Answer| form.text.matches("<details class=\"section\" open").count();
    assert_eq!(unfolded(&officer.get(&format!("{empty}/edit")).await), 1);
    assert_eq!(unfolded(&officer.get(&format!("{empty}/edit?unfold=report")).await), 2);
    office.app.stop().await;
}

#[tokio::test]
async fn a_share_is_told_where_the_numbers_allow_it_and_more_women_than_people_is_to_be_looked_at() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    for (fields, said, unsaid) in [
        (
            json!({"participants": 245, "participants_women": 45, "participants_youth": 0}),
            vec!["245", "45 (18,4 %)", "0 (0,0 %)"],
            "plus de",
        ),
        (
            json!({"participants": 40, "participants_women": 41}),
            vec!["À vérifier", "Il y a plus de femmes que de participants en tout", "41 Il y a plus de femmes"],
            " %)",
        ),
        (json!({"participants_women": 45, "participants_expected": 60}), vec!["Dont femmes", "45", "60"], " %)"),
        (json!({"participants": 0, "participants_women": 0}), vec!["Dont femmes"], " %)"),
        (json!({}), vec!["Aucun chiffre n'est saisi."], " %)"),
    ] {
        let id = office.consultation(fields.clone()).await;
        let page = officer.get(&format!("/consultations/{id}")).await;
        assert!(in_order(&page, &said), "{fields}: {}", plain(&page.text));
        assert!(!plain(&page.text).contains(unsaid), "{fields}");
    }
    officer.get("/").await.says("1 fiche à vérifier");
    office.app.stop().await;
}
