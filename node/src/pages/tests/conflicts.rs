//! The list of conflicts, records that are the same conflict, and a conflict's page.

use serde_json::{Value, json};
use toguna_protocol::engine::Intent;

use super::{
    national::{links, plain},
    *,
};
use crate::exchange::{Draft, events::events};

/// What the list says it holds.
fn said(list: &Answer) -> String {
    let status = list.text.split("<p role=\"status\">").nth(1).unwrap().split("</p>").next().unwrap();
    plain(status).trim().to_owned()
}

/// The phases of the list's head: text and address.
fn phases(list: &Answer) -> Vec<(String, String)> {
    let start = list.text.find("<ul class=\"phases\"").expect("there are phases");
    let head = &list.text[start..start + list.text[start..].find("</ul>").unwrap()];
    let head = Answer { text: head.to_owned(), status: 200, headers: HeaderMap::new() };
    links(&head).into_iter().map(|(address, text)| (text, address)).collect()
}

#[tokio::test]
async fn the_list_counts_the_books_conflicts_by_phase_and_narrows_them_by_stake() {
    let office = Office::with_history().await;
    let some: Vec<Draft> = events(&PACK, PACK.events().unwrap()).unwrap().into_iter().take(3).collect();
    office.bring(&some).await;
    let moussa = office.sign_in("Moussa").await;
    let list = moussa.get("/conflicts").await;
    assert_eq!(said(&list), "14 fiches");
    let head = phases(&list);
    let told: Vec<&str> = head.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(told, ["Non établie 8", "Réglé 4", "Ouvert 1", "Trêve 1"]);
    for (text, address) in &head {
        let narrowed = moussa.get(address).await;
        assert_eq!(said(&narrowed).split(' ').next(), text.split(' ').next_back(), "{address}");
        // The other phases stay within reach.
        assert_eq!(phases(&narrowed).len(), 5, "{address}");
    }
    for (asked, expected) in [
        ("stake=land-and-resources", "1 fiche"),
        ("stake=land-tenure", "1 fiche"),
        ("stake=pastoral", "0 fiche"),
        ("stake=unspecified", "10 fiches"),
        ("stake=armed-insecurity&region=ML-8", "2 fiches"),
        ("stake=armed-insecurity&region=ML-8&status=open", "0 fiche"),
        ("stake=", "14 fiches"),
        ("stake=%27%20OR%201%3D1--", "0 fiche"),
        ("stake=%3Cscript%3E&events=1", "0 fiche"),
        ("events=1", "17 fiches"),
        ("events=1&stake=land-and-resources", "1 fiche"),
    ] {
        let list = moussa.get(&format!("/conflicts?{asked}")).await;
        assert_eq!((list.status, said(&list).as_str()), (200, expected), "{asked}");
        list.does_not_say("<script>");
    }
    let land = moussa.get("/conflicts?stake=land-and-resources").await;
    land.says("Conflits intercommunautaires dans le pays");
    land.says("<option value=\"land-and-resources\" selected>Foncier et ressources (tout)</option>");
    land.says("href=\"/conflicts/export.csv?stake=land-and-resources\"");
    land.says("href=\"/conflicts?stake=land-and-resources&amp;status=open\"");
    office.app.stop().await;
}

#[tokio::test]
async fn an_export_holds_what_the_list_shows_and_the_journal_says_which_filters_did_it() {
    let office = Office::with_history().await;
    office.bring(&events(&PACK, PACK.events().unwrap()).unwrap()[..2]).await;
    let moussa = office.sign_in("Moussa").await;
    let rows = |file: &Answer| file.text.lines().filter(|line| line.contains(";Conflit communautaire;")).count();
    for (asked, expected) in [("", 14), ("?stake=land-and-resources", 1), ("?events=1", 16), ("?stake=Secret", 0)] {
        let file = moussa.get(&format!("/conflicts/export.csv{asked}")).await;
        assert_eq!((file.status, rows(&file)), (200, expected), "{asked}");
    }
    assert_eq!(moussa.get("/projects/export.csv?origin=own&text=kidal").await.status, 200);
    let journal = std::fs::read_to_string(office.app.data_dir().join("exports.jsonl")).unwrap();
    let lines: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<(&Value, &Value, &Value)> =
        lines.iter().map(|line| (&line["stake"], &line["own"], &line["origin"])).collect();
    let (yes, no, none) = (json!(true), json!(false), Value::Null);
    let (land, own) = (json!("land-and-resources"), json!("own"));
    assert_eq!(
        told,
        [(&none, &yes, &none), (&land, &yes, &none), (&none, &no, &none), (&none, &yes, &none), (&none, &no, &own)]
    );
    assert!(!journal.contains("Secret") && !journal.to_lowercase().contains("kidal"), "{journal}");
    let page = plain(&moussa.get("/journal").await.text);
    for text in [
        "Conflits communautaires – Foncier et ressources",
        "Conflits communautaires – toutes, avec les événements UCDP",
        "Projets – Activité du Programme, mots cherchés",
    ] {
        assert!(page.contains(text), "not said: {text}\n{page}");
    }
    office.app.stop().await;
}

/// A form of one verb on a page: address and what it sends.
fn verbs(page: &Answer, address: &str) -> Vec<(String, String)> {
    let forms = page.text.split("<form").skip(1).filter_map(|form| {
        let form = &form[..form.find("</form>")?];
        let action = attribute(form, "action").filter(|action| action.contains(address))?;
        Some((action, attribute(&form[form.find("name=\"csrf\"")?..], "value")?))
    });
    forms.collect()
}

#[tokio::test]
async fn records_of_the_same_conflict_are_counted_once_and_shown_together() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let one = officer.conflict(&[("title", "Puits de Tin-Essako"), ("regions", "ML-8"), ("phase/is", "open")]).await;
    let two = officer.conflict(&[("title", "Le puits"), ("regions", "ML-7")]).await;
    let three = officer.conflict(&[("title", "Querelle"), ("regions", "ML-7")]).await;
    let id = |page: &str| page.rsplit('/').next().unwrap().to_owned();
    let tie = async |from: &str, to: &str| {
        let sent = [("record", &*id(to)), ("relation", "same-conflict"), ("note", "Vu sur place")];
        assert_eq!(officer.fill(&format!("{from}/tie"), &sent).await.status, 303);
    };
    // A chain, one of its ties made from both ends.
    tie(&two, &one).await;
    tie(&one, &two).await;
    tie(&three, &two).await;
    let list = officer.get("/conflicts").await;
    assert_eq!(said(&list), "1 fiche et 2 fiches rattachées");
    list.says("et 2 fiches rattachées");
    assert_eq!(phases(&list)[0].0, "Ouvert 1");
    for (asked, expected) in [("region=ML-7", "1 fiche"), ("region=ML-8", "1 fiche"), ("status=unstated", "0 fiche")] {
        assert!(said(&officer.get(&format!("/conflicts?{asked}")).await).starts_with(expected), "{asked}");
    }
    let row = list.text.split("<tbody>").nth(1).unwrap();
    let row = plain(row.split("</tbody>").next().unwrap());
    for text in ["Puits de Tin-Essako", "Le puits", "Querelle", "Kidal, Gao"] {
        assert!(row.contains(text), "{text}: {row}");
    }
    // The national picture, the map, and the file, in which each keeps its row.
    assert!(plain(&officer.get("/national").await.text).contains("1 conflit"));
    let map = officer.get("/conflicts/map").await;
    assert!(plain(&map.text).contains("Gao : 1 conflit") && plain(&map.text).contains("Kidal : 1 conflit"), "{map:?}");
    let file = officer.get("/conflicts/export.csv?region=ML-8").await;
    file.says("3 fiches exportées");
    file.says("dont 2 fiches rattachées à une autre comme même conflit");
    // Each record's page shows the others, and what can be undone from there.
    for (page, others, direct) in [
        (&one, ["Le puits", "Querelle"], 2),
        (&two, ["Puits de Tin-Essako", "Querelle"], 3),
        (&three, ["Puits de Tin-Essako", "Le puits"], 1),
    ] {
        let shown = officer.get(page).await;
        let start = shown.text.find("id=\"same-conflict\"").expect("the others stand there");
        let section = &shown.text[start..start + shown.text[start..].find("</section>").unwrap()];
        others.iter().for_each(|title| assert!(section.contains(title), "{title}: {section}"));
        assert!(plain(section).contains("Ces 3 fiches décrivent le même conflit"), "{section}");
        assert_eq!(verbs(&shown, "/withdraw/links/").len(), direct, "{page}");
    }
    // Taken back one by one, whoever holds them.
    for (address, csrf) in verbs(&officer.get(&two).await, "/withdraw/links/") {
        assert_eq!(office.post(&address, &officer.cookie, &[("csrf", &csrf)]).await.status, 303);
    }
    officer.get(&one).await.does_not_say("id=\"same-conflict\"");
    assert_eq!(said(&officer.get("/conflicts").await), "3 fiches");
    office.app.stop().await;
}

#[tokio::test]
async fn only_two_conflicts_can_be_the_same_conflict() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let conflict = officer.conflict(&[("title", "Un")]).await;
    let made = officer.fill("/projects/new", &[("title", "Un projet")]).await;
    let project = made.header("location").split('?').next().unwrap().to_owned();
    let id = |page: &str| page.rsplit('/').next().unwrap().to_owned();
    officer.get(&format!("{project}/tie")).await.does_not_say("Même conflit que");
    for (from, to, said) in [
        (&conflict, id(&project), "Seuls deux conflits peuvent"),
        (&project, id(&conflict), "Seuls deux conflits peuvent"),
        (&conflict, id(&conflict), "Ce lien n'est pas possible"),
        (&conflict, "x".to_owned(), "Choisissez une fiche"),
    ] {
        let answer =
            officer.fill(&format!("{from}/tie"), &[("record", to.as_str()), ("relation", "same-conflict")]).await;
        assert_eq!(answer.status, 200, "{from} {to}");
        answer.says(said);
    }
    let elsewhere = [("record", "aaaaaaaaaaaaaaaaaaaaaaaaaa"), ("relation", "same-conflict")];
    assert_eq!(officer.fill(&format!("{conflict}/tie"), &elsewhere).await.status, 404);
    assert_eq!(said(&officer.get("/conflicts").await), "1 fiche");
    office.app.stop().await;
}

/// A conflict in which everything has happened.
async fn eventful(office: &Office) -> String {
    let record = json!({
        "title": "Plateau dogon", "phase": {"is": "truce", "since": "2008"}, "stakes": ["land-tenure"],
        "parties": {"new-1": {"name": "Éleveurs", "role": "primary"}, "new-2": {"name": "Une mairie", "role": "third"}},
        "incidents": {
            "new-1": {"date": "2009-11", "incident_type": "cattle-theft", "place": {"name": "Bandiagara"}, "known": "rumour",
                      "deaths": 2, "text": "Trente têtes,\nretrouvées."},
            "new-2": {"incident_type": "threat"},
        },
        "alerts": {
            "new-1": {"date": "2009-10-01", "level": "emergency", "text": "Un rassemblement",
                      "responses": {"new": {"date": "2009-10-04", "by": "Préfecture", "note": "Une mission"}}},
            "new-2": {"date": "2010-01-01", "level": "watch", "closed_date": "2010-02", "closed_because": "calmed"},
        },
        "mediation_meetings": {"new": {"date": "2009-33", "mediation": ["religious"], "minutes": "draft", "outcome": "Rien"}},
        "decisions": {"new": {"date": "2008", "decision_type": "court", "by": "Tribunal de Mopti", "execution": "not-carried-out"}},
        "agreements": {
            "new-1": {"term_years": 10, "form": "oral", "stage": "cessation"},
            "new-2": {"term_years": 1, "signed_date": "2010-03-05", "clauses": {"new": {"text": "Le puits est commun"}}},
        },
    });
    let id = office.make(Intent::Create(toguna_protocol::record::Kind::Conflict, record)).await;
    format!("/conflicts/{id}")
}

#[tokio::test]
async fn all_that_happened_stands_in_one_line_of_time() {
    let office = Office::new().await;
    let page = eventful(&office).await;
    let officer = office.sign_in("Aïssata").await;
    let shown = officer.get(&page).await;
    let start = shown.text.find("id=\"timeline\"").unwrap();
    let section = &shown.text[start..start + shown.text[start..].find("</section>").unwrap()];
    let text = plain(section);
    let order = [
        "2008",
        "Décision de justice : Tribunal de Mopti",
        "Non exécutée",
        "1er trimestre 2009",
        "Rencontre de médiation : Religieuse",
        "Projet de PV",
        "Rien",
        "1er octobre 2009",
        "Alerte : Urgence",
        "ouverte, première réponse 3 j après l'alerte",
        "Un rassemblement",
        "4 octobre 2009",
        "Réponse : Préfecture",
        "alerte du 1er octobre 2009, 3 j après l'alerte",
        "Une mission",
        "novembre 2009",
        "Incident : Vol de bétail",
        "Bandiagara · 2 morts · Rumeur",
        "Trente têtes, …",
        "1er janvier 2010",
        "Alerte : Veille",
        "close (février 2010) : Situation apaisée",
        "5 mars 2010",
        "Accord, durée 1 an, fin : 5 mars 2011",
        "Le puits est commun",
        "Sans date",
        "Incident : Menace ou intimidation",
        "Accord, durée 10 ans, fin inconnue : date de signature manquante",
    ];
    let mut rest = text.as_str();
    for said in order {
        let at = rest.find(said).unwrap_or_else(|| panic!("not said in its place: {said}\n{text}"));
        rest = &rest[at + said.len()..];
    }
    assert!(text.contains("À compléter : La date n'est pas renseignée · Il n'est pas dit comment"), "{text}");
    // Nothing of it stands twice, every list can be added to, and every item can be edited and withdrawn.
    assert_eq!(shown.text.matches("Tribunal de Mopti").count(), 2, "a line, and what is folded under it");
    for list in ["incidents", "alerts", "mediation_meetings", "decisions", "agreements", "parties"] {
        shown.says(&format!("{page}/edit/{list}/new\""));
        assert!(!verbs(&shown, &format!("/withdraw/{list}/")).is_empty(), "{list}");
    }
    assert_eq!(shown.text.matches("/responses/new\"").count(), 2);
    for said in ["Parties principales", "Éleveurs", "Tiers", "Une mairie", "Foncier"] {
        assert!(plain(&shown.text[..start]).contains(said), "not in the head: {said}");
    }
    office.app.stop().await;
}

#[tokio::test]
async fn the_line_of_time_narrows_by_links_and_shows_what_was_saved() {
    let office = Office::new().await;
    let page = eventful(&office).await;
    let officer = office.sign_in("Aïssata").await;
    let lines = async |asked: &str| {
        let shown = officer.get(&format!("{page}?{asked}")).await;
        assert_eq!(shown.status, 200, "{asked}");
        let start = shown.text.find("id=\"timeline\"").unwrap();
        let end = start + shown.text[start..].find("</section>").unwrap();
        shown.text[start..end].matches("class=\"heading\"").count()
    };
    for (asked, count) in [
        ("", 9),
        ("only=incident", 2),
        ("only=alert", 2),
        ("only=response", 1),
        ("only=meeting", 1),
        ("only=decision", 1),
        ("only=agreement", 2),
        ("only=%22%3E%3Cscript%3E", 9),
        ("only=&at=x&saved=1", 9),
    ] {
        assert_eq!(lines(asked).await, count, "{asked}");
    }
    let chips = officer.get(&page).await;
    assert!(plain(&chips.text).contains("▲ Incidents (2)"));
    // What is saved is told where it stands, also an answer to an alert.
    let alert = verbs(&chips, "/withdraw/alerts/").remove(0).0.rsplit('/').next().unwrap().to_owned();
    let add = format!("{page}/edit/alerts/{alert}/responses/new");
    let saved = officer.fill(&add, &[(&format!("alerts/{alert}/responses/new/by"), "Gouvernorat")]).await;
    assert_eq!(saved.status, 303, "{saved:?}");
    let (address, anchor) = saved.header("location").split_once('#').unwrap();
    let shown = officer.get(address).await;
    let line = shown.text.split(&format!("id=\"{anchor}\"")).nth(1).expect("the line is there");
    let line = plain(&line[..line.find("</li>").unwrap()]);
    assert!(line.contains("Enregistré à Gao. Ici seulement.") && line.contains("Réponse : Gouvernorat"), "{line}");
    // Withdrawn, it stays, and can be restored.
    let (address, csrf) = verbs(&shown, "/withdraw/incidents/").remove(0);
    let gone = office.post(&address, &officer.cookie, &[("csrf", &csrf)]).await;
    let item = address.rsplit('/').next().unwrap();
    assert_eq!(gone.header("location"), format!("{page}?saved=1&at={item}#item-{item}"));
    officer.get(&page).await.says(&format!("/restore/incidents/{item}\""));
    office.app.stop().await;
}
