use std::{fs, os::unix::fs::PermissionsExt, thread};

use super::*;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
const PASSWORD: &str = "bien gardé";

fn later(seconds: i64) -> UnixSeconds {
    UnixSeconds(NOW.0 + seconds)
}

fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

fn new(name: &str, role: Role) -> NewAccount {
    NewAccount { name: AccountName::new(name).unwrap(), role, language: None, password: password(PASSWORD) }
}

/// A data directory with a head of office, Awa, and her recovery code.
fn with_awa() -> (tempfile::TempDir, Accounts, RecoveryCode) {
    let dir = tempfile::tempdir().unwrap();
    let accounts = Accounts::open_cheap(dir.path()).unwrap();
    let added = accounts.add(new("Awa", Role::HeadOfOffice), NOW).unwrap();
    (dir, accounts, added.recovery.unwrap())
}

fn names(accounts: &Accounts) -> Vec<String> {
    accounts.list().unwrap().iter().map(|account| account.name.to_string()).collect()
}

#[test]
fn whoever_knows_name_and_password_is_signed_in_and_nobody_else() {
    let (_dir, accounts, _) = with_awa();
    for name in ["Awa", "awa", " AWA "] {
        let session = accounts.sign_in(name, PASSWORD, NOW).unwrap();
        assert_eq!((session.account().name.as_str(), session.account().role), ("Awa", Role::HeadOfOffice));
    }
    for (name, typed) in [("Awa", "bien garde"), ("Awa", ""), ("Moussa", PASSWORD), ("", ""), ("\n", PASSWORD)] {
        let refusal = accounts.sign_in(name, typed, NOW).unwrap_err();
        assert!(matches!(refusal, SignInError::Wrong), "{name:?}: {refusal}");
    }
}

#[test]
fn too_many_wrong_passwords_make_even_the_right_one_wait() {
    let (_dir, accounts, _) = with_awa();
    accounts.add(new("Moussa", Role::Reader), NOW).unwrap();
    for _ in 0..5 {
        assert!(matches!(accounts.sign_in("Awa", "wrong password", NOW), Err(SignInError::Wrong)));
    }
    assert!(matches!(accounts.sign_in("aWA", PASSWORD, NOW), Err(SignInError::Wait { seconds: 2 })));
    assert!(matches!(accounts.sign_in("Awa", "wrong password", later(1)), Err(SignInError::Wait { seconds: 1 })));
    accounts.sign_in("Moussa", PASSWORD, NOW).unwrap();
    accounts.sign_in("Awa", PASSWORD, later(2)).unwrap();
    for number in 0..5 {
        let wrong = accounts.sign_in(&format!("nobody {number}"), PASSWORD, later(2));
        assert!(matches!(wrong, Err(SignInError::Wrong)), "what nobody has is counted like a name");
    }
    // Ten for other reasons bring all to twenty.
    for number in 0..10 {
        assert!(matches!(accounts.sign_in(&format!("{number}"), "", later(2)), Err(SignInError::Wrong)));
    }
    assert!(matches!(accounts.sign_in("Moussa", PASSWORD, later(2)), Err(SignInError::Wait { .. })));
}

#[test]
fn attempts_at_the_same_time_are_counted_one_by_one() {
    let (_dir, accounts, _) = with_awa();
    let refusals = thread::scope(|scope| {
        let attempts: Vec<_> =
            (0..16).map(|_| scope.spawn(|| accounts.sign_in("Awa", "wrong password", NOW).unwrap_err())).collect();
        attempts.into_iter().map(|attempt| attempt.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(refusals.iter().filter(|refusal| matches!(refusal, SignInError::Wrong)).count(), 5);
}

#[test]
fn a_session_lasts_twelve_hours_from_its_last_renewal() {
    let (dir, accounts, _) = with_awa();
    let session = accounts.sign_in("Awa", PASSWORD, NOW).unwrap();
    let cookie = session.cookie();
    assert_eq!(session.expires(), later(SESSION_SECONDS));
    let last = later(SESSION_SECONDS - 1);
    let found = accounts.of_cookie(&cookie, last).unwrap();
    assert_eq!(found.account(), session.account());
    assert_eq!(found.cookie(), cookie);
    assert!(accounts.of_cookie(&cookie, later(SESSION_SECONDS)).is_none());
    let renewed = found.renewed(last);
    let until = later(2 * SESSION_SECONDS - 2);
    assert!(accounts.of_cookie(&renewed.cookie(), until).is_some());
    assert!(accounts.of_cookie(&renewed.cookie(), later(2 * SESSION_SECONDS - 1)).is_none());
    // A clock that was a year ahead when the person signed in.
    assert!(accounts.of_cookie(&cookie, later(-365 * 86_400)).is_none());
    // A node that starts again knows its cookies; without the key it knows none.
    assert!(Accounts::open_cheap(dir.path()).unwrap().of_cookie(&cookie, NOW).is_some());
    fs::remove_file(dir.path().join(SESSIONS_KEY_FILE)).unwrap();
    assert!(Accounts::open_cheap(dir.path()).unwrap().of_cookie(&cookie, NOW).is_none());
}

#[test]
fn a_cookie_changed_anywhere_opens_nothing() {
    let (_dir, accounts, _) = with_awa();
    let cookie = accounts.sign_in("Awa", PASSWORD, NOW).unwrap().cookie();
    assert!(cookie.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "{cookie}");
    for at in 0..cookie.len() {
        let mut changed = cookie.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(accounts.of_cookie(&changed, NOW).is_none(), "at {at}: {changed}");
    }
    for bad in ["", &cookie[1..], &cookie[..80], &format!("{cookie}A"), &"é".repeat(41), &"A".repeat(1_000_000)] {
        assert!(accounts.of_cookie(bad, NOW).is_none());
    }
    let (_elsewhere, other_node, _) = with_awa();
    assert!(other_node.of_cookie(&cookie, NOW).is_none());
}

#[test]
fn a_form_token_holds_for_its_session_through_renewals_and_for_no_other() {
    let (_dir, accounts, _) = with_awa();
    let session = accounts.sign_in("Awa", PASSWORD, NOW).unwrap();
    let token = session.csrf();
    assert!(session.csrf_holds(&token));
    assert!(session.renewed(later(60)).csrf_holds(&token));
    assert!(accounts.of_cookie(&session.cookie(), NOW).unwrap().csrf_holds(&token));
    for bad in ["", &token[1..], &token.to_lowercase(), &session.cookie()] {
        assert!(!session.csrf_holds(bad), "{bad}");
    }
    let other = accounts.sign_in("Awa", PASSWORD, NOW).unwrap();
    assert!(!other.csrf_holds(&token));
}

#[test]
fn a_new_password_ends_older_sessions_and_the_old_password() {
    let (_dir, accounts, _) = with_awa();
    accounts.add(new("Moussa", Role::Reader), NOW).unwrap();
    let awa = accounts.sign_in("Awa", PASSWORD, NOW).unwrap().cookie();
    let moussa = accounts.sign_in("Moussa", PASSWORD, NOW).unwrap().cookie();
    accounts.set_password("awa", &password("mieux gardé")).unwrap();
    assert!(accounts.of_cookie(&awa, NOW).is_none());
    assert!(accounts.of_cookie(&moussa, NOW).is_some());
    assert!(accounts.sign_in("Awa", PASSWORD, NOW).is_err());
    let awa = accounts.sign_in("Awa", "mieux gardé", NOW).unwrap().cookie();
    assert!(accounts.of_cookie(&awa, NOW).is_some());
    assert!(matches!(accounts.set_password("Ewa", &password("mieux gardé")), Err(AccountsError::Unknown)));
}

#[test]
fn an_account_made_anew_is_not_opened_by_a_cookie_of_the_one_before() {
    let (_dir, accounts, _) = with_awa();
    accounts.add(new("Moussa", Role::Evaluator), NOW).unwrap();
    let cookie = accounts.sign_in("Moussa", PASSWORD, NOW).unwrap().cookie();
    accounts.remove("MOUSSA").unwrap();
    assert!(accounts.of_cookie(&cookie, NOW).is_none());
    accounts.add(new("Moussa", Role::Evaluator), NOW).unwrap();
    assert!(accounts.of_cookie(&cookie, NOW).is_none());
}

#[test]
fn the_recovery_code_is_shown_once_and_used_once() {
    let (dir, accounts, code) = with_awa();
    assert!(accounts.add(new("Moussa", Role::Reader), NOW).unwrap().recovery.is_none());
    let text = fs::read_to_string(dir.path().join(ACCOUNTS_FILE)).unwrap();
    assert!(!text.contains(&code.to_string()) && !text.contains(&code.to_string().replace('-', "")));
    let cookie = accounts.sign_in("Moussa", PASSWORD, NOW).unwrap().cookie();
    let written = code.to_string().to_lowercase().replace('-', " ").replace('0', "o").replace('1', "i");
    let code = RecoveryCode::parse(&written).unwrap();
    assert!(matches!(
        accounts.recover("Ewa", &code, &password("mieux gardé"), NOW),
        Err(RecoverError::Accounts(AccountsError::Unknown))
    ));
    let next = accounts.recover("moussa", &code, &password("mieux gardé"), NOW).unwrap();
    accounts.sign_in("Moussa", "mieux gardé", NOW).unwrap();
    assert!(accounts.of_cookie(&cookie, NOW).is_none());
    let again = accounts.recover("Moussa", &code, &password("tout ouvert"), NOW);
    assert!(matches!(again, Err(RecoverError::Wrong)));
    accounts.recover("Awa", &next, &password("mieux gardé"), NOW).unwrap();
    accounts.sign_in("Awa", "mieux gardé", NOW).unwrap();
}

#[test]
fn wrong_recovery_codes_are_throttled_and_a_right_one_frees_the_name() {
    let (_dir, accounts, code) = with_awa();
    let wrong = RecoveryCode::random().unwrap();
    for _ in 0..5 {
        assert!(accounts.sign_in("Awa", "wrong password", NOW).is_err());
        assert!(matches!(accounts.recover("Awa", &wrong, &password(PASSWORD), NOW), Err(RecoverError::Wrong)));
    }
    let refusal = accounts.recover("Awa", &code, &password("mieux gardé"), NOW);
    assert!(matches!(refusal, Err(RecoverError::Wait { seconds: 2 })));
    accounts.recover("Awa", &code, &password("mieux gardé"), later(2)).unwrap();
    accounts.sign_in("Awa", "mieux gardé", later(2)).unwrap();
    let empty = tempfile::tempdir().unwrap();
    let empty = Accounts::open_cheap(empty.path()).unwrap();
    assert!(matches!(empty.recover("Awa", &code, &password(PASSWORD), NOW), Err(RecoverError::Wrong)));
}

#[test]
fn a_name_is_there_once_and_somebody_always_manages_accounts() {
    let (_dir, accounts, _) = with_awa();
    assert!(matches!(accounts.add(new("AWA", Role::Reader), NOW), Err(AccountsError::Taken)));
    accounts.add(new("Moussa", Role::Reader), NOW).unwrap();
    assert!(matches!(accounts.remove("Awa"), Err(AccountsError::LastManager)));
    assert_eq!(names(&accounts), ["Awa", "Moussa"]);
    accounts.add(new("Fatou", Role::NetworkOperator), NOW).unwrap();
    accounts.remove("awa").unwrap();
    assert!(matches!(accounts.remove("Fatou"), Err(AccountsError::LastManager)));
    accounts.remove("Moussa").unwrap();
    assert!(matches!(accounts.remove("Moussa"), Err(AccountsError::Unknown)));
    assert_eq!(names(&accounts), ["Fatou"]);
}

#[test]
fn what_was_saved_is_there_after_a_start_and_for_its_owner_only() {
    let (dir, accounts, _) = with_awa();
    let made = accounts.add(NewAccount { language: Some(Lang::En), ..new("Moussa", Role::Evaluator) }, NOW).unwrap();
    accounts.sign_in("Awa", PASSWORD, NOW).unwrap();
    for name in [ACCOUNTS_FILE, SESSIONS_KEY_FILE, "accounts.lock"] {
        let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let reopened = Accounts::open_cheap(dir.path()).unwrap();
    assert_eq!(reopened.list().unwrap(), accounts.list().unwrap());
    assert_eq!(reopened.named("moussa").unwrap(), Some(made.account));
    assert!(!format!("{reopened:?}").contains("argon2"), "no hash is ever printed");
}

#[test]
fn what_another_process_changed_is_seen_at_once() {
    let (dir, accounts, _) = with_awa();
    let elsewhere = Accounts::open_cheap(dir.path()).unwrap();
    assert!(!accounts.reload_if_changed().unwrap());
    let cookie = accounts.sign_in("Awa", PASSWORD, NOW).unwrap().cookie();
    elsewhere.add(new("Moussa", Role::NetworkOperator), NOW).unwrap();
    assert!(accounts.reload_if_changed().unwrap());
    assert!(!accounts.reload_if_changed().unwrap());
    accounts.sign_in("Moussa", PASSWORD, NOW).unwrap();
    elsewhere.set_password("Awa", &password("mieux gardé")).unwrap();
    assert!(accounts.of_cookie(&cookie, NOW).is_none());
    elsewhere.remove("Awa").unwrap();
    assert!(matches!(accounts.sign_in("Awa", "mieux gardé", NOW), Err(SignInError::Wrong)));
}

#[test]
fn accounts_made_at_the_same_time_are_all_there_and_one_code_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let codes: usize = thread::scope(|scope| {
        let adding = |number: usize| {
            // Each has its own handle on the lock, as a process has.
            let accounts = Accounts::open_cheap(dir.path()).unwrap();
            move || {
                let added = accounts.add(new(&format!("Awa {number}"), Role::HeadOfOffice), NOW).unwrap();
                // All need the key of sessions, too, which is not there yet.
                accounts.sign_in("Awa 0", "", NOW).unwrap_err();
                usize::from(added.recovery.is_some())
            }
        };
        let threads: Vec<_> = (0..8).map(|number| scope.spawn(adding(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(codes, 1);
    let mut found = names(&Accounts::open_cheap(dir.path()).unwrap());
    found.sort();
    assert_eq!(found, (0..8).map(|number| format!("Awa {number}")).collect::<Vec<_>>());
}

#[test]
fn a_damaged_file_is_named_and_never_taken_for_an_empty_one() {
    let (dir, accounts, _) = with_awa();
    accounts.add(new("Moussa", Role::Reader), NOW).unwrap();
    let cookie = accounts.sign_in("Awa", PASSWORD, NOW).unwrap().cookie();
    let path = dir.path().join(ACCOUNTS_FILE);
    let good = fs::read_to_string(&path).unwrap();
    let without_code = {
        let mut whole: serde_json::Value = serde_json::from_str(&good).unwrap();
        whole["recovery"] = serde_json::Value::Null;
        whole.to_string()
    };
    let without = |field: &str| {
        let mut whole: serde_json::Value = serde_json::from_str(&good).unwrap();
        whole["accounts"][0].as_object_mut().unwrap().remove(field).unwrap();
        whole.to_string()
    };
    for damaged in [
        String::new(),
        "{}".to_owned(),
        "null".to_owned(),
        "\0".repeat(good.len()),
        good[..good.len() / 2].to_owned(),
        good.replace("Moussa", "AWA"),
        good.replace("Moussa", ""),
        good.replace("reader", "master"),
        good.replace("argon2id", "argon2i"),
        good.replace("\"created\"", "\"made\""),
        good.replace("\"hash\"", "\"hush\""),
        without("hash"),
        good.replace("\"recovery\"", "\"code\""),
        without_code,
    ] {
        fs::write(&path, &damaged).unwrap();
        let error = Accounts::open_cheap(dir.path()).map(drop).unwrap_err();
        assert!(matches!(error, AccountsError::Damaged { .. }), "{damaged}: {error}");
        let told = error.to_string();
        assert!(told.contains("accounts.json is damaged") && told.contains("put it back from a copy"), "{told}");
        assert!(accounts.add(new("Fatou", Role::Reader), NOW).is_err());
        assert!(matches!(accounts.sign_in("Awa", PASSWORD, NOW), Err(SignInError::Accounts(_))));
        assert!(accounts.of_cookie(&cookie, NOW).is_none());
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged, "it is left as it is");
    }
    fs::write(&path, good.replace("\"version\": 1", "\"version\": 2")).unwrap();
    let error = accounts.list().unwrap_err();
    assert!(error.to_string().contains("has format 2"), "{error}");
    fs::remove_file(&path).unwrap();
    assert!(matches!(accounts.list(), Err(AccountsError::Missing(_))));
    assert!(matches!(accounts.add(new("Fatou", Role::Reader), NOW), Err(AccountsError::Missing(_))));
    fs::write(&path, &good).unwrap();
    assert_eq!(names(&accounts), ["Awa", "Moussa"]);
    assert!(accounts.of_cookie(&cookie, NOW).is_some(), "nobody was signed out for good");
}

#[test]
fn a_damaged_key_of_sessions_is_named() {
    let (dir, accounts, _) = with_awa();
    fs::write(dir.path().join(SESSIONS_KEY_FILE), [1; 31]).unwrap();
    let error = accounts.sign_in("Awa", PASSWORD, NOW).unwrap_err();
    assert!(error.to_string().contains("sessions.key does not hold 32 bytes: remove it"), "{error}");
    assert!(accounts.of_cookie("A", NOW).is_none());
    fs::remove_file(dir.path().join(SESSIONS_KEY_FILE)).unwrap();
    accounts.sign_in("Awa", PASSWORD, NOW).unwrap();
}
