//! A node that is killed gives back what was typed, whole.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use reqwest::{Client, Response, header::COOKIE, redirect::Policy};

/// Runs a command of the program on the office in a directory, with something on its standard input.
fn run(desk: &Path, args: &[&str], input: &str) {
    let mut child = command(desk, args).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{args:?}");
}

fn command(desk: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_toguna"));
    command.current_dir(desk).args(args).args(["--data-dir", "kidal"]).env_remove("RUST_LOG");
    command
}

/// A running node and its address; killed when the test ends.
struct Node(Child, String);

impl Node {
    fn start(desk: &Path) -> Node {
        let args = ["run", "--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0", "--no-mdns", "--json"];
        let mut child = command(desk, &args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut told = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        while !told.trim_end().ends_with('}') {
            assert_ne!(lines.read_line(&mut told).unwrap(), 0, "the node says where it is: {told}");
        }
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        Node(child, told["http"].as_str().unwrap().to_owned())
    }

    /// As the system does when there is no memory left, or the power fails.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // An error means that it has ended, as it should.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn post(client: &Client, address: String, cookie: &str, inputs: &[(&str, &str)]) -> Response {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(inputs).finish();
    let request = client.post(address).header(COOKIE, cookie).body(body);
    request.header("Content-Type", "application/x-www-form-urlencoded").send().await.unwrap()
}

/// The value of an attribute of the first tag that holds a text.
fn attribute<'t>(page: &'t str, holding: &str, name: &str) -> &'t str {
    let at = page.find(holding).unwrap_or_else(|| panic!("{holding} in {page}"));
    let tag = &page[page[..at].rfind('<').unwrap()..];
    let start = tag.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
    &tag[start..start + tag[start..].find('"').unwrap()]
}

#[tokio::test]
async fn a_killed_node_gives_the_draft_back() {
    let desk = tempfile::tempdir().unwrap();
    run(
        desk.path(),
        &["init", "--name", "Kidal", "--region", "ML-8", "--network-secret", "shared", "--create-secret"],
        "",
    );
    run(desk.path(), &["user", "add", "Awa", "--role", "regional-officer", "--password-stdin"], "bien gardé\n");
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let mut node = Node::start(desk.path());
    let entered =
        post(&client, format!("{}/sign-in", node.1), "", &[("name", "Awa"), ("password", "bien gardé")]).await;
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let value = cookie.split_once('=').unwrap().1;
    let get = async |address: String| {
        // A cookie is named after the port, which the node started again does not have any more.
        let port = address.split(['/', ':']).nth(4).unwrap();
        let answer = client.get(&address).header(COOKIE, format!("toguna-{port}={value}")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    };
    let form = get(format!("{}/conflicts/new", node.1)).await;
    let text = "Trente têtes volées près du puits. ".repeat(6);
    assert!(text.chars().count() >= 200);
    let inputs = [
        ("csrf", attribute(&form, "name=\"csrf\"", "value")),
        ("draft", attribute(&form, "name=\"draft\"", "value")),
        ("title", "Puits"),
        ("narrative", &text),
    ];
    let kept = post(&client, format!("{}/drafts?form=/conflicts/new", node.1), &cookie, &inputs).await;
    assert_eq!(kept.status(), 200);
    node.kill();

    let node = Node::start(desk.path());
    let offered = get(format!("{}/conflicts/new", node.1)).await;
    assert!(offered.contains("Brouillon de "), "{offered}");
    let resume = attribute(&offered, ">Reprendre<", "href");
    let resumed = get(format!("{}{resume}", node.1)).await;
    assert!(resumed.contains(&text), "{resumed}");
}
