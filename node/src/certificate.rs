//! The certificate under which other machines reach this node: its own, made once and kept, or one that was given.
//!
//! Nobody else vouches for an own certificate: browsers ask before they trust it, and people compare its
//! [`Fingerprint`], by telephone if need be. So it stays the same for as long as the office exists, whatever its
//! addresses, and its dates are so wide that a wrong clock does not matter.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use x509_parser::parse_x509_certificate;
use zeroize::Zeroizing;

use crate::durable;

/// The own certificate in the data directory: its private key, then the certificate, in one file, so that there are
/// always both.
pub const CERTIFICATE_FILE: &str = "tls.pem";

/// The first and the last year of an own certificate: the last that its short form of dates can write.
const YEARS: [i32; 2] = [2000, 2049];

/// Characters of a common name (X.520).
const MAX_NAME: usize = 64;

/// SHA-256 of a certificate, by which people and programs know it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

/// A text that is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint: write its 64 hexadecimal digits, with or without blanks or colons")]
pub struct ParseFingerprintError;

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Self {
        Fingerprint(Sha256::digest(certificate).into())
    }

    /// Sixteen groups of four digits, to be read aloud.
    pub fn groups(&self) -> Vec<String> {
        self.0.chunks(2).map(|pair| data_encoding::HEXUPPER.encode(pair)).collect()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.groups().join(" "))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, ParseFingerprintError> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map_err(|_| ParseFingerprintError)?;
        bytes.try_into().map(Fingerprint).map_err(|_| ParseFingerprintError)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A certificate cannot be used. Says which file, and what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error("{doing} {}: {source}", .path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{} holds no {what} in PEM form", .path.display())]
    Lacks {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        what: &'static str,
    },
    /// The certificate belongs to another private key.
    #[error("the certificate in {} does not belong to the private key in {}: give two files that belong together", .certificate.display(), .key.display())]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The certificate does not hold any more, or not yet.
    #[error("the certificate in {} {problem}: renew it, or set the clock of this machine", .path.display())]
    Dates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The certificate or its key is of a kind that cannot be served.
    #[error("the certificate in {} cannot be served: {problem}", .path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// An own certificate could not be made.
    #[error("making a certificate: {0}")]
    Make(#[from] rcgen::Error),
}

/// A certificate with its private key.
pub struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    path: PathBuf,
    key_path: PathBuf,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("fingerprint", &self.fingerprint()).finish_non_exhaustive()
    }
}

impl Certificate {
    /// The office's own certificate, made now if there is none: for these names and addresses, and by this office.
    /// Where there is one, it stays as it is.
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn own(data_dir: &Path, office: &str, names: &[String]) -> Result<Self, CertificateError> {
        let path = data_dir.join(CERTIFICATE_FILE);
        let io = |doing| {
            let path = path.clone();
            move |source| CertificateError::Io { doing, path, source }
        };
        match durable::read_closed(&path) {
            Ok((pem, _)) => return Self::of_pem(&pem, &pem, &path, &path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io("reading")(error)),
        }
        let pem = made(office, names)?;
        match durable::create(&path, pem.as_bytes()) {
            // Another process was faster: its certificate it is.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::own(data_dir, office, names),
            other => {
                other.map_err(io("writing")).and_then(|()| Self::of_pem(pem.as_bytes(), pem.as_bytes(), &path, &path))
            }
        }
    }

    /// A certificate that somebody else made: a file with it and with those that lead to its issuer, and one with its
    /// private key. Both are checked as far as that is possible here.
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn given(path: &Path, key_path: &Path) -> Result<Self, CertificateError> {
        let read = |path: &Path| {
            let path = path.to_owned();
            fs::read(&path).map_err(|source| CertificateError::Io { doing: "reading", path, source })
        };
        let (pem, key) = (read(path)?, Zeroizing::new(read(key_path)?));
        let certificate = Self::of_pem(&pem, &key, path, key_path)?;
        certificate.holds_at(UnixTime::now())?;
        certificate.server()?;
        Ok(certificate)
    }

    fn of_pem(pem: &[u8], key: &[u8], path: &Path, key_path: &Path) -> Result<Self, CertificateError> {
        let lacks = |path: &Path, what| CertificateError::Lacks { path: path.to_owned(), what };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| lacks(path, "certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| lacks(key_path, "private key"))?;
        Ok(Certificate { chain, key, path: path.to_owned(), key_path: key_path.to_owned() })
    }

    /// What people compare.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.chain[0])
    }

    /// The certificate without its key, for machines that are to trust it.
    pub fn pem(&self) -> String {
        let lines = data_encoding::BASE64.encode(&self.chain[0]);
        let lines: Vec<&str> = lines.as_bytes().chunks(64).filter_map(|line| str::from_utf8(line).ok()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    fn holds_at(&self, now: UnixTime) -> Result<(), CertificateError> {
        let unfit = |problem: String| CertificateError::Unfit { path: self.path.clone(), problem };
        let (_, parsed) = parse_x509_certificate(&self.chain[0]).map_err(|error| unfit(error.to_string()))?;
        let (validity, now) = (parsed.validity(), i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        let problem = match () {
            () if now > validity.not_after.timestamp() => "has expired",
            () if now < validity.not_before.timestamp() => "is not valid yet",
            () => return Ok(()),
        };
        Err(CertificateError::Dates { path: self.path.clone(), problem })
    }

    /// How a server shows it: TLS 1.3, and HTTP/1.1 within.
    ///
    /// # Errors
    /// [`CertificateError::Mismatch`] and [`CertificateError::Unfit`].
    pub fn server(&self) -> Result<Arc<ServerConfig>, CertificateError> {
        let unfit = |error: rustls::Error| match error {
            rustls::Error::InconsistentKeys(_) => {
                CertificateError::Mismatch { certificate: self.path.clone(), key: self.key_path.clone() }
            }
            error => CertificateError::Unfit { path: self.path.clone(), problem: error.to_string() },
        };
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(unfit)?
            .with_no_client_auth();
        let mut config = builder.with_single_cert(self.chain.clone(), self.key.clone_key()).map_err(unfit)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// The cryptography of TLS, named wherever it is needed: no part of the program may set another for all.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A new key and certificate, as they are kept.
fn made(office: &str, names: &[String]) -> Result<Zeroizing<String>, CertificateError> {
    // What cannot stand in a certificate names nothing by which a browser could ask.
    let names: Vec<String> = names.iter().filter(|name| !name.is_empty() && name.is_ascii()).cloned().collect();
    let mut params = CertificateParams::new(names)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Toguna");
    name.push(DnType::CommonName, office.chars().take(MAX_NAME).collect::<String>());
    params.distinguished_name = name;
    let [first, last] = YEARS;
    (params.not_before, params.not_after) = (date_time_ymd(first, 1, 1), date_time_ymd(last, 12, 31));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.self_signed(&key)?;
    let key = Zeroizing::new(key.serialize_pem());
    Ok(Zeroizing::new(format!("{}{}", *key, certificate.pem())))
}

/// The names and addresses of this machine, for its certificate: those that are given, its name alone and on a local
/// network, itself, and every address it has now.
pub fn names_here(given: &[String]) -> Vec<String> {
    let mut names = given.to_vec();
    if let Some(host) = host_name() {
        names.extend([format!("{host}.local"), host]);
    }
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    names.extend(addresses_here().iter().map(ToString::to_string));
    names.sort();
    names.dedup();
    names
}

/// What this machine is called, without what follows the first dot.
pub fn host_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.split('.').next()?.to_lowercase();
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (plain && !name.is_empty()).then_some(name)
}

/// The addresses at which others can reach this machine.
pub fn addresses_here() -> Vec<std::net::IpAddr> {
    let found = if_addrs::get_if_addrs().unwrap_or_default();
    let found = found.iter().filter(|interface| !interface.is_loopback() && !interface.is_link_local());
    found.map(if_addrs::Interface::ip).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn own(dir: &Path) -> Certificate {
        Certificate::own(dir, "Gao", &["127.0.0.1".into(), "gao.local".into(), "né".into()]).expect("a certificate")
    }

    #[test]
    fn an_own_certificate_is_made_once_and_only_its_owner_reads_the_key() {
        let dir = tempfile::tempdir().unwrap();
        let first = own(dir.path());
        let path = dir.path().join(CERTIFICATE_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(own(dir.path()).fingerprint(), first.fingerprint());
        assert!(first.server().is_ok() && first.holds_at(UnixTime::now()).is_ok());
        assert!(!first.pem().contains("PRIVATE") && first.pem().lines().all(|line| line.len() <= 64));
        let read = CertificateDer::from_pem_slice(first.pem().as_bytes()).unwrap();
        assert_eq!(Fingerprint::of(&read), first.fingerprint());
        fs::write(&path, "half").unwrap();
        let error = Certificate::own(dir.path(), "Gao", &[]).expect_err("a damaged file is not replaced");
        assert!(error.to_string().contains("holds no certificate"), "{error}");
    }

    #[test]
    fn a_fingerprint_reads_back_however_it_is_written() {
        let fingerprint = own(tempfile::tempdir().unwrap().path()).fingerprint();
        let said = fingerprint.to_string();
        assert_eq!((said.len(), said.split(' ').count()), (79, 16));
        for written in
            [said.clone(), said.replace(' ', ""), said.to_lowercase().replace(' ', ":"), format!(" {said}\n")]
        {
            assert_eq!(written.parse(), Ok(fingerprint), "{written}");
        }
        for wrong in ["", "3F2A", &said[1..], "x"] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(ParseFingerprintError), "{wrong}");
        }
    }

    #[test]
    fn given_files_are_refused_with_what_is_wrong_with_them() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let pem = |years: [i32; 2]| {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
            let mut params = CertificateParams::new(vec!["gao.example".to_owned()]).unwrap();
            (params.not_before, params.not_after) = (date_time_ymd(years[0], 1, 1), date_time_ymd(years[1], 1, 1));
            (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
        };
        let (good, key) = pem([2020, 2049]);
        let (expired, old_key) = pem([2000, 2001]);
        let (early, early_key) = pem([2048, 2049]);
        let (good, key) = (file("good", &good), file("key", &key));
        let (expired, old_key) = (file("expired", &expired), file("old", &old_key));
        let (early, early_key) = (file("early", &early), file("early-key", &early_key));
        let nothing = file("nothing", "nothing");
        assert!(Certificate::given(&good, &key).is_ok());
        for (certificate, key, expected) in [
            (&good, &old_key, "does not belong to the private key in"),
            (&expired, &old_key, "has expired"),
            (&early, &early_key, "is not valid yet"),
            (&nothing, &key, "nothing holds no certificate"),
            (&good, &nothing, "nothing holds no private key"),
            (&dir.path().join("absent"), &key, "reading"),
        ] {
            let error = Certificate::given(certificate, key).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
