//! How people get in, stay in, and look after accounts, as a browser without scripts does it.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
};
use tempfile::TempDir;
use toguna_protocol::ids::UnixSeconds;
use tower::ServiceExt;

use crate::{
    accounts::{AccountName, Accounts, NewAccount, Password, Role, SESSION_SECONDS},
    app::{self, App, Settings, StoreOptions},
    pack::Pack,
    pages::{Demonstration, PageSettings, router, router_of_demo},
    words::Lang,
};

const PASSWORD: &str = "un mot de passe";

/// An office, and its router as the system's clock has it.
struct Office {
    app: App,
    router: Router,
    home: TempDir,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

fn name(text: &str) -> AccountName {
    AccountName::new(text).unwrap()
}

impl Office {
    /// An office with Awa, who heads it, and Moussa, who reads.
    async fn new() -> Office {
        let office = Office::with(|app, accounts, settings| {
            for (person, role) in [("Awa", Role::HeadOfOffice), ("Moussa", Role::Reader)] {
                let password = Password::new(PASSWORD).unwrap();
                accounts
                    .add(NewAccount { name: name(person), role, language: None, password }, UnixSeconds(0))
                    .unwrap();
            }
            router(app, accounts, settings)
        });
        office.await
    }

    /// An office of the demonstration, with its accounts and one that has a password.
    async fn of_demo() -> Office {
        let office = Office::with(|app, accounts, settings| {
            let roles = Role::ALL.map(|role| (name(&format!("Démo – {}", role.fr())), role));
            accounts.add_unguarded(roles, UnixSeconds(0)).unwrap();
            let links = Some("http://127.0.0.1:7380/demo".to_owned());
            let demo = Demonstration { visitor: "Démo – Agent régional".to_owned(), links };
            router_of_demo(app, accounts, settings, demo)
        });
        office.await
    }

    async fn with(made: impl FnOnce(App, Accounts, PageSettings) -> Router) -> Office {
        let home = tempfile::tempdir().unwrap();
        let app = app::open(Settings {
            data_dir: home.path().to_owned(),
            name: "Gao".into(),
            region: Some("ML-7".into()),
            device_key: [7; 32],
            network_secret: b"the offices of this test".to_vec(),
            pack: Arc::new(Pack::embedded()),
            net: None,
            store: StoreOptions::default(),
            clock_ahead: 0,
        })
        .await
        .unwrap();
        let accounts = Accounts::open_cheap(home.path()).unwrap();
        let router =
            made(app.clone(), accounts, PageSettings { office: "Gao".into(), clock_ahead: 0, certificate: None });
        Office { app, router, home }
    }

    fn accounts(&self) -> Accounts {
        Accounts::open_cheap(self.home.path()).unwrap()
    }

    /// The same office whose pages have another time.
    fn later(&self, seconds: i64) -> Router {
        let settings = PageSettings { office: "Gao".into(), clock_ahead: seconds, certificate: None };
        router(self.app.clone(), self.accounts(), settings)
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        ask(&self.router, request).await
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.ask(get(path, cookie)).await
    }

    async fn post(&self, path: &str, cookie: &str, inputs: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(inputs).finish();
        let request = Request::post(path).header("Host", "127.0.0.1:7373").header("Cookie", cookie);
        self.ask(request.header("Content-Type", "application/x-www-form-urlencoded").body(Body::from(body)).unwrap())
            .await
    }

    /// Fills a form of a page in, with the token that stands there.
    async fn fill(&self, page: &str, path: &str, cookie: &str, inputs: &[(&str, &str)]) -> Answer {
        let token = self.get(page, cookie).await.token();
        self.post(path, cookie, &[&[("csrf", &*token)], inputs].concat()).await
    }

    async fn sign_in(&self, name: &str) -> String {
        let answer = self.post("/sign-in", "", &[("name", name), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        answer.cookie().expect("a session")
    }
}

fn get(path: &str, cookie: &str) -> Request<Body> {
    Request::get(path).header("Host", "127.0.0.1:7373").header("Cookie", cookie).body(Body::empty()).unwrap()
}

async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Answer { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What the browser is told to keep, as it sends it back.
    fn cookie(&self) -> Option<String> {
        let kept = self.headers.get("set-cookie")?.to_str().unwrap();
        assert!(kept.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{kept}");
        Some(kept.split(';').next().unwrap().to_owned())
    }

    fn token(&self) -> String {
        let at = self.text.find("name=\"csrf\" value=\"").expect("a form") + 19;
        self.text[at..at + self.text[at..].find('"').unwrap()].to_owned()
    }

    #[track_caller]
    fn says(&self, text: &str) {
        assert!(self.text.contains(text), "not said: {text}\n{}", self.text);
    }

    #[track_caller]
    fn does_not_say(&self, text: &str) {
        assert!(!self.text.contains(text), "said: {text}\n{}", self.text);
    }
}

#[tokio::test]
async fn the_visitor_of_the_demonstration_is_let_in_and_told_that_it_is_one() {
    let office = Office::of_demo().await;
    let first = office.get("/", "").await;
    assert_eq!(first.status, 200);
    let cookie = first.cookie().expect("a session");
    for path in ["/", "/conflicts", "/account", "/nowhere/at/all"] {
        let shown = office.get(path, &cookie).await;
        shown.says("Démonstration\u{a0}: trois bureaux sur cet ordinateur.");
        shown.says("http://127.0.0.1:7380/demo");
        assert!(shown.cookie().is_none(), "{path}: the session goes on");
    }
    first.says("Démo – Agent régional");
    let english = Request::get("/sign-in").header("Accept-Language", "en").body(Body::empty()).unwrap();
    office.ask(english).await.says("Demonstration: three offices");
    // A session of another run of the demonstration, or of a clock put right, is taken for none.
    assert!(office.get("/", "toguna-7373=AAAA").await.cookie().is_some());
    // A form of another session changes nothing, whoever is let in; and what a page brings along lets nobody in.
    let posted = office.post("/conflicts/new", "", &[("title", "Un"), ("csrf", &first.token())]).await;
    assert_eq!(posted.status, 403);
    for path in [&*crate::pages::style_path(), "/icon.svg", "/live"] {
        assert!(office.get(path, "").await.cookie().is_none(), "{path}");
    }
    office.app.stop().await;
}

#[tokio::test]
async fn the_visitor_of_the_demonstration_tries_every_role() {
    let office = Office::of_demo().await;
    let mut cookie = office.get("/", "").await.cookie().expect("a session");
    for role in Role::ALL {
        let chosen = office.fill("/", "/demo/role", &cookie, &[("role", role.key())]).await;
        assert_eq!((chosen.status, chosen.header("location")), (303, "/"), "{role}");
        cookie = chosen.cookie().expect("a session");
        office.get("/", &cookie).await.says(&format!("<option value=\"{role}\" selected>"));
        let accounts = office.get("/accounts", &cookie).await;
        assert_eq!(accounts.status, if role.may_manage_accounts() { 200 } else { 403 }, "{role}");
    }
    let forged = office.post("/demo/role", &cookie, &[("role", "reader"), ("csrf", "rien")]).await;
    assert_eq!(forged.status, 403);
    assert_eq!(office.fill("/", "/demo/role", &cookie, &[("role", "king")]).await.status, 404);
    // A role whose account got a password is nobody's any more without it; the visitor's own falls back to the sign-in.
    for account in ["Démo – Évaluateur", "Démo – Agent régional"] {
        office.accounts().set_password(account, &Password::new(PASSWORD).unwrap()).unwrap();
    }
    assert_eq!(office.fill("/", "/demo/role", &cookie, &[("role", "evaluator")]).await.status, 404);
    assert_eq!(office.get("/", "").await.header("location"), "/sign-in");
    office.app.stop().await;
}

#[tokio::test]
async fn a_node_that_is_not_the_demonstration_signs_nobody_in_by_itself() {
    let office = Office::new().await;
    // Not even to an account that a demonstration has left behind in its directory.
    office.accounts().add_unguarded([(name("Démo – Agent régional"), Role::RegionalOfficer)], UnixSeconds(0)).unwrap();
    for path in ["/", "/conflicts", "/account", "/accounts", "/sync"] {
        let answer = office.get(path, "").await;
        assert_eq!((answer.status, answer.header("location")), (303, "/sign-in"), "{path}");
        assert!(answer.cookie().is_none(), "{path}");
    }
    let cookie = office.sign_in("Awa").await;
    office.get("/", &cookie).await.does_not_say("Démonstration");
    let chosen = office.fill("/", "/demo/role", &cookie, &[("role", "regional-officer")]).await;
    assert_eq!(chosen.status, 404);
    assert!(chosen.cookie().is_none());
    office.app.stop().await;
}

#[tokio::test]
async fn a_session_that_is_used_goes_on_and_one_that_is_left_ends() {
    let office = Office::new().await;
    let cookie = office.sign_in("Moussa").await;
    assert!(office.get("/", &cookie).await.cookie().is_none(), "it is new");
    assert!(ask(&office.later(SESSION_SECONDS / 2 - 60), get("/", &cookie)).await.cookie().is_none());
    let later = office.later(SESSION_SECONDS / 2 + 60);
    let token = office.get("/", &cookie).await.token();
    let shown = ask(&later, get("/", &cookie)).await;
    let renewed = shown.cookie().expect("a session");
    assert_ne!(renewed, cookie);
    assert_eq!(shown.token(), token, "forms that are open stay good");
    let open = later.clone().oneshot(get("/live", &cookie)).await.unwrap();
    assert_eq!(open.status().as_u16(), 200);
    assert!(!open.headers().contains_key("set-cookie"), "a page that was left open is nobody's work");
    drop(open);
    let much_later = office.later(SESSION_SECONDS + 60);
    assert_eq!(ask(&much_later, get("/", &renewed)).await.status, 200);
    assert_eq!(ask(&much_later, get("/", &cookie)).await.status, 303);
    // Whoever signs out late is not kept: a reader may sign out, too.
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("csrf", &token).finish();
    let leaving = Request::post("/sign-out").header("Host", "127.0.0.1:7373").header("Cookie", &cookie);
    let leaving = leaving.header("Content-Type", "application/x-www-form-urlencoded").body(Body::from(body)).unwrap();
    let left = ask(&later, leaving).await;
    let kept: Vec<_> = left.headers.get_all("set-cookie").iter().collect();
    assert_eq!(kept, ["toguna-7373=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"]);
    office.app.stop().await;
}

#[tokio::test]
async fn nodes_on_one_machine_keep_their_sessions_apart() {
    let office = Office::new().await;
    let cookie = office.sign_in("Awa").await;
    assert!(cookie.starts_with("toguna-7373="), "{cookie}");
    let value = cookie.split_once('=').unwrap().1;
    for (others, status) in [
        (format!("toguna-7383=AAAA; {cookie}"), 200),
        // One of the same name that no longer holds, as a node that was set up anew finds it.
        (format!("toguna-7373=AAAA; {cookie}"), 200),
        (format!("toguna-7383={value}"), 303),
        (format!("toguna={value}"), 303),
    ] {
        assert_eq!(office.get("/", &others).await.status, status, "{others}");
    }
    office.app.stop().await;
}

#[tokio::test]
async fn a_person_changes_the_own_password_and_language() {
    let office = Office::new().await;
    let cookie = office.sign_in("Moussa").await;
    office.get("/", &cookie).await.says("<a href=\"/account\">Moussa (Lecteur (lecture seule))</a>");
    let page = office.get("/account", &cookie).await;
    page.says("Mot de passe actuel");
    page.does_not_say("href=\"/accounts\"");
    let change = async |cookie: &str, current: &str, new: &str, again: &str| {
        let inputs = [("current", current), ("new", new), ("again", again)];
        office.fill("/account", "/account/password", cookie, &inputs).await
    };
    let new = "tout nouveau";
    for (current, new, again, said) in [
        ("autre chose", new, new, "Le mot de passe actuel ne convient pas"),
        (PASSWORD, new, "tout ancien", "diffèrent"),
        (PASSWORD, "court", "court", "de 8 à 200 caractères"),
    ] {
        let refused = change(&cookie, current, new, again).await;
        refused.says(said);
        refused.does_not_say(PASSWORD);
        assert!(refused.cookie().is_none());
    }
    office.sign_in("Moussa").await;
    let changed = change(&cookie, PASSWORD, new, new).await;
    assert_eq!((changed.status, changed.header("location")), (303, "/account?saved=password"));
    let after = changed.cookie().expect("a session");
    office.get("/account?saved=password", &after).await.says("Le mot de passe est changé");
    assert_eq!(office.get("/", &cookie).await.status, 303, "other sessions have ended");

    let speaks = async |language: &str, asked: &str| {
        let chosen = office.fill("/account", "/account/language", &after, &[("language", language)]).await;
        assert_eq!(chosen.header("location"), "/account?saved=language");
        let request = Request::get("/account").header("Host", "127.0.0.1:7373").header("Cookie", &after);
        office.ask(request.header("Accept-Language", asked).body(Body::empty()).unwrap()).await
    };
    speaks("en", "fr").await.says("My account");
    assert_eq!(office.accounts().named("Moussa").unwrap().unwrap().language, Some(Lang::En));
    speaks("fr", "en").await.says("Mon compte");
    speaks("", "en").await.says("My account");
    assert_eq!(office.fill("/account", "/account/language", &after, &[("language", "de")]).await.status, 403);
    for path in ["/account/language", "/account/password"] {
        assert_eq!(office.get(path, &after).await.header("location"), "/account", "a page that is loaded again");
        assert_eq!(office.post(path, &after, &[("language", "en"), ("csrf", "rien")]).await.status, 403);
    }
    office.app.stop().await;
}

#[tokio::test]
async fn whoever_manages_accounts_adds_helps_and_removes_people() {
    let office = Office::new().await;
    let awa = office.sign_in("Awa").await;
    office.get("/account", &awa).await.says("href=\"/accounts\"");
    let send = async |path: &str, inputs: &[(&str, &str)]| office.fill("/accounts", path, &awa, inputs).await;
    let new = |name, role, again| [("name", name), ("role", role), ("new", "pour commencer"), ("again", again)];
    for (inputs, said) in [
        (new("Fatou", "evaluator", "autre chose"), "diffèrent"),
        (new("Fatou", "", "pour commencer"), "Choisissez un rôle"),
        (new("AWA", "evaluator", "pour commencer"), "déjà un compte de ce nom"),
        (new(" ", "evaluator", "pour commencer"), "de 1 à 80 caractères"),
    ] {
        send("/accounts", &inputs).await.says(said);
    }
    send("/accounts", &new("Fatou", "evaluator", "autre chose")).await.says("value=\"Fatou\"");
    let added = send("/accounts", &new("Fatou", "evaluator", "pour commencer")).await;
    assert_eq!((added.status, added.header("location")), (303, "/accounts?done=added"), "{}", added.text);
    let listed = office.get("/accounts?done=added", &awa).await;
    listed.says("Le compte est créé.");
    for text in ["Awa", "Moussa", "Fatou", "Évaluateur"] {
        listed.says(text);
    }
    assert!(office.accounts().sign_in("Fatou", "pour commencer", UnixSeconds(0)).is_ok());

    let help = |name| [("name", name), ("new", "oublié, donc neuf"), ("again", "oublié, donc neuf")];
    let moussa = office.sign_in("Moussa").await;
    assert_eq!(send("/accounts/password", &help("moussa")).await.header("location"), "/accounts?done=password");
    assert_eq!(office.get("/", &moussa).await.status, 303, "the old password's sessions have ended");
    send("/accounts/password", &help("AWA")).await.says("Votre propre compte");
    send("/accounts/password", &help("Ewa")).await.says("pas de compte de ce nom");
    assert!(office.accounts().sign_in("Awa", PASSWORD, UnixSeconds(0)).is_ok());
    assert_eq!(send("/accounts/remove", &[("name", "Fatou")]).await.header("location"), "/accounts?done=removed");
    send("/accounts/remove", &[("name", "Fatou")]).await.says("pas de compte de ce nom");
    send("/accounts/remove", &[("name", "awa ")]).await.says("Votre propre compte");
    assert_eq!(office.accounts().list().unwrap().len(), 2);
    office.app.stop().await;
}

#[tokio::test]
async fn accounts_are_no_affair_of_anybody_else() {
    let office = Office::new().await;
    let (awa, moussa) = (office.sign_in("Awa").await, office.sign_in("Moussa").await);
    let refused = office.get("/accounts", &moussa).await;
    assert_eq!(refused.status, 403);
    refused.says("Réservé à ceux qui gèrent les comptes");
    refused.does_not_say("Awa");
    let token = office.get("/account", &moussa).await.token();
    for path in ["/accounts", "/accounts/password", "/accounts/remove"] {
        let inputs = [("csrf", &*token), ("name", "Awa"), ("role", "reader"), ("new", PASSWORD), ("again", PASSWORD)];
        let answer = office.post(path, &moussa, &inputs).await;
        assert_eq!(answer.status, 403, "{path}");
        answer.says("Réservé à ceux qui gèrent les comptes");
        let forged = office.post(path, &awa, &inputs).await;
        assert_eq!(forged.status, 403, "{path}: another session's token");
        forged.says("plus valable");
    }
    assert_eq!(office.accounts().list().unwrap().len(), 2);
    office.app.stop().await;
}
