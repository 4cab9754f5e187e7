//! The pages of a real node, asked in-process as a browser without scripts asks them.

mod blank;
mod committee;
mod conflicts;
mod consultations;
mod drafts;
mod exports;
mod forms;
mod hostile;
mod import;
mod live;
mod national;
mod place_map;
mod reports;
mod projects;
mod safety;

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderValue, Request, header},
};
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::{
    accounts::{AccountName, NewAccount, Password, Role},
    app::{self, App, NetSettings, Settings, StoreOptions},
    pack::Pack,
};

static PACK: LazyLock<Arc<Pack>> = LazyLock::new(|| Arc::new(Pack::embedded()));

/// Where the office's pages are, as a browser says it.
const HOST: HeaderValue = HeaderValue::from_static("127.0.0.1:7373");

const PASSWORD: &str = "un mot de passe";

/// An office whose pages are asked for.
struct Office {
    app: App,
    router: Router,
    _home: TempDir,
}

fn device_key(name: &str) -> [u8; 32] {
    *blake3::hash(name.as_bytes()).as_bytes()
}

/// Somebody at the keyboard.
struct Person<'o> {
    office: &'o Office,
    cookie: String,
}

/// A page that has been read to its end.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Office {
    /// An office with an officer, Aïssata, a reader, Moussa, and a head, Fatoumata.
    async fn new() -> Office {
        Office::named("Gao", None).await
    }

    async fn named(name: &str, net: Option<NetSettings>) -> Office {
        let home = tempfile::tempdir().unwrap();
        let app = app::open(Settings {
            data_dir: home.path().to_owned(),
            name: name.into(),
            region: Some("ML-7".into()),
            device_key: device_key(name),
            network_secret: b"the offices of this test".to_vec(),
            pack: PACK.clone(),
            net,
            store: StoreOptions::default(),
            clock_ahead: 0,
        })
        .await
        .unwrap();
        let accounts = Accounts::open_cheap(home.path()).unwrap();
        for (name, role) in
            [("Aïssata", Role::RegionalOfficer), ("Moussa", Role::Reader), ("Fatoumata", Role::HeadOfOffice)]
        {
            let (name, password) = (AccountName::new(name).unwrap(), Password::new(PASSWORD).unwrap());
            accounts.add(NewAccount { name, role, language: None, password }, UnixSeconds(0)).unwrap();
        }
        let router =
            router(app.clone(), accounts, PageSettings { office: name.into(), clock_ahead: 0, certificate: None });
        Office { app, router, _home: home }
    }

    async fn ask(&self, mut request: Request<Body>) -> Answer {
        request.headers_mut().entry(header::HOST).or_insert(HOST);
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    async fn sign_in(&self, name: &str) -> Person<'_> {
        let answer = self.post("/sign-in", "", &[("name", name), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        Person { office: self, cookie }
    }

    async fn post(&self, path: &str, cookie: &str, inputs: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(inputs).finish();
        let request =
            Request::post(path).header("Cookie", cookie).header("Content-Type", "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }
}

impl Person<'_> {
    async fn get(&self, path: &str) -> Answer {
        self.office.ask(Request::get(path).header("Cookie", &self.cookie).body(Body::empty()).unwrap()).await
    }

    /// Opens the form at an address, changes some of its inputs, and sends all of them back.
    async fn fill(&self, path: &str, inputs: &[(&str, &str)]) -> Answer {
        let form = self.get(path).await;
        assert_eq!(form.status, 200, "{form:?}");
        self.send(path, &form, inputs).await
    }

    async fn send(&self, path: &str, form: &Answer, inputs: &[(&str, &str)]) -> Answer {
        let changed = |name: &str| inputs.iter().any(|(other, _)| *other == name);
        let shown = form.inputs();
        let kept = shown.iter().filter(|(name, _)| !changed(name)).map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = kept.chain(inputs.iter().copied()).collect();
        self.office.post(path, &self.cookie, &all).await
    }

    /// A new conflict; the address of its page.
    async fn conflict(&self, inputs: &[(&str, &str)]) -> String {
        let answer = self.fill("/conflicts/new", inputs).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").split('?').next().unwrap().to_owned()
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What a browser would send of the form of fields on this page: names and values of what is typed, hidden, ticked or
    /// chosen.
    fn inputs(&self) -> Vec<(String, String)> {
        let start = self.text.find("<form class=\"record\"").expect("there is a form of fields");
        let mut rest = &self.text[start..self.text[start..].find("</form>").unwrap() + start];
        let mut inputs = Vec::new();
        while let Some(at) = rest.find(['<']) {
            rest = &rest[at..];
            let tag = &rest[..=rest.find('>').unwrap()];
            if tag.starts_with("<input") {
                let ticked =
                    !tag.contains("type=\"checkbox\"") && !tag.contains("type=\"radio\"") || tag.contains(" checked");
                inputs.extend(
                    attribute(tag, "name")
                        .filter(|_| ticked)
                        .map(|name| (name, attribute(tag, "value").unwrap_or_default())),
                );
            } else if tag.starts_with("<textarea") {
                let text = &rest[tag.len()..rest.find("</textarea>").unwrap()];
                inputs.extend(attribute(tag, "name").map(|name| (name, unescaped(text.trim_start_matches('\n')))));
            } else if tag.starts_with("<select") {
                let options = &rest[..rest.find("</select>").unwrap()];
                let chosen = options.split("<option").find(|option| option.contains(" selected"));
                let value = chosen.and_then(|option| attribute(option, "value")).unwrap_or_default();
                inputs.extend(attribute(tag, "name").map(|name| (name, value)));
            }
            rest = &rest[1..];
        }
        inputs
    }

    fn input(&self, name: &str) -> Option<String> {
        self.inputs().into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
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

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    Some(unescaped(&tag[start..start + tag[start..].find('"')?]))
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
