//! Offices without any link, the real command line, and files that are carried by hand: whole, damaged, and too large.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

const DONE: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const NOT_FOUND: i32 = 3;
const REFUSED: i32 = 4;

/// A table with some offices on it.
struct Table(tempfile::TempDir);

impl Table {
    fn with(offices: &[&str]) -> Table {
        let table = Table(tempfile::tempdir().unwrap());
        for (at, office) in offices.iter().enumerate() {
            let create = if at == 0 { "--create-secret" } else { "" };
            table.run(DONE, office, &format!("init --name {office} --network-secret shared.secret {create}"));
        }
        table
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, office: &str, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_toguna"));
        command.current_dir(self.0.path()).args(line.split_whitespace()).args(["--data-dir", office]);
        command.env_remove("RUST_LOG");
        command
    }

    #[track_caller]
    fn run(&self, code: i32, office: &str, line: &str) -> Output {
        let output = self.command(office, line).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{office}: {line}\n{out}\n{err}");
        output
    }

    #[track_caller]
    fn text(&self, office: &str, line: &str) -> String {
        String::from_utf8(self.run(DONE, office, line).stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, office: &str, line: &str) -> Value {
        serde_json::from_slice(&self.run(DONE, office, &format!("{line} --json")).stdout).unwrap()
    }

    #[track_caller]
    fn complaint(&self, code: i32, office: &str, line: &str) -> String {
        String::from_utf8(self.run(code, office, line).stderr).unwrap()
    }

    fn digest(&self, office: &str) -> String {
        self.json(office, "status")["digest"].as_str().unwrap().to_owned()
    }

    fn write(&self, office: &str, count: usize) {
        for number in 0..count {
            self.run(DONE, office, &format!("records new --kind conflict --title Puits-{office}-{number}"));
        }
    }

    /// Enters records whose texts take some 150 kB however they are packed.
    fn fill(&self, office: &str) {
        let mut chance = 7_u64;
        let mut word = || {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{:016x}", chance ^ chance >> 31)
        };
        let mut line = |number: usize| {
            let text: Vec<String> = (0..180).map(|_| word()).collect();
            let record = serde_json::json!({"kind": "conflict", "title": format!("Puits {number}"),
                "source_ref": format!("puits-{number}"), "narrative": text.join(" ")});
            format!("{record}\n")
        };
        fs::write(self.path("register.jsonl"), (0..100).map(&mut line).collect::<String>()).unwrap();
        self.run(DONE, office, "import register.jsonl");
    }

    fn start(&self, office: &str) -> Node {
        let line = "run --http 127.0.0.1:0 --listen /ip4/127.0.0.1/tcp/0 --no-mdns --log-level warn --json";
        let mut child = self.command(office, line).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(std::iter::from_fn(|| lines.next()?.ok()).take_while(|line| line != "}").count() > 1);
        Node(child)
    }
}

struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn flip(file: &Path, at: usize, to: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 4;
    fs::write(to, bytes).unwrap();
}

#[test]
fn three_offices_without_links_come_to_hold_the_same_and_each_learns_who_has_its_record() {
    let table = Table::with(&["Gao", "Kidal", "Bamako"]);
    ["Gao", "Kidal", "Bamako"].iter().for_each(|office| table.write(office, 2));
    let record = table.json("Gao", "records new --kind project --title Forage")["id"].as_str().unwrap().to_owned();
    // One of them has its node running all the while.
    let _node = table.start("Kidal");
    for (round, how) in ["--all", "--for"].iter().enumerate() {
        for (from, to) in [("Gao", "Kidal"), ("Kidal", "Bamako"), ("Bamako", "Gao")] {
            let whom = if *how == "--for" { to } else { "" };
            let line = format!("bundle export {how} {whom} --to courrier.bundle");
            let made = table.text(from, &line);
            assert!(made.contains(&format!("Made by {from}")), "{made}");
            let taken = table.json(to, "bundle import courrier.bundle");
            assert_eq!(taken["files"][0]["astray"], 0, "round {round}: {taken}");
            let again = table.json(to, "bundle import courrier.bundle");
            assert_eq!(
                (&again["files"][0]["new"], &again["files"][0]["acknowledged"]),
                (&0.into(), &Value::Array(vec![]))
            );
        }
    }
    // What Gao lacked of its own words came last; one more stick and all hold the same.
    table.run(DONE, "Gao", "bundle export --for Kidal --to courrier.bundle");
    let taken = table.text("Kidal", "bundle import courrier.bundle");
    assert!(taken.contains("Acknowledgements of") && taken.contains("Gao"), "{taken}");
    let digest = table.digest("Gao");
    assert_eq!((table.digest("Kidal"), table.digest("Bamako")), (digest.clone(), digest));
    let receipts = table.json("Gao", &format!("records receipts {record}"));
    let kidal = receipts["receipts"].as_array().unwrap().iter().find(|receipt| receipt["name"] == "Kidal").unwrap();
    assert_eq!((&kidal["state"], &kidal["since"]["carrier"]["kind"]), (&"has".into(), &"bundle".into()));
    let shown = table.text("Gao", &format!("records receipts {record}"));
    assert!(shown.contains("bundle of Bamako"), "{shown}");
    assert!(table.text("Bamako", "check").contains("The store is sound."));
}

#[test]
fn every_trouble_with_a_bundle_has_its_words_and_loses_nothing() {
    let table = Table::with(&["Gao", "Kidal"]);
    table.write("Gao", 3);
    table.run(DONE, "Gao", "bundle export --all --to first.bundle");
    table.write("Gao", 1);
    table.run(DONE, "Gao", "bundle export --since first.bundle --to second.bundle");
    let whole = fs::read(table.path("first.bundle")).unwrap();
    fs::write(table.path("cut.bundle"), &whole[..whole.len() / 2]).unwrap();
    fs::write(table.path("other.txt"), "une lettre").unwrap();
    fs::write(table.path("empty.bundle"), "").unwrap();
    flip(&table.path("first.bundle"), 20, &table.path("head.bundle"));
    flip(&table.path("first.bundle"), whole.len() - 40, &table.path("flipped.bundle"));
    let mut newer = whole.clone();
    newer[8] = 2;
    fs::write(table.path("newer.bundle"), &newer).unwrap();
    table.run(DONE, "Tamale", "init --name Tamale --network-secret another.secret --create-secret");
    table.run(DONE, "Tamale", "bundle export --all --to foreign.bundle");
    // Its first start writes its card.
    table.run(DONE, "Kidal", "status");
    let before = table.digest("Kidal");
    let cases = [
        (REFUSED, "import second.bundle", "nothing was taken: this bundle of"),
        (REFUSED, "import second.bundle", "import that one first, or ask"),
        (REFUSED, "import cut.bundle", "not whole, or damaged at its end"),
        (REFUSED, "import empty.bundle", "not a Toguna bundle"),
        (REFUSED, "import other.txt", "not a Toguna bundle"),
        (REFUSED, "import head.bundle", "damaged at its beginning"),
        (REFUSED, "import flipped.bundle", "copy it once more"),
        (REFUSED, "import foreign.bundle", "of another network"),
        (REFUSED, "inspect foreign.bundle", "of another network"),
        (REFUSED, "import newer.bundle", "damaged at its beginning"),
        (NOT_FOUND, "import nothing.bundle", "nothing.bundle"),
        (NOT_FOUND, "export --for Nobody --to x.bundle", "no office of this name"),
        (REFUSED, "export --for Kidal --to x.bundle", "this is the office itself"),
        (USAGE, "export --to x.bundle", "--all"),
        (USAGE, "export --all --to x.bundle --split 7", "64K"),
        (FAILED, "export --all --to no/such/place.bundle", "no/such/place.bundle"),
    ];
    for (code, line, expected) in cases {
        let complaint = table.complaint(code, "Kidal", &format!("bundle {line}"));
        let flat = complaint.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(expected), "{line}: {complaint}");
    }
    assert_eq!(table.digest("Kidal"), before, "nothing of what was refused was taken");
    assert!(!table.path("x.bundle").exists() && !table.path("x.bundle.part").exists());
    let seen = table.text("Kidal", "bundle inspect second.bundle");
    let name = table.json("Gao", "bundle inspect first.bundle")["name"].as_str().unwrap().to_owned();
    assert!(seen.contains("cannot be taken in here yet") && seen.contains(&format!("the bundle {name}")), "{seen}");
    table.run(DONE, "Kidal", "bundle import first.bundle second.bundle");
    assert_eq!(table.json("Kidal", "bundle inspect second.bundle")["missing"], Value::Array(vec![]));
    assert_eq!(table.json("Kidal", "status")["counts"]["conflict"], 4);
}

#[test]
fn a_split_is_written_in_parts_that_are_taken_in_order() {
    let table = Table::with(&["Gao", "Kidal"]);
    table.fill("Gao");
    let made = table.json("Gao", "bundle export --all --to courrier.bundle --split 64K");
    let files = made["files"].as_array().unwrap();
    let names: Vec<&str> = files.iter().map(|file| file["file"].as_str().unwrap()).collect();
    assert!(names.len() > 1, "{made}");
    for name in &names {
        assert!(fs::metadata(table.path(name)).unwrap().len() <= 65_536, "{name}");
    }
    let complaint = table.complaint(REFUSED, "Kidal", &format!("bundle import {}", names[1]));
    assert!(complaint.contains("part 1 of it, the bundle") && complaint.contains("here are 0"), "{complaint}");
    let taken = table.text("Kidal", &format!("bundle import {}", names.join(" ")));
    assert!(taken.contains("Another part follows"), "{taken}");
    let counts = |office| table.json(office, "status")["counts"].clone();
    assert_eq!(counts("Kidal"), counts("Gao"));
}

/// A file system of its own, as small as a bad stick. Only root can make one.
struct Stick(PathBuf);

impl Stick {
    fn of(size: &str, at: &Path) -> Option<Stick> {
        fs::create_dir_all(at).unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(at).output();
        mounted.ok().filter(|output| output.status.success()).map(|_| Stick(at.to_owned()))
    }
}

impl Drop for Stick {
    fn drop(&mut self) {
        // Nothing can be done about it here.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_stick_keeps_what_it_held() {
    let table = Table::with(&["Gao"]);
    table.fill("Gao");
    let Some(stick) = Stick::of("40k", &table.path("stick")) else {
        println!("skipped: a small file system can only be mounted by root");
        return;
    };
    fs::write(stick.0.join("courrier.bundle"), "the one of last week").unwrap();
    let complaint = table.complaint(FAILED, "Gao", "bundle export --all --to stick/courrier.bundle");
    assert!(complaint.contains("no room left") && complaint.contains("--split"), "{complaint}");
    assert_eq!(fs::read_to_string(stick.0.join("courrier.bundle")).unwrap(), "the one of last week");
    assert_eq!(fs::read_dir(&stick.0).unwrap().count(), 1, "the draft is gone");
}
