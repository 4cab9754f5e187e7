//! `toguna user`: accounts from the command line, whether or not the node runs, and by several people at once.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};
use toguna::accounts::{AccountName, Accounts, Role, SignInError};
use toguna_protocol::ids::UnixSeconds;

const DONE: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const NOT_FOUND: i32 = 3;
const REFUSED: i32 = 4;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

/// A desk with the office `gao` on it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn with_office() -> Desk {
        let desk = Desk(tempfile::tempdir().unwrap());
        desk.run(DONE, &["init", "--name", "Gao", "--network-secret", "shared.secret", "--create-secret"], "");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn start(&self, args: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_toguna"));
        command.current_dir(self.0.path()).args(args).args(["--data-dir", "gao"]).env_remove("RUST_LOG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs the program, which must end with `code`.
    #[track_caller]
    fn run(&self, code: i32, args: &[&str], input: &str) -> Output {
        let mut child = self.start(args);
        // A command that refuses before it reads has closed its end.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{out}\n{err}");
        output
    }

    #[track_caller]
    fn text(&self, args: &[&str], input: &str) -> String {
        String::from_utf8(self.run(DONE, args, input).stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, args: &[&str], input: &str) -> Value {
        serde_json::from_slice(&self.run(DONE, &[args, &["--json"]].concat(), input).stdout).unwrap()
    }

    #[track_caller]
    fn complaint(&self, code: i32, args: &[&str], input: &str) -> String {
        String::from_utf8(self.run(code, args, input).stderr).unwrap()
    }

    /// Makes an account whose password is `secret of NAME`.
    fn add(&self, name: &str, role: &str) -> Value {
        self.json(&["user", "add", name, "--role", role, "--password-stdin"], &format!("secret of {name}\n"))
    }

    fn accounts(&self) -> Accounts {
        Accounts::open(&self.path("gao")).unwrap()
    }
}

/// The recovery code in what a command says.
fn code_in(text: &str) -> String {
    let is_code = |word: &&str| word.len() == 29 && word.matches('-').count() == 4;
    text.split_whitespace().find(is_code).unwrap_or_else(|| panic!("no code in {text}")).to_owned()
}

#[test]
fn accounts_are_made_listed_changed_and_removed() {
    let desk = Desk::with_office();
    assert!(desk.text(&["user", "list"], "").contains("no accounts yet"));
    let add = ["user", "add", "Awa Diallo", "--role", "head-of-office", "--language", "fr", "--password-stdin"];
    let told = desk.text(&add, "bien gardé\r\n");
    assert!(told.contains("Chef de bureau") && told.contains("on paper"), "{told}");
    let code = code_in(&told);
    let made = desk.add("Moussa", "reader");
    assert_eq!((&made["role"], &made["language"]), (&json!("reader"), &Value::Null));
    assert!(made.get("recovery_code").is_none(), "it is shown once");
    for name in ["accounts.json", "accounts.lock"] {
        assert_eq!(fs::metadata(desk.path("gao").join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let text = fs::read_to_string(desk.path("gao/accounts.json")).unwrap();
    assert!(!text.contains("gardé") && !text.contains(&code), "{text}");

    let listed = desk.json(&["user", "list"], "");
    let names: Vec<&Value> = listed["accounts"].as_array().unwrap().iter().map(|account| &account["name"]).collect();
    assert_eq!(names, ["Awa Diallo", "Moussa"]);
    let shown = desk.text(&["user", "list"], "");
    assert!(shown.contains("head-of-office") && !shown.contains("argon2"), "{shown}");

    let accounts = desk.accounts();
    assert_eq!(accounts.sign_in("awa diallo", "bien gardé", NOW).unwrap().account().role, Role::HeadOfOffice);
    desk.text(&["user", "passwd", "MOUSSA", "--password-stdin"], "mieux gardé");
    accounts.sign_in("Moussa", "mieux gardé", NOW).unwrap();
    assert!(matches!(accounts.sign_in("Moussa", "secret of Moussa", NOW), Err(SignInError::Wrong)));

    let recover = ["user", "recover", "Awa Diallo", "--password-stdin"];
    let careless = code.to_lowercase().replace('-', "").replace('0', "o").replace('1', "l");
    let told = desk.text(&recover, &format!("{careless}\ntout nouveau\n"));
    accounts.sign_in("Awa Diallo", "tout nouveau", NOW).unwrap();
    let complaint = desk.complaint(REFUSED, &recover, &format!("{code}\nencore un autre\n"));
    assert!(complaint.contains("not this node's recovery code"), "{complaint}");
    let told = desk.json(&recover, &format!("{}\nencore un autre\n", code_in(&told)));
    assert!(told["recovery_code"].is_string());
    accounts.sign_in("Awa Diallo", "encore un autre", NOW).unwrap();

    desk.text(&["user", "remove", "moussa"], "");
    assert_eq!(desk.json(&["user", "list"], "")["accounts"].as_array().unwrap().len(), 1);
}

#[test]
fn an_office_is_set_up_with_its_first_account_or_told_how_to_make_one() {
    let desk = Desk(tempfile::tempdir().unwrap());
    let init = ["init", "--name", "Gao", "--network-secret", "shared.secret", "--create-secret"];
    let with = |more: &[&'static str]| [&init[..], more].concat();
    let awa = ["--account", "Awa Diallo", "--password-stdin"];
    for (code, args, input) in [
        (REFUSED, with(&awa), "court\n"),
        (USAGE, with(&awa[..2]), "bien gardé\n"),
        (REFUSED, with(&["--account", " ", "--password-stdin"]), "bien gardé\n"),
        (USAGE, with(&["--role", "reader"]), ""),
    ] {
        desk.run(code, &args, input);
        assert!(!desk.path("gao").exists(), "{args:?} leaves no half of an office");
    }
    let told = desk.text(&with(&awa), "bien gardé\n");
    assert!(told.contains("Chef de bureau") && told.contains("on paper"), "{told}");
    assert!(told.contains("run --data-dir gao") && !told.contains("user add"), "{told}");
    assert!(told.contains("open http://127.0.0.1:7373 in a browser"), "{told}");
    let session = desk.accounts().sign_in("Awa Diallo", "bien gardé", NOW).unwrap();
    assert_eq!(session.account().role, Role::HeadOfOffice);
    let code = code_in(&told);
    desk.text(&["user", "recover", "Awa Diallo", "--password-stdin"], &format!("{code}\ntout nouveau\n"));

    let desk = Desk(tempfile::tempdir().unwrap());
    let made = desk.json(&with(&[&awa[..], &["--role", "network-operator"]].concat()), "bien gardé\n");
    assert_eq!(
        (&made["account"]["name"], &made["account"]["role"]),
        (&json!("Awa Diallo"), &json!("network-operator"))
    );
    assert!(made["account"]["recovery_code"].is_string(), "{made}");

    let desk = Desk(tempfile::tempdir().unwrap());
    let told = desk.text(&init, "");
    assert!(told.contains("user add NAME --role head-of-office --data-dir gao"), "{told}");
    assert!(desk.accounts().list().unwrap().is_empty());
}

#[test]
fn nobody_is_signed_in_by_itself_where_others_could_come_or_to_an_account_with_a_password() {
    let desk = Desk::with_office();
    desk.add("Awa", "head-of-office");
    let name = AccountName::new("Démo").unwrap();
    desk.accounts().add_unguarded([(name, Role::Reader)], NOW).unwrap();
    let run = |http, visitor| ["run", "--no-mdns", "--until-input-ends", "--http", http, "--demo-visitor", visitor];
    for http in ["0.0.0.0:0", "[::]:0", "192.0.2.1:7373"] {
        let complaint = desk.complaint(USAGE, &run(http, "Démo"), "");
        assert!(complaint.contains("--demo-visitor signs in whoever reaches the node"), "{complaint}");
    }
    // The address may also come from the settings.
    let settings = desk.path("gao/toguna.toml");
    let usual = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("http = \"0.0.0.0:0\"\n{usual}")).unwrap();
    desk.complaint(USAGE, &["run", "--demo-visitor", "Démo"], "");
    fs::write(&settings, usual).unwrap();
    let complaint = desk.complaint(REFUSED, &run("127.0.0.1:0", "Awa"), "");
    assert!(complaint.contains("has a password"), "{complaint}");
    desk.complaint(NOT_FOUND, &run("127.0.0.1:0", "Ewa"), "");
    let help = desk.text(&["run", "--help"], "");
    assert!(!help.contains("demo"), "{help}");
}

#[test]
fn every_refusal_has_its_code_and_says_what_to_do() {
    let desk = Desk::with_office();
    desk.add("Awa", "network-operator");
    let add = |name| ["user", "add", name, "--role", "reader", "--password-stdin"];
    let cases: [(i32, &[&str], &str, &str); 11] = [
        (REFUSED, &add("AWA"), "bien gardé", "an account of that name already"),
        (REFUSED, &add("Moussa"), "1234567\n", "8 to 200 characters, and this one has 7"),
        (REFUSED, &add("Moussa"), "", "8 to 200 characters"),
        (REFUSED, &add(" "), "bien gardé", "a name has 1 to 80 characters"),
        (REFUSED, &add("Mou\u{202E}ssa"), "bien gardé", "marks that are not seen"),
        (USAGE, &["user", "add", "Moussa", "--role", "reader"], "bien gardé", "--password-stdin"),
        (USAGE, &["user", "add", "Moussa", "--role", "chief", "--password-stdin"], "", "regional-officer"),
        (REFUSED, &["user", "remove", "awa"], "", "the last account that may manage accounts"),
        (NOT_FOUND, &["user", "remove", "Moussa"], "", "`toguna user list`"),
        (NOT_FOUND, &["user", "passwd", "Moussa", "--password-stdin"], "bien gardé", "no account of that name"),
        (REFUSED, &["user", "recover", "Awa", "--password-stdin"], "ABC\nbien gardé", "five groups of five"),
    ];
    for (code, args, input, expected) in cases {
        let complaint = desk.complaint(code, args, input);
        assert!(complaint.contains(expected), "{args:?}: {complaint}");
    }
    fs::write(desk.path("gao/accounts.json"), "").unwrap();
    let complaint = desk.complaint(FAILED, &add("Moussa"), "bien gardé");
    assert!(complaint.contains("accounts.json is damaged"), "{complaint}");
    let desk = Desk(tempfile::tempdir().unwrap());
    assert!(desk.complaint(NOT_FOUND, &add("Moussa"), "bien gardé").contains("toguna init"));
}

#[test]
fn accounts_made_by_several_commands_at_once_are_all_there() {
    let desk = Desk::with_office();
    let names: Vec<String> = (0..6).map(|number| format!("Awa {number}")).collect();
    let add = |name: &String| {
        let mut child = desk.start(&["user", "add", name, "--role", "evaluator", "--password-stdin", "--json"]);
        child.stdin.take().unwrap().write_all(b"bien gard\xc3\xa9\n").unwrap();
        child
    };
    let children: Vec<Child> = names.iter().map(add).collect();
    let mut codes = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(DONE), "{}", String::from_utf8_lossy(&output.stderr));
        codes += usize::from(String::from_utf8_lossy(&output.stdout).contains("recovery_code"));
    }
    assert_eq!(codes, 1, "the first one gets the code");
    let mut made: Vec<String> =
        desk.accounts().list().unwrap().iter().map(|account| account.name.to_string()).collect();
    made.sort();
    assert_eq!(made, names);
}

#[test]
fn a_running_node_is_in_nobodys_way() {
    let desk = Desk::with_office();
    let mut node = desk.start(&[
        "run",
        "--http",
        "127.0.0.1:0",
        "--listen",
        "/ip4/127.0.0.1/tcp/0",
        "--no-mdns",
        "--until-input-ends",
    ]);
    let mut told = String::new();
    BufReader::new(node.stdout.as_mut().unwrap()).read_line(&mut told).unwrap();
    assert!(told.contains("is up at"), "{told}");
    desk.add("Awa", "head-of-office");
    assert_eq!(desk.json(&["user", "list"], "")["accounts"][0]["name"], "Awa");
    drop(node.stdin.take());
    assert_eq!(node.wait().unwrap().code(), Some(DONE));
}
