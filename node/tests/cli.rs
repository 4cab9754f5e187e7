//! The program itself, as scripts and people use it: what it prints, and with which code it ends.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

const DONE: i32 = 0;
const USAGE: i32 = 2;
const NOT_FOUND: i32 = 3;
const REFUSED: i32 = 4;
const CHANGED: i32 = 5;
const BUSY: i32 = 6;

/// A directory in which the program is called.
struct Desk(tempfile::TempDir);

impl Desk {
    /// With the office `gao` in it.
    fn with_office() -> Desk {
        let desk = Desk(tempfile::tempdir().unwrap());
        desk.run(DONE, "init --name Gao --region ML-7 --network-secret shared.secret --create-secret");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_toguna"));
        command.current_dir(self.0.path()).args(words(line));
        if !line.contains("--data-dir") {
            command.args(["--data-dir", "gao"]);
        }
        command.env_remove("RUST_LOG");
        command
    }

    /// Runs the program, which must end with `code`.
    #[track_caller]
    fn run(&self, code: i32, line: &str) -> Output {
        let output = self.command(line).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{line}\n{out}\n{err}");
        output
    }

    #[track_caller]
    fn text(&self, line: &str) -> String {
        String::from_utf8(self.run(DONE, line).stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, line: &str) -> Value {
        serde_json::from_slice(&self.run(DONE, &format!("{line} --json")).stdout).unwrap()
    }

    #[track_caller]
    fn complaint(&self, code: i32, line: &str) -> String {
        String::from_utf8(self.run(code, line).stderr).unwrap()
    }

    /// Starts the office's node and waits until it can be asked.
    fn start(&self) -> Node {
        let mut child = self
            .command("run --http 127.0.0.1:0 --listen /ip4/127.0.0.1/tcp/0 --no-mdns --log-level warn --json")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = std::iter::from_fn(|| lines.next()?.ok()).take_while(|line| line != "}");
        assert!(told.count() > 1, "the node says where it is");
        Node(child)
    }
}

/// A running node; killed when the test ends before it was stopped.
struct Node(Child);

impl Node {
    /// Asks it to stop, as an operator or a service manager does.
    fn stop(mut self) {
        let stopped = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        assert!(stopped.success());
        assert_eq!(self.0.wait().unwrap().code(), Some(DONE));
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // An error means that it has ended, as it should.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The words of a command line; single quotes keep words together.
fn words(line: &str) -> Vec<String> {
    let pieces = line.split('\'').enumerate();
    let words = pieces.flat_map(|(at, piece)| match at % 2 {
        0 => piece.split_whitespace().map(str::to_owned).collect(),
        _ => vec![piece.to_owned()],
    });
    words.collect()
}

fn id_of(made: &Value) -> String {
    made["id"].as_str().expect("an id").to_owned()
}

/// Makes, lists, shows, edits a record and reads its history, through whatever answers.
fn a_record_from_paper_to_history(desk: &Desk) {
    fs::write(desk.path("report.txt"), "Une phrase.\nUne autre.\n").unwrap();
    let made = desk.json("records new --kind conflict --title 'Puits de Tin-Essako' --set regions=ML-8 --by Awa");
    let id = id_of(&made);
    let prefix = &id[..12];
    desk.run(
        DONE,
        &format!(
            "records edit {prefix} --set phase=open --set narrative=@report.txt --by Moussa --reason relecture \
             --add incidents.date=2009-11 --add incidents.incident_type=cattle-theft"
        ),
    );
    let listed = desk.json("records list --kind conflict --status open --text essako");
    assert_eq!((&listed["total"], &listed["records"][0]["id"]), (&Value::from(1), &Value::from(id.as_str())));
    let record = desk.json(&format!("records show {prefix}"));
    assert_eq!(record["narrative"], "Une phrase.\nUne autre.");
    assert_eq!(record["phase"]["is"], "open");
    let incidents = record["incidents"].as_object().unwrap();
    assert_eq!(incidents.values().next().unwrap()["incident_type"], "cattle-theft");
    let shown = desk.text(&format!("records show {prefix}"));
    for expected in ["Puits de Tin-Essako", "Une autre.", "Kidal (ML-8)", "cattle-theft", "by Moussa, Gao"] {
        assert!(shown.contains(expected), "{expected} in\n{shown}");
    }
    let history = desk.json(&format!("records history {prefix}"));
    let by: Vec<&str> =
        history["history"].as_array().unwrap().iter().map(|step| step["by"].as_str().unwrap()).collect();
    assert_eq!(by, ["Awa", "Moussa"]);
    assert_eq!(history["history"][1]["reason"], "relecture");
    let entry = history["history"][0]["entry"].as_str().unwrap();
    let before = desk.json(&format!("records show {prefix} --at {entry}"));
    assert!(before.get("phase").is_none(), "{before}");
    let receipts = desk.json(&format!("records receipts {prefix}"));
    let own = &receipts["receipts"][0];
    assert_eq!((&own["state"], &own["name"], &own["of"]), (&"here".into(), &"Gao".into(), &Value::from(2)));
    let receipts = desk.text(&format!("records receipts {prefix}"));
    assert!(receipts.contains("Has it") && receipts.contains("here"), "{receipts}");
    let nothing = desk.text(&format!("records edit {prefix} --set phase=open"));
    assert!(nothing.contains("Nothing to save"), "{nothing}");
}

#[test]
fn records_are_kept_without_a_node() {
    let desk = Desk::with_office();
    a_record_from_paper_to_history(&desk);
    let status = desk.json("status");
    assert_eq!((&status["running"], &status["counts"]["conflict"]), (&Value::from(false), &Value::from(1)));
    let status = desk.text("status");
    assert!(status.contains("Known to be missing") && status.contains("what is missing here is unknown"), "{status}");
    assert!(desk.text("check").contains("The store is sound."));
    assert!(desk.text("peers").contains("No node is running"));
}

#[test]
fn records_are_kept_through_a_running_node() {
    let desk = Desk::with_office();
    let node = desk.start();
    a_record_from_paper_to_history(&desk);
    let status = desk.json("status");
    assert_eq!((&status["running"], &status["node"]["name"]), (&Value::from(true), &Value::from("Gao")));
    assert!(desk.text("check").contains("The store is sound."));
    let complaint = desk.complaint(BUSY, "run --http 127.0.0.1:0 --no-mdns");
    assert!(complaint.contains("in use by process"), "{complaint}");
    node.stop();
    assert!(!desk.path("gao/node.json").exists(), "a node that stopped says so");
    assert_eq!(desk.json("status")["counts"]["conflict"], 1);
}

#[test]
fn a_node_that_was_killed_leaves_nothing_in_the_way() {
    let desk = Desk::with_office();
    let mut node = desk.start();
    let made = desk.json("records new --kind project --title Forage");
    node.0.kill().unwrap();
    node.0.wait().unwrap();
    assert!(desk.path("gao/node.json").exists(), "it had no time to say so");
    assert_eq!(desk.json(&format!("records show {}", id_of(&made)))["title"], "Forage");
    assert_eq!(desk.json("status")["running"], false);
}

#[test]
fn every_refusal_has_its_code_and_says_what_to_do() {
    let desk = Desk::with_office();
    let id = id_of(&desk.json("records new --kind conflict --title Puits"));
    fs::write(desk.path("patch.json"), "{\"phase\": ").unwrap();
    let cases = [
        (USAGE, "records new --title x".to_owned(), "--kind"),
        (USAGE, format!("records edit {id} --set fase=open"), "did you mean phase?"),
        (USAGE, format!("records edit {id}"), "say what is to be changed"),
        (USAGE, format!("records edit {id} --from patch.json"), "patch.json is not JSON (line 1"),
        (NOT_FOUND, "records receipts zzzz".to_owned(), "no record whose id begins with"),
        (NOT_FOUND, "records show zzzz".to_owned(), "no record whose id begins with"),
        (NOT_FOUND, "status --data-dir nowhere".to_owned(), "set one up with `toguna init`"),
        (NOT_FOUND, "import nothing.jsonl".to_owned(), "nothing.jsonl"),
        (REFUSED, format!("records edit {id} --set phase=war"), "/phase/is: "),
        (REFUSED, format!("records settle {id} --field /phase --value open"), "concurrent"),
        (REFUSED, "init --name Gao --network-secret shared.secret".to_owned(), "there is an office in gao already"),
        (NOT_FOUND, "init --data-dir b --name B --network-secret none".to_owned(), "--create-secret"),
        (USAGE, "init --data-dir b --name B --region ML-77 --network-secret shared.secret".to_owned(), "ML-7 (Gao)"),
    ];
    for (code, line, expected) in cases {
        let complaint = desk.complaint(code, &line);
        assert!(complaint.contains(expected), "{line}: {complaint}");
    }
    let complaint: Value =
        serde_json::from_str(&desk.complaint(REFUSED, &format!("records edit {id} --set phase=war --json"))).unwrap();
    assert_eq!(complaint["error"]["problem"]["problems"][0]["pointer"], "/phase/is");
}

#[test]
fn a_field_that_somebody_else_changed_is_answered_with_both_values() {
    let desk = Desk::with_office();
    let id = id_of(&desk.json("records new --kind conflict --title Puits --set 'paper_reference=A 1'"));
    let etag = desk.json(&format!("records show {id}"))["meta"]["etag"].as_str().unwrap().to_owned();
    desk.run(DONE, &format!("records edit {id} --set 'paper_reference=A 2'"));
    let complaint = desk.complaint(CHANGED, &format!("records edit {id} --etag '{etag}' --set 'paper_reference=A 3'"));
    assert!(complaint.contains("/paper_reference: was A 1, is now A 2, yours A 3"), "{complaint}");
}

#[test]
fn a_secret_of_another_network_does_not_open_the_office() {
    let desk = Desk::with_office();
    desk.run(DONE, "init --data-dir other --name Kidal --network-secret other.secret --create-secret");
    fs::copy(desk.path("other.secret"), desk.path("gao/network.secret")).unwrap();
    let complaint = desk.complaint(USAGE, "run --http 127.0.0.1:0 --no-mdns");
    assert!(complaint.contains("belongs to another network"), "{complaint}");
    fs::write(desk.path("gao/network.secret"), "secret").unwrap();
    let complaint = desk.complaint(USAGE, "status");
    assert!(complaint.contains("one line of 52 letters"), "{complaint}");
}

#[test]
fn a_file_is_imported_once_and_its_faults_are_named() {
    let desk = Desk::with_office();
    let good = r#"{"kind":"conflict","title":"Un puits","source_ref":"A"}"#;
    fs::write(desk.path("good.jsonl"), good).unwrap();
    fs::write(desk.path("bad.jsonl"), format!("{good}\n{{\"kind\":\"war\",\"source_ref\":\"B\"}}\n")).unwrap();
    assert!(desk.complaint(REFUSED, "import bad.jsonl").contains("bad.jsonl, line 2, /kind"));
    assert!(desk.text("import --preview good.jsonl").contains("Would import 1 record."));
    assert_eq!(desk.json("status")["counts"]["conflict"], 0);
    assert!(desk.text("import good.jsonl").contains("Imported 1 record."));
    assert!(desk.text("import good.jsonl").contains("already there"));
    assert_eq!(desk.json("status")["counts"]["conflict"], 1);
}

#[test]
fn completions_are_written_for_each_shell() {
    let desk = Desk(tempfile::tempdir().unwrap());
    for shell in ["bash", "zsh", "fish"] {
        let script = desk.text(&format!("completions {shell}"));
        assert!(script.contains("toguna") && script.contains("records"), "{shell}");
    }
}

#[test]
fn what_lies_in_the_data_directory_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::with_office();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&desk.path("gao")), 0o700);
    assert_eq!(mode(&desk.path("shared.secret")), 0o600);
    for name in ["api.token", "device.key", "network.secret"] {
        assert_eq!(mode(&desk.path(&format!("gao/{name}"))), 0o600, "{name}");
    }
}
