//! Forms lose nothing: what was typed, and what somebody else saved meanwhile.

use super::*;

#[tokio::test]
async fn a_conflict_and_its_incident_are_entered_and_shown() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Puits de Tin-Essako"), ("regions", "ML-8"), ("phase/is", "open")]).await;
    let incident = [
        ("incidents/new/date", "22/11/2026"),
        ("incidents/new/incident_type", "cattle-theft"),
        ("incidents/new/text", "Trente têtes,\nretrouvées."),
    ];
    let saved = officer.fill(&format!("{page}/edit/incidents/new"), &incident).await;
    // Back to the line that is new.
    let (address, line) = saved.header("location").split_once('#').expect("an anchor");
    assert_eq!((saved.status, address.starts_with(&format!("{page}?saved=1&at="))), (303, true), "{}", saved.text);
    let shown = officer.get(address).await;
    shown.says(&format!("id=\"{line}\""));
    for text in [
        "Enregistré à Gao.",
        "Ici seulement",
        "Puits de Tin-Essako",
        "Kidal",
        "Ouvert",
        "22 novembre 2026",
        "Vol de bétail",
        "Trente têtes,\nretrouvées.",
    ] {
        shown.says(text);
    }
    let list = officer.get("/conflicts?text=essako&region=ML-8&status=open").await;
    list.says("1 fiche<");
    list.says("Puits de Tin-Essako");
    officer.get("/conflicts?status=settled").await.does_not_say("Puits de Tin-Essako");
    let history = officer.get(&format!("{page}/history")).await;
    history.says("Aïssata, Gao");
    history.says("Type d'incident : Vol de bétail · ");
    office.app.stop().await;
}

#[tokio::test]
async fn a_form_that_cannot_be_saved_comes_back_with_all_that_was_typed() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let typed = [
        ("title", "Étude"),
        ("start_date", "hier"),
        ("description", "Un long texte\nde deux lignes"),
        ("areas", "local-advocacy"),
    ];
    let back = officer.fill("/projects/new", &typed).await;
    assert_eq!(back.status, 200);
    back.says("Pas encore enregistré");
    back.says("Écrivez une date");
    for (name, value) in typed.iter().filter(|(name, _)| *name != "areas") {
        assert_eq!(back.input(name).as_deref(), Some(*value), "{name}");
    }
    officer.get("/projects").await.says("0 fiche");
    // What the record itself refuses comes back in the same way.
    let refused = officer.fill("/projects/new", &[("title", "   ")]).await;
    assert_eq!(refused.status, 200);
    refused.says("Pas encore enregistré");
    office.app.stop().await;
}

#[tokio::test]
async fn two_people_disturb_each_other_only_where_they_disagree() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Un"), ("phase/is", "open"), ("persons_affected", "10")]).await;
    let edit = format!("{page}/edit");
    let opened = officer.get(&edit).await;
    // Somebody else saves two fields meanwhile.
    assert_eq!(officer.fill(&edit, &[("title", "Deux"), ("persons_affected", "20")]).await.status, 303);
    // Of the form that was opened before, one field clashes; the other was not touched.
    let clash = officer.send(&edit, &opened, &[("title", "Trois"), ("phase/is", "truce")]).await;
    assert_eq!(clash.status, 200);
    clash.says("modifié entre-temps");
    clash.says("<q>Deux</q>");
    clash.says("<q>Trois</q>");
    assert_eq!(clash.input("title").as_deref(), Some("Trois"));
    assert_eq!(clash.input("persons_affected").as_deref(), Some("20"));
    // Whoever has seen both and saves again means it.
    assert_eq!(officer.send(&edit, &clash, &[]).await.status, 303);
    let now = officer.get(&edit).await;
    let of = |name: &str| now.input(name).unwrap();
    assert_eq!((of("title"), of("phase/is"), of("persons_affected")), ("Trois".into(), "truce".into(), "20".into()));
    office.app.stop().await;
}

#[tokio::test]
async fn an_earlier_value_is_taken_up_again_and_nothing_of_a_creation_is_offered_as_one() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Un"), ("persons_affected", "10")]).await;
    let (edit, history) = (format!("{page}/edit"), format!("{page}/history"));
    officer.get(&history).await.does_not_say("/earlier/");
    assert_eq!(officer.fill(&edit, &[("persons_affected", "20")]).await.status, 303);
    // The ten stand after the first change and before the second; that there was nothing before the first is no value.
    let told = officer.get(&history).await;
    for (side, offered) in [("before", 1), ("after", 1)] {
        assert_eq!(told.text.matches(&format!("/{side}/persons_affected\"")).count(), offered, "{side}");
    }
    let at = told.text.find(&format!("{page}/earlier/")).unwrap();
    let address = &told.text[at..at + told.text[at..].find('"').unwrap()];
    assert_eq!(officer.fill(address, &[("reason", "compté deux fois")]).await.status, 303);
    assert_eq!(officer.get(&edit).await.input("persons_affected").as_deref(), Some("10"));
    officer.get(&history).await.says("compté deux fois");
    office.app.stop().await;
}

#[tokio::test]
async fn a_place_says_once_how_well_it_is_known() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    for (name, precision, said) in [
        ("Région de Gao", "region", "Région de Gao<"),
        ("Gao", "region", "Gao, Région<"),
        ("Gao", "cercle", "Gao, Cercle<"),
    ] {
        let page = officer.conflict(&[("title", name), ("place/name", name), ("place/precision", precision)]).await;
        officer.get(&page).await.says(said);
    }
    office.app.stop().await;
}

#[tokio::test]
async fn an_item_is_taken_back_and_restored() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Un")]).await;
    officer.fill(&format!("{page}/edit/parties/new"), &[("parties/new/name", "Les éleveurs")]).await;
    let shown = officer.get(&page).await;
    let csrf = attribute(&shown.text[shown.text.find("name=\"csrf\"").unwrap() - 30..], "value").unwrap();
    let start = shown.text.find("/withdraw/parties/").unwrap() + "/withdraw/".len();
    let item = &shown.text[start..start + shown.text[start..].find('"').unwrap()];
    let verb =
        async |verb: &str| office.post(&format!("{page}/{verb}/{item}"), &officer.cookie, &[("csrf", &csrf)]).await;
    assert_eq!(verb("withdraw").await.status, 303);
    officer.get(&page).await.says("Élément retiré");
    assert_eq!(verb("restore").await.status, 303);
    officer.get(&page).await.does_not_say("Élément retiré");
    let empty = officer.fill(&format!("{page}/edit/incidents/new"), &[]).await;
    empty.says("Rien n'est rempli");
    office.app.stop().await;
}
