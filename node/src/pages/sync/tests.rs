//! Sticks between real offices, as people at two browsers carry them; and what the page tells of links and clocks.

use std::{
    net::TcpListener,
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
};
use serde_json::json;
use tempfile::TempDir;
use toguna_protocol::{
    engine::{Command, Intent},
    ids::UnixSeconds,
    record::Kind,
};
use tower::ServiceExt;

use super::super::{PageSettings, router, sign_in::cookie_of};
use crate::{
    accounts::{AccountName, Accounts, NewAccount, Password, Role},
    app::{self, App, NetSettings, Settings, StoreOptions},
    pack::Pack,
};

static PACK: LazyLock<Arc<Pack>> = LazyLock::new(|| Arc::new(Pack::embedded()));

const DAY: i64 = 86_400;

/// An office with its pages, and who sits there.
struct Desk {
    app: App,
    router: Router,
    cookie: String,
    csrf: String,
    home: TempDir,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    /// The page without marks of structure, and with plain spaces.
    fn text(&self) -> String {
        let page = String::from_utf8_lossy(&self.bytes).replace(['\u{a0}', '\u{202f}'], " ").replace("&amp;", "&");
        let (mut text, mut within) = (String::new(), false);
        for letter in page.chars() {
            match letter {
                '<' => within = true,
                '>' => within = false,
                letter if !within => text.push(letter),
                _ => {}
            }
        }
        text
    }

    #[track_caller]
    fn says(&self, words: &str) {
        assert!(self.text().contains(words), "{} does not say {words:?}: {}", self.status, self.text());
    }

    fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text());
        self.headers["location"].to_str().unwrap()
    }
}

fn key(name: &str) -> [u8; 32] {
    *blake3::hash(name.as_bytes()).as_bytes()
}

impl Desk {
    async fn at(name: &str) -> Desk {
        Desk::with(name, "the offices of this test", None, 0, 0, Role::RegionalOfficer).await
    }

    async fn with(
        name: &str,
        secret: &str,
        net: Option<NetSettings>,
        clock_ahead: i64,
        pages_ahead: i64,
        role: Role,
    ) -> Desk {
        let home = tempfile::tempdir().unwrap();
        let app = app::open(Settings {
            data_dir: home.path().to_owned(),
            name: name.into(),
            region: Some("ML-8".into()),
            device_key: key(name),
            network_secret: secret.as_bytes().to_vec(),
            pack: PACK.clone(),
            net,
            store: StoreOptions::default(),
            clock_ahead,
        });
        let app = app.await.unwrap();
        // Its card is written right after the start; until then what it holds changes by itself.
        while app.status().await.unwrap().frontier.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let accounts = Accounts::open_cheap(home.path()).unwrap();
        let now = UnixSeconds(jiff::Timestamp::now().as_second() + pages_ahead);
        let (account, password) = (AccountName::new("Awa").unwrap(), Password::new("bien gardé").unwrap());
        accounts.add(NewAccount { name: account, role, language: None, password }, now).unwrap();
        let session = accounts.sign_in("Awa", "bien gardé", now).unwrap();
        let (cookie, csrf) = (cookie_of(crate::pages::visitor::COOKIE, &session), session.csrf());
        let settings = PageSettings { office: name.into(), clock_ahead: pages_ahead, certificate: None };
        let router = router(app.clone(), accounts, settings);
        Desk { app, router, cookie: cookie.split(';').next().unwrap().to_owned(), csrf, home }
    }

    async fn send(&self, request: axum::http::request::Builder, body: Body) -> Answer {
        let request = request.header("Cookie", &self.cookie).body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        Answer { status, headers, bytes }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty()).await
    }

    async fn write(&self, title: &str) {
        let intent = Intent::Create(Kind::Conflict, json!({"title": title, "narrative": "Deux fractions, un puits."}));
        self.app.submit(Command { person: "Awa".into(), reason: None, intent }).await.unwrap();
    }

    /// Prepares a bundle and gives its note.
    async fn prepare(&self, whom: Option<&Desk>) -> (String, Answer) {
        let office = match whom {
            Some(desk) => desk.app.status().await.unwrap().author.to_string(),
            None => String::new(),
        };
        let form = Request::post("/sync/plis").header("Content-Type", "application/x-www-form-urlencoded");
        let answer = self.send(form, Body::from(format!("csrf={}&for={office}", self.csrf))).await;
        let address = answer.location().to_owned();
        let slip = self.get(&address).await;
        assert_eq!(slip.status, 200);
        (address, slip)
    }

    async fn bundle(&self, whom: Option<&Desk>) -> Vec<u8> {
        let (address, _) = self.prepare(whom).await;
        self.get(&format!("{address}/file")).await.bytes
    }

    async fn open_with(&self, csrf: &str, file: &[u8]) -> Answer {
        let mut body = format!("--LIMIT\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--LIMIT\r\n");
        body += "Content-Disposition: form-data; name=\"pli\"; filename=\"a.toguna\"\r\n\r\n";
        let body = [body.as_bytes(), file, b"\r\n--LIMIT--\r\n"].concat();
        let form = Request::post("/sync/opened").header("Content-Type", "multipart/form-data; boundary=LIMIT");
        self.send(form, Body::from(body)).await
    }

    /// Opens a bundle and gives the page that tells what it brought, or why nothing was taken.
    async fn open(&self, file: &[u8]) -> Answer {
        let answer = self.open_with(&self.csrf, file).await;
        match answer.status {
            303 => self.get(answer.location()).await,
            _ => answer,
        }
    }

    async fn digest(&self) -> String {
        self.app.status().await.unwrap().digest
    }

    fn spooled(&self) -> usize {
        std::fs::read_dir(self.home.path().join("plis")).map_or(0, |files| files.count())
    }
}

/// Two offices that have heard of each other, and of nothing else.
async fn acquainted() -> (Desk, Desk) {
    let (kidal, bamako) = (Desk::at("Kidal").await, Desk::at("Bamako").await);
    bamako.open(&kidal.bundle(None).await).await.says("Aucune fiche nouvelle");
    kidal.open(&bamako.bundle(None).await).await.says("Aucune fiche nouvelle");
    bamako.open(&kidal.bundle(Some(&bamako)).await).await.says("Nouvelles de Kidal du");
    (kidal, bamako)
}

async fn stop<const N: usize>(desks: [Desk; N]) {
    for desk in desks {
        desk.app.stop().await;
    }
}

#[tokio::test]
async fn a_stick_goes_to_bamako_and_comes_back_with_its_acknowledgement() {
    let (kidal, bamako) = acquainted().await;
    kidal.get("/sync").await.says("Rien n'est ici seulement");
    kidal.write("Puits de Tinzawatène").await;
    kidal.write("Enlèvement").await;
    let page = kidal.get("/sync").await;
    page.says("2 fiches ici seulement · la plus ancienne : à l'instant");
    page.says("Aucune liaison. 2 fiches attendent de partir.");
    let list = kidal.get("/sync/only-here").await;
    list.says("2 fiches ici seulement");
    list.says("Puits de Tinzawatène");

    let (address, slip) = kidal.prepare(Some(&bamako)).await;
    for words in [
        "Bordereau d'envoi",
        "Contenu2 fiches",
        "dont saisies à Kidal2 fiches",
        "ExpéditeurKidal",
        "DestinataireBamako",
    ] {
        slip.says(words);
    }
    let file = kidal.get(&format!("{address}/file")).await;
    let named = file.headers["content-disposition"].to_str().unwrap();
    let name =
        named.strip_prefix("attachment; filename=\"pli-").and_then(|rest| rest.strip_suffix(".toguna\"")).unwrap();
    assert!(name.len() == 13 && name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'), "{name}");
    assert_eq!(file.headers["content-length"].to_str().unwrap(), file.bytes.len().to_string());
    let pli = file.bytes;

    let before = bamako.digest().await;
    let mut flipped = pli.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let refused = bamako.open(&flipped).await;
    assert_eq!(refused.status, 422);
    refused.says("Pli abîmé, rien n'a été pris");
    assert_eq!(bamako.digest().await, before);

    let opened = bamako.open(&pli).await;
    opened.says("2 fiches reçues");
    opened.says("Pli de Kidal, préparé le");
    bamako.open(&pli).await.says("Déjà reçu");
    bamako.get("/sync").await.says(", de Kidal : 0 fiche reçue.");

    kidal.get("/sync").await.says("2 fiches ici seulement");
    let back = kidal.open(&bamako.bundle(Some(&kidal)).await).await;
    back.says("Reçu à Bamako le");
    back.says(", par clé USB – 2 fiches qui n'étaient qu'ici");
    back.says("Rien n'est ici seulement");
    kidal.get("/sync").await.says("Rien n'est ici seulement");
    assert!(kidal.spooled() <= 3, "two bundles and a note at most: {}", kidal.spooled());
    stop([kidal, bamako]).await;
}

#[tokio::test]
async fn every_trouble_has_its_sentence_and_changes_nothing() {
    let (kidal, bamako) = acquainted().await;
    let stranger = Desk::with("Tamale", "another secret", None, 0, 0, Role::RegionalOfficer).await;
    let foreign = stranger.bundle(None).await;
    kidal.write("Puits").await;
    let first = kidal.bundle(Some(&bamako)).await;
    // Gao has never heard of Kidal: what goes on from something has no place there.
    let gao = Desk::at("Gao").await;
    let before = gao.digest().await;
    let mut head = first.clone();
    head[20] ^= 4;
    let whole = kidal.bundle(None).await;
    for (file, words, deed) in [
        (&b""[..], "Aucun fichier n'a été choisi", "Choisissez le pli"),
        (b"une lettre", "Ce fichier n'est pas un pli", ".toguna"),
        (&head, "Pli abîmé, rien n'a été pris", "sur une autre clé"),
        (&whole[..whole.len() / 2], "Pli abîmé, rien n'a été pris", "retirée trop tôt"),
        (&foreign, "Ce pli est d'un autre réseau", "le même secret"),
        (&first, "Ce pli suppose ce que ce bureau n'a pas : demandez un pli complet à", "« tous les bureaux »"),
    ] {
        let answer = gao.open(file).await;
        assert_eq!(answer.status, 422);
        answer.says(words);
        answer.says(deed);
        assert_eq!(gao.digest().await, before, "{words}");
    }
    assert_eq!(gao.spooled(), 0, "nothing is left of what was refused");
    gao.open_with("made up", &whole).await.says("Ce formulaire n'est plus valable");
    let late = gao.open(&whole).await;
    late.says("1 fiche reçue");
    assert_eq!(gao.get("/sync/opened/made-up").await.status, 404);
    assert_eq!(gao.get("/sync/plis/made-up").await.status, 404);
    // What was made for another is taken, and to be passed on.
    kidal.write("Forage").await;
    let other = gao.open(&kidal.bundle(Some(&bamako)).await).await;
    other.says("Ce pli était préparé pour Bamako");
    stop([kidal, bamako, gao, stranger]).await;
}

#[tokio::test]
async fn a_reader_looks_and_carries_nothing() {
    let desk = Desk::with("Gao", "the offices of this test", None, 0, 0, Role::Reader).await;
    let page = desk.get("/sync").await;
    page.says("Aucun autre bureau n'est connu pour l'instant.");
    assert!(!page.text().contains("Préparer un pli"));
    desk.open(b"").await.says("Lecture seule");
    stop([desk]).await;
}

#[tokio::test]
async fn the_last_stick_and_nothing_else_of_it_outlives_a_restart() {
    let (kidal, bamako) = acquainted().await;
    let (address, _) = kidal.prepare(Some(&bamako)).await;
    let anew = super::Plis::within(kidal.home.path());
    assert!(anew.made().is_empty() && anew.last().made.is_some() && anew.last().opened.is_some());
    assert_eq!(kidal.spooled(), 1);
    assert_eq!(kidal.get(&address).await.status, 200);
    stop([kidal, bamako]).await;
}

#[tokio::test]
async fn an_office_that_is_silent_for_a_day_is_called_so_and_what_it_holds_is_unknown() {
    let (kidal, bamako) = acquainted().await;
    let page = kidal.get("/sync").await;
    page.says("inconnu depuis le");
    assert!(!page.text().contains("Sans nouvelles"));
    let late = Desk::with("Gao", "the offices of this test", None, 0, DAY + 60, Role::RegionalOfficer).await;
    late.open(&kidal.bundle(None).await).await.says("Aucune fiche nouvelle");
    let page = late.get("/sync").await;
    page.says("Sans nouvelles depuis le");
    page.says("inconnu depuis le");
    page.says("Pas de liaison directe");
    stop([kidal, bamako, late]).await;
}

async fn until_it_says(desk: &Desk, words: &str) {
    for _ in 0..200 {
        if desk.get("/sync").await.text().contains(words) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    desk.get("/sync").await.says(words);
}

#[tokio::test]
async fn a_link_is_shown_as_it_is_and_a_clock_that_is_far_off_is_told() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address: libp2p::Multiaddr = format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();
    let net = |name: &str| NetSettings { mdns: false, ..NetSettings::new(key(name)) };
    let dialling = NetSettings { listen: Vec::new(), peers: vec![address.clone()], ..net("Bamako") };
    let listening = NetSettings { listen: vec![address], ..net("Gao") };
    let secret = "the offices of this test";
    let gao = Desk::with("Gao", secret, Some(listening), -365 * DAY, 0, Role::RegionalOfficer).await;
    let bamako = Desk::with("Bamako", secret, Some(dialling), 0, 0, Role::RegionalOfficer).await;
    until_it_says(&bamako, "Horloge de Gao en retard d'un an").await;
    until_it_says(&bamako, "Liaison établie").await;
    until_it_says(&gao, "Horloge de Bamako en avance d'un an").await;
    gao.write("Puits").await;
    until_it_says(&gao, "Rien n'est ici seulement").await;
    gao.app.stop().await;
    until_it_says(&bamako, "Liaison coupée").await;
    bamako.get("/sync").await.says("inconnu depuis le");
    stop([bamako]).await;
}

#[test]
fn clocks_are_told_in_the_largest_unit_that_tells_enough() {
    let speech = crate::pages::speech::Speech {
        lang: crate::words::Lang::Fr,
        words: crate::words::Words::embedded(),
        pack: &PACK,
        now: UnixSeconds(0),
        demo: None,
    };
    for (ahead, words) in [
        (-365 * DAY, "Horloge de Gao en retard d'un an"),
        (3 * 365 * DAY, "Horloge de Gao en avance de 3 ans"),
        (-90 * DAY, "Horloge de Gao en retard de 3 mois"),
        (30 * DAY, "Horloge de Gao en avance de 30 jours"),
        (-3_700, "Horloge de Gao en retard d'une heure"),
        (-5 * 3_600, "Horloge de Gao en retard de 5 heures"),
    ] {
        assert_eq!(super::show::clock(speech, "Gao", ahead), words);
    }
    assert!(super::show::clock(speech, "Gao", i64::MIN).starts_with("Horloge de Gao en retard de 292"));
}
