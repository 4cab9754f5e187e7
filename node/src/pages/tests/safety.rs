//! Who does not belong does not get in, and nothing that was typed becomes a part of the page.

use super::*;

#[tokio::test]
async fn nobody_reads_without_signing_in() {
    let office = Office::new().await;
    for path in ["/", "/conflicts", "/conflicts/new", "/sync", "/conflicts/aaaa"] {
        let answer = office.ask(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/sign-in"), "{path}");
    }
    let wrong = office.post("/sign-in", "", &[("name", "Aïssata"), ("password", "autre chose")]).await;
    assert_eq!(wrong.status, 200);
    wrong.says("ne convient pas");
    let elsewhere =
        Request::post("/sign-in").header("Host", "127.0.0.1:7373").header("Origin", "http://ailleurs.example");
    let elsewhere = elsewhere.header("Content-Type", "application/x-www-form-urlencoded").body(Body::empty()).unwrap();
    assert_eq!(office.ask(elsewhere).await.status, 403);
    let tampered = format!("{COOKIE}-7373=AAAA");
    let answer = office.ask(Request::get("/").header("Cookie", tampered).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 303);
    office.app.stop().await;
}

use crate::pages::visitor::COOKIE;

#[tokio::test]
async fn a_form_of_somebody_else_and_a_reader_change_nothing() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Un")]).await;
    let forged = office.post("/conflicts/new", &officer.cookie, &[("title", "Faux"), ("csrf", "rien")]).await;
    assert_eq!(forged.status, 403);
    forged.says("plus valable");
    let reader = office.sign_in("Moussa").await;
    for path in ["/conflicts/new".to_owned(), format!("{page}/edit"), format!("{page}/edit/incidents/new")] {
        let answer = reader.get(&path).await;
        assert_eq!(answer.status, 403, "{path}");
        answer.says("Lecture seule");
    }
    let shown = reader.get(&page).await;
    shown.does_not_say("Modifier");
    let csrf = attribute(&shown.text[shown.text.find("name=\"csrf\"").unwrap() - 30..], "value").unwrap();
    let answer = office.post("/conflicts/new", &reader.cookie, &[("title", "Deux"), ("csrf", &csrf)]).await;
    assert_eq!(answer.status, 403);
    officer.get("/conflicts").await.says("1 fiche<");
    office.app.stop().await;
}

#[tokio::test]
async fn hostile_text_stays_text() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let title = "<script>alert(1)</script>\"'&";
    let page = officer.conflict(&[("title", title), ("narrative", "</textarea><img src=x onerror=alert(1)>")]).await;
    for path in
        [page.clone(), "/conflicts".to_owned(), "/".to_owned(), format!("{page}/edit"), format!("{page}/history")]
    {
        let shown = officer.get(&path).await;
        assert_eq!(shown.status, 200, "{path}");
        // The one script of ours has no text.
        shown.does_not_say("<script>");
        shown.does_not_say("<img");
    }
    assert_eq!(officer.get(&format!("{page}/edit")).await.input("title").as_deref(), Some(title));
    // Marks that turn the direction of text are refused, and what was typed comes back.
    let turned = officer.fill("/conflicts/new", &[("title", "Tin\u{202e}okassE")]).await;
    assert_eq!(turned.status, 200);
    turned.says("Pas encore enregistré");
    office.app.stop().await;
}

#[tokio::test]
async fn what_is_not_there_and_what_is_too_long_has_a_page_that_says_what_to_do() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Un")]).await;
    let other_kind = page.replace("/conflicts/", "/projects/");
    for path in ["/nowhere/at/all", "/conflicts/zzz", &other_kind, &format!("{page}/edit/incidents/aaaaaaaaaa-1-0")] {
        let answer = officer.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        answer.says("Il n'y a rien à cette adresse");
        answer.says("<html");
    }
    let answer = officer.get(&page).await;
    assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{answer:?}");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    for inline in [" style=", "onclick=", "javascript:"] {
        answer.does_not_say(inline);
    }
    office.app.stop().await;
}

#[tokio::test]
async fn pages_speak_the_language_that_the_browser_asks_for() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    for (asked, said) in [
        ("fr-ML,fr;q=0.9", "Conflits communautaires"),
        ("en", "Community conflicts"),
        ("bm", "Conflits communautaires"),
    ] {
        let request = Request::get("/conflicts").header("Cookie", &officer.cookie).header("Accept-Language", asked);
        office.ask(request.body(Body::empty()).unwrap()).await.says(said);
    }
    office.app.stop().await;
}
