//! What happens while a page is open comes to it.

use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;

use super::*;

/// The events of an open page.
struct Events {
    stream: axum::body::BodyDataStream,
    text: String,
}

impl Events {
    async fn open(person: &Person<'_>, path: &str) -> Events {
        let request =
            Request::get(path).header("Host", HOST).header("Cookie", &person.cookie).body(Body::empty()).unwrap();
        let response = person.office.router.clone().oneshot(request).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"text/event-stream".parse().unwrap())
        );
        Events { stream: response.into_body().into_data_stream(), text: String::new() }
    }

    /// Waits for the next event of this name; its id and content.
    async fn next(&mut self, name: &str) -> (String, Value) {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    line.unwrap_or_default().to_owned()
                };
                let found = (field("event"), field("id"), field("data"));
                self.text = rest.to_owned();
                if found.0 == name {
                    return (found.1, serde_json::from_str(&found.2).unwrap());
                }
                continue;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.stream.next()).await.expect("one comes");
            self.text.push_str(std::str::from_utf8(&chunk.expect("it goes on").unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn a_change_is_told_to_open_pages_and_to_those_that_come_back() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let mut events = Events::open(&officer, "/live").await;
    let (here, _) = events.next("here").await;
    let page = officer.conflict(&[("title", "Puits")]).await;
    let (arrival, content) = events.next("record").await;
    assert!(page.ends_with(content["id"].as_str().unwrap()));
    let news = officer.get(&page).await;
    news.says(&format!("data-news=\"{}\"", content["id"].as_str().unwrap()));
    officer.get("/").await.says("Des nouvelles sont arrivées");
    drop(events);

    let mut back = Events::open(&officer, &format!("/live?since={here}")).await;
    assert_eq!(back.next("record").await, (arrival.clone(), content));
    // Whoever has seen all is told what comes, and nothing twice.
    let mut again = Events::open(&officer, &format!("/live?since={arrival}")).await;
    let other = officer.conflict(&[("title", "Autre")]).await;
    assert!(other.ends_with(again.next("record").await.1["id"].as_str().unwrap()));
    let nobody = office.ask(Request::get("/live").body(Body::empty()).unwrap()).await;
    assert_eq!(nobody.status, 303);
    office.app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_record_learns_within_seconds_who_has_it() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address: libp2p::Multiaddr = format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();
    let net = |name: &str| NetSettings { mdns: false, ..NetSettings::new(device_key(name)) };
    let dialling = NetSettings { listen: Vec::new(), peers: vec![address.clone()], ..net("Kidal") };
    let kidal = Office::named("Kidal", Some(dialling)).await;
    let officer = kidal.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Puits")]).await;
    let shown = officer.get(&page).await;
    shown.says("Ici seulement");
    shown.says(&format!("data-receipts=\"{page}/receipts\""));
    let mut events = Events::open(&officer, "/live").await;
    let started = std::time::Instant::now();
    let gao = Office::named("Gao", Some(NetSettings { listen: vec![address], ..net("Gao") })).await;
    // As the script does: each time that peers tell something, the list is asked for.
    let list = loop {
        events.next("peers").await;
        // What it gathers for.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let list = officer.get(&format!("{page}/receipts")).await;
        if list.text.contains("Reçu à Gao le ") {
            break list;
        }
    };
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    list.does_not_say("Ici seulement");
    assert!(list.text.starts_with("<ul class=\"receipts\""), "{list:?}");
    for office in [gao, kidal] {
        office.app.stop().await;
    }
}
