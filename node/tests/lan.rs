//! An office that others on the local network reach: the program itself, its certificate and its command line.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

const DONE: i32 = 0;
const USAGE: i32 = 2;
const NOT_FOUND: i32 = 3;

/// A directory with the office `gao` in it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Desk {
        let desk = Desk(tempfile::tempdir().unwrap());
        let made = desk.json(&["init", "--name", "Gao", "--network-secret", "shared.secret", "--create-secret"]);
        assert_eq!(made["certificate"], desk.fingerprint(), "what init says is what there is");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_toguna"));
        command.current_dir(self.0.path()).args(arguments).args(["--data-dir", "gao"]).env_remove("RUST_LOG");
        command
    }

    #[track_caller]
    fn run(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{text}");
        text
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(DONE, &[arguments, &["--json"]].concat())).unwrap()
    }

    fn fingerprint(&self) -> String {
        self.json(&["certificate"])["sha256"].as_str().unwrap().to_owned()
    }

    /// Adds settings to the office's file.
    fn set(&self, settings: &str) {
        let file = self.path("gao/toguna.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text + settings).unwrap();
    }

    /// Starts the node on an address, and gives what it says of itself.
    fn start(&self, http: &str) -> (Node, Value) {
        let arguments = ["run", "--http", http, "--listen", "/ip4/127.0.0.1/tcp/0", "--no-mdns", "--json"];
        let mut child = self.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = std::iter::from_fn(|| lines.next()?.ok());
        let mut text = String::new();
        for line in told {
            text.push_str(&line);
            if line == "}" {
                break;
            }
        }
        (Node(child), serde_json::from_str(&text).unwrap())
    }
}

/// A running node; killed when the test ends before it was stopped.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_certificate_is_kept_and_the_command_line_takes_no_other() {
    let desk = Desk::new();
    let first = desk.fingerprint();
    let mode = fs::metadata(desk.path("gao/tls.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!desk.run(DONE, &["certificate", "--pem"]).contains("PRIVATE"));
    for http in ["0.0.0.0:0", "0.0.0.0:0"] {
        let (node, told) = desk.start(http);
        assert!(told["http"].as_str().unwrap().starts_with("https://"), "{told}");
        assert_eq!(told["certificate"], *first);
        assert_eq!(desk.json(&["status"])["running"], true);
        desk.run(DONE, &["records", "new", "--kind", "conflict", "--title", "Puits"]);
        // Whoever stands in for the node has another certificate, and is not spoken to.
        let file = desk.path("gao/node.json");
        let honest = fs::read_to_string(&file).unwrap();
        let forged = honest.replace(&first[..4], if first.starts_with("0000") { "FFFF" } else { "0000" });
        fs::write(&file, &forged).unwrap();
        assert_ne!(desk.command(&["status"]).output().unwrap().status.code(), Some(DONE), "{forged}");
        let mut plain: Value = serde_json::from_str(&honest).unwrap();
        plain.as_object_mut().unwrap().remove("certificate");
        plain["http"] = "192.0.2.1:7373".into();
        fs::write(&file, plain.to_string()).unwrap();
        assert!(desk.run(1, &["status"]).contains("plain HTTP"), "never to another machine in the clear");
        drop(node);
    }
    let (_node, told) = desk.start("127.0.0.2:0");
    assert!(told["http"].as_str().unwrap().starts_with("http://127.0.0.2:"), "{told}");
    assert_eq!(told.get("certificate"), None);
    assert_eq!(desk.json(&["status"])["running"], true);
}

#[test]
fn tls_can_be_had_on_this_machine_to_itself_too() {
    let desk = Desk::new();
    desk.set("tls.always = true\n");
    let (_node, told) = desk.start("127.0.0.1:0");
    assert!(told["http"].as_str().unwrap().starts_with("https://127.0.0.1:"), "{told}");
    assert_eq!(desk.json(&["status"])["running"], true);
}

#[test]
fn given_files_that_cannot_serve_are_told_when_the_node_starts() {
    let desk = Desk::new();
    desk.set("tls.certificate = \"given.crt\"\ntls.key = \"given.key\"\n");
    let start = ["run", "--http", "0.0.0.0:0", "--no-mdns"];
    assert!(desk.run(NOT_FOUND, &start).contains("reading gao/given.crt"));
    let own = fs::read_to_string(desk.path("gao/tls.pem")).unwrap();
    fs::write(desk.path("gao/given.crt"), &own).unwrap();
    fs::write(desk.path("gao/given.key"), "nothing").unwrap();
    assert!(desk.run(USAGE, &start).contains("given.key holds no private key"));
    // The key of another office.
    let other = Desk::new();
    let key = fs::read_to_string(other.path("gao/tls.pem")).unwrap();
    fs::write(desk.path("gao/given.key"), key).unwrap();
    assert!(desk.run(USAGE, &start).contains("does not belong to the private key"));
    fs::write(desk.path("gao/given.key"), &own).unwrap();
    let (_node, told) = desk.start("0.0.0.0:0");
    assert_eq!(told["certificate"], *desk.fingerprint());
}
