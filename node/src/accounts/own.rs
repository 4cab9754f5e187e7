//! What people change of their own accounts.

use toguna_protocol::ids::UnixSeconds;

use super::{Account, Accounts, AccountsError, Password, Session, SignInError};
use crate::words::Lang;

impl Accounts {
    /// Sets a new password for somebody who knows the old one, and ends all sessions of the account but the one that this
    /// returns; durable when it does. A wrong password counts as a failed attempt to sign in.
    pub fn change_password(
        &self,
        name: &str,
        current: &str,
        new: &Password,
        now: UnixSeconds,
    ) -> Result<Session, SignInError> {
        self.sign_in(name, current, now)?;
        let account = self.set_password(name, new)?;
        Ok(Session::begin(account, self.keys()?, now).map_err(AccountsError::from)?)
    }

    /// Sets the language of a person's pages, or leaves it to the browser; durable when this returns.
    pub fn set_language(&self, name: &str, language: Option<Lang>) -> Result<Account, AccountsError> {
        self.change(|roll| {
            let at = roll.named(name).ok_or(AccountsError::Unknown)?;
            roll.accounts[at].language = language;
            Ok(roll.accounts[at].clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{AccountName, NewAccount, Role};

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

    fn password(text: &str) -> Password {
        Password::new(text).unwrap()
    }

    fn with_awa() -> (tempfile::TempDir, Accounts) {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::open_cheap(dir.path()).unwrap();
        let name = AccountName::new("Awa").unwrap();
        let new = NewAccount { name, role: Role::Reader, language: None, password: password("bien gardé") };
        accounts.add(new, NOW).unwrap();
        (dir, accounts)
    }

    #[test]
    fn whoever_knows_the_password_sets_a_new_one_and_stays() {
        let (_dir, accounts) = with_awa();
        let before = accounts.sign_in("Awa", "bien gardé", NOW).unwrap().cookie();
        let wrong = accounts.change_password("Awa", "mal gardé", &password("mieux gardé"), NOW);
        assert!(matches!(wrong, Err(SignInError::Wrong)));
        assert!(accounts.of_cookie(&before, NOW).is_some());
        let after = accounts.change_password("Awa", "bien gardé", &password("mieux gardé"), NOW).unwrap();
        assert!(accounts.of_cookie(&after.cookie(), NOW).is_some());
        assert!(accounts.of_cookie(&before, NOW).is_none(), "whoever was signed in elsewhere no longer is");
        accounts.sign_in("Awa", "mieux gardé", NOW).unwrap();
        for _ in 0..5 {
            accounts.change_password("Awa", "deviné", &password("mien à présent"), NOW).unwrap_err();
        }
        let right = accounts.change_password("Awa", "mieux gardé", &password("mien à présent"), NOW);
        assert!(matches!(right, Err(SignInError::Wait { .. })), "guesses are counted here too");
    }

    #[test]
    fn a_language_is_chosen_kept_and_given_up() {
        let (dir, accounts) = with_awa();
        let session = accounts.sign_in("Awa", "bien gardé", NOW).unwrap().cookie();
        for language in [Some(Lang::En), Some(Lang::Fr), None] {
            accounts.set_language("awa", language).unwrap();
            let reopened = Accounts::open_cheap(dir.path()).unwrap();
            assert_eq!(reopened.of_cookie(&session, NOW).unwrap().account().language, language);
        }
        assert!(matches!(accounts.set_language("Ewa", None), Err(AccountsError::Unknown)));
    }
}
