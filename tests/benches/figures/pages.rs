//! The pages of a node that holds 10,000 records of 12 changes: how soon they are there, and how much goes over the wire.

use std::time::Instant;

use reqwest::{
    Client, Response,
    header::{ACCEPT_ENCODING, COOKIE, LOCATION, SET_COOKIE},
    redirect::Policy,
};

use crate::{
    api::READER,
    node::{Node, runtime},
    paint,
    report::{Figure, percentile},
    start::fill,
};

/// Times that each page is read, after a first one that is not counted.
const READS: usize = 60;

/// Times that a report is made.
const REPORTS: usize = 10;

/// Records whose pages are read in turns, so that not one document is always at hand.
const RECORDS: usize = 30;

/// Thousands of bytes that a page may take on the wire, and one with a map.
const PAGE_KB: f64 = 120.0;
const MAP_KB: f64 = 200.0;

/// A kind of page: its name, its addresses (read in turns), and its bounds in ms and kB.
struct Kind {
    name: String,
    addresses: Vec<String>,
    millis: f64,
    kilobytes: f64,
}

/// Pages that have one address.
const SINGLE: &[(&str, &str)] = &[
    ("today", "/"),
    ("conflicts", "/conflicts"),
    ("conflicts of a region and phase", "/conflicts?region=ML-7&status=open"),
    ("new conflict", "/conflicts/new"),
    ("consultations", "/consultations"),
    ("tree of consultations", "/consultations/tree"),
    ("projects", "/projects"),
    ("projects by status", "/projects?view=status"),
    ("plan", "/plan"),
    ("recommendations", "/recommendations"),
    ("sync", "/sync"),
    ("only here", "/sync/only-here"),
    ("journal", "/journal"),
    ("account", "/account"),
    ("accounts", "/accounts"),
    ("national", "/national"),
    ("reports", "/reports"),
    ("map of conflicts", "/conflicts/map"),
];

/// Pages that show a map.
const MAPS: [&str; 2] = ["/national", "/conflicts/map"];

/// What people look for.
const SEARCHES: [&str; 4] = [
    "/conflicts?text=puits",
    "/conflicts?text=p%C3%A2t",
    "/consultations?text=comite+village",
    "/projects?text=formation",
];

pub(crate) fn measure() -> Vec<Figure> {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let directory = home.path().join("data");
    fill(&directory);
    let node = Node::start(&directory);
    let figures = runtime().block_on(async {
        let reader = Reader::sign_in(&format!("http://{}", node.client.address)).await;
        let mut figures = Vec::new();
        for kind in kinds(&reader).await {
            figures.extend(reader.measure(&kind).await);
        }
        figures.extend(reader.annual_report().await);
        figures.extend(paint::measure(&reader.root).await);
        figures
    });
    node.end();
    figures
}

async fn kinds(reader: &Reader) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = SINGLE
        .iter()
        .map(|(name, address)| Kind {
            name: (*name).to_owned(),
            addresses: vec![(*address).to_owned()],
            millis: 60.0,
            kilobytes: if MAPS.contains(address) { MAP_KB } else { PAGE_KB },
        })
        .collect();
    let search = SEARCHES.iter().map(|address| (*address).to_owned()).collect();
    kinds.push(Kind { name: "search".to_owned(), addresses: search, millis: 30.0, kilobytes: PAGE_KB });
    for list in ["/conflicts", "/consultations", "/projects"] {
        let records = reader.records_of(list).await;
        for (name, end) in [("record", ""), ("form", "/edit"), ("history", "/history")] {
            let addresses = records.iter().map(|record| format!("{record}{end}")).collect();
            kinds.push(Kind { name: format!("{name} of {list}"), addresses, millis: 60.0, kilobytes: PAGE_KB });
        }
    }
    kinds
}

/// Somebody who has signed in and reads.
struct Reader {
    http: Client,
    root: String,
    cookie: String,
}

impl Reader {
    async fn sign_in(root: &str) -> Self {
        let http = Client::builder().redirect(Policy::none()).build().expect("a client can be made");
        let (name, password) = READER;
        let form: String =
            [("name", name), ("password", password)].map(|(key, value)| format!("{key}={}", encoded(value))).join("&");
        let call = http.post(format!("{root}/sign-in")).body(form);
        let answer = call.header("Content-Type", "application/x-www-form-urlencoded").send().await;
        let answer = answer.expect("the node answers");
        assert!(answer.headers().contains_key(LOCATION), "the reader is let in");
        let cookie = answer.headers()[SET_COOKIE].to_str().expect("a cookie is ASCII");
        let cookie = cookie.split(';').next().expect("a split has a first part").to_owned();
        Reader { http, root: root.to_owned(), cookie }
    }

    async fn get(&self, address: &str, encoding: &'static str) -> Response {
        let call = self.http.get(format!("{}{address}", self.root)).header(COOKIE, &self.cookie);
        let answer = call.header(ACCEPT_ENCODING, encoding).send().await.expect("the node answers");
        assert_eq!(answer.status(), 200, "{address}");
        answer
    }

    /// Addresses of records that a list names, from several of its pages.
    async fn records_of(&self, list: &str) -> Vec<String> {
        let page = self.get(list, "identity").await.text().await.expect("a page is text");
        let link = format!("href=\"{list}/");
        let named = page.split(&link).skip(1).filter_map(|rest| rest.split('"').next());
        let records: Vec<String> = named
            .filter(|id| id.len() > 20 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .map(|id| format!("{list}/{id}"))
            .take(RECORDS)
            .collect();
        assert!(!records.is_empty(), "{list} names records");
        records
    }

    /// An annual report: made and kept, and printed again.
    async fn annual_report(&self) -> [Figure; 2] {
        let (mut made, mut printed) = (Vec::with_capacity(REPORTS), Vec::with_capacity(REPORTS));
        for _ in 0..REPORTS {
            let page = self.get("/reports", "identity").await.text().await.expect("a page is text");
            let form = page.split("class=\"record\"").nth(1).expect("there is a form");
            let hidden = |name: &str| {
                let value =
                    form.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|rest| rest.split('"').next());
                format!("{name}={}", encoded(value.expect("the form has it")))
            };
            let sent = format!("{}&{}&kind=annual&year=2010&quarter=&knowledge=", hidden("csrf"), hidden("draft"));
            let begun = Instant::now();
            let call = self.http.post(format!("{}/reports", self.root)).header(COOKIE, &self.cookie).body(sent);
            let answer = call.header("Content-Type", "application/x-www-form-urlencoded").send().await;
            let answer = answer.expect("the node answers");
            made.push(begun.elapsed());
            let address = answer.headers()[LOCATION].to_str().expect("an address is ASCII").to_owned();
            let begun = Instant::now();
            self.get(&address, "gzip").await.bytes().await.expect("a page is read to its end");
            printed.push(begun.elapsed());
        }
        [
            Figure::millis("annual report, made, p95", percentile(&made, 95)).at_most(1_000.0),
            Figure::millis("annual report, printed again, p95", percentile(&printed, 95)).at_most(1_000.0),
        ]
    }

    async fn measure(&self, kind: &Kind) -> [Figure; 2] {
        let (mut times, mut greatest) = (Vec::with_capacity(READS), 0);
        for read in 0..=READS {
            let begun = Instant::now();
            let answer = self.get(&kind.addresses[read % kind.addresses.len()], "gzip").await;
            let head: usize = answer.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
            let body = answer.bytes().await.expect("a page is read to its end");
            greatest = greatest.max(head + body.len());
            if read > 0 {
                times.push(begun.elapsed());
            }
        }
        let name = &kind.name;
        [
            Figure::millis(format!("{name}, p95"), percentile(&times, 95)).at_most(kind.millis),
            Figure::new(format!("{name}, on the wire"), greatest as f64 / 1e3, "kB").at_most(kind.kilobytes),
        ]
    }
}

/// A value of a form, as a browser sends it.
fn encoded(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
