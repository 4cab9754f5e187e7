//! What is typed and not saved is given back: to whoever typed it, on the version that it was begun from.

use serde_json::Value;

use super::*;

/// The inputs of a form with some of them changed, as its script sends them.
fn typed(form: &Answer, inputs: &[(&str, &str)]) -> Vec<(String, String)> {
    let changed = |name: &str| inputs.iter().any(|(other, _)| *other == name);
    let kept = form.inputs().into_iter().filter(|(name, _)| !changed(name));
    kept.chain(inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).collect()
}

impl Person<'_> {
    /// Sends what stands in a form to be kept, as the script does.
    async fn keep(&self, path: &str, inputs: &[(String, String)]) -> Answer {
        let inputs: Vec<(&str, &str)> = inputs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.office.post(&format!("/drafts?form={path}"), &self.cookie, &inputs).await
    }

    /// Sends a form from a page of ours, by whatever session.
    async fn send_from_page(&self, path: &str, inputs: &[(String, String)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(inputs).finish();
        let request = Request::post(path)
            .header("Cookie", &self.cookie)
            .header("Host", "127.0.0.1:7373")
            .header("Origin", "http://127.0.0.1:7373")
            .header("Content-Type", "application/x-www-form-urlencoded");
        self.office.ask(request.body(Body::from(body)).unwrap()).await
    }
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The address behind « Reprendre ».
    #[track_caller]
    fn resume(&self) -> String {
        let before = &self.text[..self.text.find(">Reprendre<").expect("a draft is offered")];
        attribute(&before[before.rfind("<a").unwrap()..], "href").unwrap()
    }
}

#[tokio::test]
async fn a_draft_is_offered_resumed_and_gone_once_it_is_saved() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Puits"), ("narrative", "Un.")]).await;
    let edit = format!("{page}/edit");
    let form = officer.get(&edit).await;
    form.does_not_say("Brouillon de");
    let text = format!("{} « <b> »\n{}", "Deux fractions, un puits. ".repeat(10), "Trois.");
    let kept = officer.keep(&edit, &typed(&form, &[("narrative", &text), ("next", "1")])).await;
    assert_eq!(kept.status, 200, "{kept:?}");
    assert!(kept.json()["line"].as_str().unwrap().starts_with("Brouillon gardé à "), "{kept:?}");
    assert_eq!(kept.json()["elsewhere"], Value::Null);

    // Somebody changes another field meanwhile: the draft goes on from what it was begun from.
    officer.fill(&edit, &[("title", "Puits de Ménaka")]).await;
    officer.get("/").await.says("Vos brouillons");
    let offered = officer.get(&edit).await;
    offered.says("Supprimer");
    assert_eq!(offered.input("narrative").as_deref(), Some("Un."));
    let resumed = officer.get(&offered.resume()).await;
    assert_eq!(resumed.input("narrative").as_deref(), Some(text.as_str()));
    assert_eq!((resumed.input("base"), resumed.input("title").as_deref()), (form.input("base"), Some("Puits")));
    resumed.says("repris ici");
    let saved = officer.send(&edit, &resumed, &[]).await;
    assert_eq!(saved.status, 303, "{saved:?}");
    let shown = officer.get(&page).await;
    shown.says("Puits de Ménaka");
    shown.says("Trois.");
    officer.get(&edit).await.does_not_say("Brouillon de");
    officer.get("/").await.does_not_say("Vos brouillons");
    office.app.stop().await;
}

#[tokio::test]
async fn a_draft_is_its_writers_alone_and_can_be_dropped() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let form = officer.get("/conflicts/new").await;
    assert_eq!(officer.keep("/conflicts/new", &typed(&form, &[("title", "Secret")])).await.status, 200);
    let again = office.sign_in("aïssata").await;
    assert_eq!(again.get(&again.get("/conflicts/new").await.resume()).await.input("title").as_deref(), Some("Secret"));
    let moussa = office.sign_in("Moussa").await;
    moussa.get("/").await.does_not_say("Vos brouillons");
    // A reader, a stranger, a forged form, another address.
    for (cookie, path, csrf, status) in [
        (&moussa.cookie, "/conflicts/new", form.input("csrf").unwrap(), 403),
        (&String::new(), "/conflicts/new", form.input("csrf").unwrap(), 303),
        (&officer.cookie, "/conflicts/new", "faux".to_owned(), 403),
        (&officer.cookie, "/sync", form.input("csrf").unwrap(), 404),
    ] {
        let inputs = [("csrf", csrf.as_str()), ("draft", "1-0-0"), ("title", "Faux")];
        assert_eq!(office.post(&format!("/drafts?form={path}"), cookie, &inputs).await.status, status, "{path}");
    }
    let offered = officer.get("/conflicts/new").await;
    let number = offered.resume().split_once("draft=").unwrap().1.to_owned();
    let csrf = offered.input("csrf").unwrap();
    let drop = [("csrf", csrf.as_str()), ("form", "/conflicts/new"), ("number", &number)];
    let dropped = office.post("/drafts/drop", &officer.cookie, &drop).await;
    assert_eq!((dropped.status, dropped.header("location")), (303, "/conflicts/new"));
    officer.get("/conflicts/new").await.does_not_say("Brouillon de");
    let elsewhere = [("csrf", csrf.as_str()), ("form", "//ailleurs.example/conflicts/new"), ("number", "1")];
    assert_eq!(office.post("/drafts/drop", &officer.cookie, &elsewhere).await.status, 404);
    office.app.stop().await;
}

#[tokio::test]
async fn two_pages_of_one_form_are_told_of_each_other_and_both_are_kept() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let path = "/conflicts/new";
    let (one, other) = (officer.get(path).await, officer.get(path).await);
    let first = officer.keep(path, &typed(&one, &[("title", "Un")])).await.json();
    let second = officer.keep(path, &typed(&other, &[("title", "Deux")])).await.json();
    assert_eq!(first["elsewhere"], Value::Null);
    assert!(second["elsewhere"].as_str().unwrap().contains("aussi ouvert ailleurs"), "{second}");
    let draft = first["draft"].as_str().unwrap();
    let third = officer.keep(path, &typed(&one, &[("title", "Un encore"), ("draft", draft)])).await.json();
    assert!(third["elsewhere"].is_string(), "{third}");
    let offered = officer.get(path).await;
    assert_eq!(offered.text.matches(">Reprendre<").count(), 2);
    assert_eq!(
        officer.get(&offered.resume()).await.input("title").as_deref(),
        Some("Un encore"),
        "the later one first"
    );
    // What one saves leaves the other's.
    let draft = second["draft"].as_str().unwrap();
    assert_eq!(officer.send(path, &other, &[("title", "Deux"), ("draft", draft)]).await.status, 303);
    let left = officer.get(path).await;
    assert_eq!(officer.get(&left.resume()).await.input("title").as_deref(), Some("Un encore"));
    office.app.stop().await;
}

#[tokio::test]
async fn what_cannot_be_saved_is_kept_beside_being_shown_again() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let failed = officer.fill("/conflicts/new", &[("title", "Puits"), ("start_date", "hier")]).await;
    failed.says("Pas encore enregistré");
    failed.says("Brouillon gardé à");
    failed.does_not_say("Reprendre");
    let offered = officer.get("/conflicts/new").await;
    assert_eq!(officer.get(&offered.resume()).await.input("start_date").as_deref(), Some("hier"));
    let saved = officer.send("/conflicts/new", &failed, &[("start_date", "2010")]).await;
    assert_eq!(saved.status, 303, "{saved:?}");
    officer.get("/conflicts/new").await.does_not_say("Reprendre");
    let long = "a".repeat(300_000);
    let form = officer.get("/conflicts/new").await;
    let kept = officer.keep("/conflicts/new", &typed(&form, &[("narrative", &long)])).await;
    assert_eq!(kept.status, 413);
    assert!(kept.json()["line"].as_str().unwrap().contains("trop long"));
    office.app.stop().await;
}

#[tokio::test]
async fn a_session_that_ends_before_a_form_is_sent_costs_no_text() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Puits")]).await;
    let path = format!("{page}/edit");
    let form = officer.get(&path).await;
    let text = "Deux lignes,\nune \"citation\" & <script>.";
    let inputs = typed(&form, &[("narrative", text), ("regions", "ML-7"), ("reason", "Après visite")]);
    let nobody = Person { office: &office, cookie: String::new() };
    let asked = nobody.send_from_page(&path, &inputs).await;
    assert_eq!(asked.status, 401);
    asked.says("Votre session a expiré");
    asked.does_not_say("<script>");
    let with = |answer: &Answer, password: &str| typed(answer, &[("name", "Aïssata"), ("password", password)]);
    let wrong = nobody.send_from_page("/sign-in", &with(&asked, "autre chose")).await;
    wrong.says("ne convient pas");
    let entered = nobody.send_from_page("/sign-in", &with(&wrong, PASSWORD)).await;
    assert_eq!(entered.status, 303, "{entered:?}");
    let cookie = entered.header("set-cookie").split(';').next().unwrap().to_owned();
    let again = Person { office: &office, cookie };
    officer.get(&page).await.does_not_say("Deux lignes");
    let restored = again.get(entered.header("location")).await;
    assert_eq!(restored.input("narrative").as_deref(), Some(text));
    assert_eq!(restored.input("reason").as_deref(), Some("Après visite"));
    assert_eq!(again.send(&path, &restored, &[]).await.status, 303);
    again.get(&page).await.says("Deux lignes,\nune");
    again.get(&path).await.does_not_say("Reprendre");

    // Of an earlier session: shown again, and nothing is saved before it is sent from there.
    let stale = again.send_from_page("/conflicts/new", &typed(&form, &[("title", "Tard")])).await;
    assert!(stale.header("location").starts_with("/conflicts/new?draft="), "{stale:?}");
    assert_eq!(again.get(stale.header("location")).await.input("title").as_deref(), Some("Tard"));
    again.get("/conflicts").await.says("1 fiche<");
    office.app.stop().await;
}

#[tokio::test]
async fn what_a_page_elsewhere_sends_is_nobodys_text() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    for cookie in [String::new(), officer.cookie.clone()] {
        let request = Request::post("/conflicts/new")
            .header("Cookie", &cookie)
            .header("Host", "127.0.0.1:7373")
            .header("Origin", "http://ailleurs.example")
            .header("Content-Type", "application/x-www-form-urlencoded");
        let answer = office.ask(request.body(Body::from("title=Faux&csrf=x")).unwrap()).await;
        assert_eq!(answer.status, if cookie.is_empty() { 303 } else { 403 });
        answer.does_not_say("Faux");
    }
    officer.get("/conflicts/new").await.does_not_say("Reprendre");
    office.app.stop().await;
}

#[tokio::test]
async fn a_place_that_is_typed_is_offered_and_placed() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let names = officer.get("/places?q=tinzwatene").await.json();
    assert_eq!(names[0], "Tinzawatène");
    assert!(names.as_array().unwrap().len() <= 10);
    let nobody = office.ask(Request::get("/places?q=gao").body(Body::empty()).unwrap()).await;
    assert_eq!(nobody.status, 303);
    officer.get("/conflicts/new").await.says("<datalist id=\"places\">");

    let page = officer.conflict(&[("title", "Puits"), ("place/name", "tinzwatene")]).await;
    let form = officer.get(&format!("{page}/edit")).await;
    assert_eq!(form.input("place/key").as_deref(), Some("GN-2476086"));
    assert_eq!(form.input("place/lat").as_deref(), Some("19.9625"));
    assert_eq!(form.input("place/precision").as_deref(), Some("village"));
    assert_eq!(officer.send(&format!("{page}/edit"), &form, &[("place/name", "Un puits sec")]).await.status, 303);
    let form = officer.get(&format!("{page}/edit")).await;
    assert_eq!(form.input("place/key").as_deref(), Some(""));
    assert_eq!(form.input("place/lat").as_deref(), Some(""));
    office.app.stop().await;
}
