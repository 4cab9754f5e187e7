//! Tables go in and out by the command line, as scripts and operators use it.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

const DONE: i32 = 0;
const USAGE: i32 = 2;
const REFUSED: i32 = 4;

/// A directory with the office `gao` in it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Desk {
        let desk = Desk(tempfile::tempdir().unwrap());
        desk.run(DONE, &["init", "--name", "Gao", "--network-secret", "shared.secret", "--create-secret"]);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What the program prints, which must end with `code`.
    #[track_caller]
    fn run(&self, code: i32, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_toguna"));
        command.current_dir(self.0.path()).args(arguments).args(["--data-dir", "gao"]).env_remove("RUST_LOG");
        let output = command.output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{text}");
        text
    }
}

#[test]
fn a_table_is_imported_once_and_faults_are_told_without_what_stands_there() {
    let desk = Desk::new();
    let rows = "Intitulé;Région;Couleur\nUn;Gao;\nDeux;Kidal;\n";
    fs::write(desk.path("good.csv"), rows).unwrap();
    fs::write(desk.path("bad.csv"), format!("{rows}Trois;Atlantide;bleu\n")).unwrap();
    fs::write(desk.path("book.csv"), b"PK\x03\x04book").unwrap();
    assert!(desk.run(USAGE, &["import", "good.csv"]).contains("--kind"));
    let table = ["import", "--kind", "conflict"];
    let with = |more: &[&'static str]| [&table[..], more].concat();
    let faulty = desk.run(REFUSED, &with(&["bad.csv"]));
    assert!(faulty.contains("1 row is at fault, 1 column is not known"), "{faulty}");
    assert!(faulty.contains("row 4, column Regions concerned") && !faulty.contains("Atlantide"), "{faulty}");
    assert!(desk.run(REFUSED, &with(&["book.csv"])).contains("save it as CSV"));
    assert!(desk.run(DONE, &with(&["good.csv", "--dry-run"])).contains("Would import 2 records."));
    assert!(desk.run(DONE, &with(&["good.csv"])).contains("Imported 2 records."));
    assert!(desk.run(DONE, &with(&["good.csv"])).contains("already there"));
    let rest = desk.run(DONE, &with(&["bad.csv", "--leave-faulty"]));
    assert!(rest.contains("already there") && rest.contains("1 faulty row left out."), "{rest}");
    desk.run(DONE, &with(&["--template", "template.csv"]));
    assert!(fs::read_to_string(desk.path("template.csv")).unwrap().contains("Intitulé"));
}

#[test]
fn an_export_is_for_its_owner_alone_whatever_lay_there() {
    let desk = Desk::new();
    for name in ["list.csv", "list.csv.part"] {
        fs::write(desk.path(name), "open").unwrap();
        fs::set_permissions(desk.path(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    desk.run(DONE, &["export", "--kind", "conflict", "--format", "csv", "--to", "list.csv"]);
    assert_eq!(fs::metadata(desk.path("list.csv")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!desk.path("list.csv.part").exists());
}
