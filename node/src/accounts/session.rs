//! Sessions: who is signed in is told by a cookie alone, and nothing is kept of it here.
//!
//! ```text
//! version 1(1) ‖ account(8) ‖ session(8) ‖ expires(8) ‖ generation(4) ‖ mac(32), in base64url without padding
//! ```
//!
//! Numbers are big-endian; the MAC is BLAKE3 keyed with a key derived from `sessions.key`, over what stands before it.
//! `session` is drawn when the person signs in and stays the same when the cookie is renewed, so that forms that are
//! open meanwhile keep their token, and another session's token does not fit.

use std::{fmt, sync::Arc};

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;
use toguna_protocol::ids::UnixSeconds;
use zeroize::Zeroizing;

use super::{Account, account::AccountId};

/// Seconds that a session lasts after it was begun or last renewed.
pub const SESSION_SECONDS: i64 = 12 * 60 * 60;

const VERSION: u8 = 1;
const CLAIM: usize = 1 + 8 + 8 + 8 + 4;
const MAC: usize = 32;

/// The keys of this node's cookies and forms. Wiped from memory when dropped.
pub(super) struct Keys {
    cookies: Zeroizing<[u8; 32]>,
    forms: Zeroizing<[u8; 32]>,
}

impl Keys {
    pub(super) fn new(secret: &[u8; 32]) -> Self {
        Keys {
            cookies: Zeroizing::new(blake3::derive_key("toguna 2026 session cookies", secret)),
            forms: Zeroizing::new(blake3::derive_key("toguna 2026 session forms", secret)),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// What a cookie says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) account: AccountId,
    session: [u8; 8],
    expires: UnixSeconds,
    pub(super) generation: u32,
}

impl Claim {
    fn encode(&self) -> [u8; CLAIM] {
        let mut bytes = Vec::with_capacity(CLAIM);
        bytes.push(VERSION);
        bytes.extend(self.account.0);
        bytes.extend(self.session);
        bytes.extend(self.expires.0.to_be_bytes());
        bytes.extend(self.generation.to_be_bytes());
        bytes.try_into().expect("the fields have fixed lengths")
    }

    /// What a cookie's value says, if it was made here and has not expired.
    pub(super) fn of_cookie(value: &str, keys: &Keys, now: UnixSeconds) -> Option<Self> {
        // Before anything is decoded: whatever a browser sends, the work is small.
        if value.len() != BASE64URL_NOPAD.encode_len(CLAIM + MAC) {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(value.as_bytes()).ok()?;
        let (claim, mac) = bytes.split_at_checked(CLAIM)?;
        let expected = blake3::keyed_hash(&keys.cookies, claim);
        if !bool::from(expected.as_bytes().ct_eq(mac)) {
            return None;
        }
        let mut rest = claim.strip_prefix(&[VERSION])?;
        let claim = Claim {
            account: AccountId(take(&mut rest)?),
            session: take(&mut rest)?,
            expires: UnixSeconds(i64::from_be_bytes(take(&mut rest)?)),
            generation: u32::from_be_bytes(take(&mut rest)?),
        };
        let left = claim.expires.0.saturating_sub(now.0);
        // A clock that was far ahead when the cookie was made would let it live until then. Half of the bound is for
        // clocks that are put right by hours.
        (1..=2 * SESSION_SECONDS).contains(&left).then_some(claim)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (field, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*field)
}

/// A person who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    account: Account,
    claim: Claim,
    keys: Arc<Keys>,
}

impl Session {
    /// A new session of an account.
    pub(super) fn begin(account: Account, keys: Arc<Keys>, now: UnixSeconds) -> Result<Self, getrandom::Error> {
        let mut session = [0; 8];
        getrandom::fill(&mut session)?;
        let claim = Claim { account: account.id, session, expires: expiry(now), generation: account.generation };
        Ok(Session { account, claim, keys })
    }

    /// A session that goes on.
    pub(super) fn of(account: Account, claim: Claim, keys: Arc<Keys>) -> Self {
        Session { account, claim, keys }
    }

    /// Whose it is, as the account was when the session was looked up.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// When it ends unless it is renewed, by this node's clock.
    pub fn expires(&self) -> UnixSeconds {
        self.claim.expires
    }

    /// The same session with its time begun anew; its cookie takes the place of the one before.
    pub fn renewed(&self, now: UnixSeconds) -> Session {
        let claim = Claim { expires: expiry(now), ..self.claim };
        Session { claim, ..self.clone() }
    }

    /// The value of its cookie: letters, digits, `-` and `_`. To be sent with `HttpOnly` and `SameSite`.
    pub fn cookie(&self) -> String {
        let mut bytes = self.claim.encode().to_vec();
        bytes.extend(blake3::keyed_hash(&self.keys.cookies, &bytes).as_bytes());
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// What each of its forms carries, so that no other site's form is taken for one of ours. The same until the
    /// session ends, and of no use in another.
    pub fn csrf(&self) -> String {
        // Without the expiry, which is the only thing that a renewal changes.
        let lasting = Claim { expires: UnixSeconds(0), ..self.claim };
        BASE64URL_NOPAD.encode(blake3::keyed_hash(&self.keys.forms, &lasting.encode()).as_bytes())
    }

    /// Whether a form carries this session's token. Takes the same time wherever the two differ.
    pub fn csrf_holds(&self, shown: &str) -> bool {
        self.csrf().as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

fn expiry(now: UnixSeconds) -> UnixSeconds {
    UnixSeconds(now.0.saturating_add(SESSION_SECONDS))
}
