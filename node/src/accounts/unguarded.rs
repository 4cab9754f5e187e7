//! Accounts that no password opens, for the demonstration alone: its visitor is nobody in particular.
//!
//! An account is either opened by its password or in this way, never by both. So whoever starts a node by mistake as if
//! it were the demonstration's opens no real person's account.

use toguna_protocol::ids::UnixSeconds;

use super::{Account, AccountName, Accounts, AccountsError, Role, Session, account::AccountId};

impl Accounts {
    /// Makes accounts that no password opens; durable when this returns. Where they are the first ones, nobody gets to know
    /// the recovery code.
    pub fn add_unguarded(
        &self,
        accounts: impl IntoIterator<Item = (AccountName, Role)>,
        now: UnixSeconds,
    ) -> Result<(), AccountsError> {
        self.change(|roll| {
            for (name, role) in accounts {
                let id = AccountId::random()?;
                let account = Account { id, name, role, language: None, hash: None, generation: 1, created: now };
                self.insert(roll, account)?;
            }
            Ok(())
        })
    }

    /// A session of an account that no password opens.
    ///
    /// # Errors
    /// [`AccountsError::Guarded`] if the account has a password, [`AccountsError::Unknown`] if there is none.
    pub fn admit(&self, name: &str, now: UnixSeconds) -> Result<Session, AccountsError> {
        let account = self.named(name)?.ok_or(AccountsError::Unknown)?;
        if account.has_password() {
            return Err(AccountsError::Guarded);
        }
        Ok(Session::begin(account, self.keys()?, now)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{NewAccount, Password, SignInError};

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

    fn name(text: &str) -> AccountName {
        AccountName::new(text).unwrap()
    }

    #[test]
    fn an_account_is_opened_by_its_password_or_without_one_and_never_by_both() {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::open_cheap(dir.path()).unwrap();
        let password = Password::new("bien gardé").unwrap();
        let awa = NewAccount { name: name("Awa"), role: Role::NationalDirector, language: None, password };
        accounts.add(awa, NOW).unwrap();
        accounts.add_unguarded([(name("Démo"), Role::Reader), (name("Démo 2"), Role::Evaluator)], NOW).unwrap();
        let accounts = Accounts::open_cheap(dir.path()).unwrap();
        let session = accounts.admit("démo", NOW).unwrap();
        assert_eq!(accounts.of_cookie(&session.cookie(), NOW).unwrap().account().role, Role::Reader);
        assert!(matches!(accounts.admit("Awa", NOW), Err(AccountsError::Guarded)));
        assert!(matches!(accounts.admit("Ewa", NOW), Err(AccountsError::Unknown)));
        for typed in ["", "bien gardé", "AAAA"] {
            assert!(matches!(accounts.sign_in("Démo", typed, NOW), Err(SignInError::Wrong)), "{typed:?}");
        }
        let taken = accounts.add_unguarded([(name("Démo 3"), Role::Reader), (name("AWA"), Role::Reader)], NOW);
        assert!(matches!(taken, Err(AccountsError::Taken)));
        assert_eq!(accounts.list().unwrap().len(), 3, "all of them or none");
        accounts.set_password("Démo", &Password::new("mieux gardé").unwrap()).unwrap();
        assert!(matches!(accounts.admit("Démo", NOW), Err(AccountsError::Guarded)));
    }
}
