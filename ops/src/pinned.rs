//! A question to a node that shows one certificate and no other: so its token never reaches anybody else.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, bail, ensure};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Bytes of an answer that are read at most.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// SHA-256 of a node's certificate, as `toguna certificate` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl std::str::FromStr for Fingerprint {
    type Err = anyhow::Error;

    /// Reads 64 hexadecimal digits, with or without blanks or colons.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        Ok(Fingerprint(bytes.context("a fingerprint has 64 hexadecimal digits: `toguna certificate` shows it")?))
    }
}

/// The addresses that a URL of this scheme may mean, and the host that it names.
///
/// # Errors
/// If the URL is none of that scheme, or names no host that is known.
pub async fn resolved(url: &str, scheme: &str) -> anyhow::Result<(Vec<SocketAddr>, String)> {
    let rest = url.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
    let host = rest.context("the address does not begin with the scheme")?.split('/').next().unwrap_or_default();
    let usual = if scheme == "https" { 443 } else { 80 };
    let after_bracket = host.rsplit(']').next().unwrap_or_default();
    let with_port = if after_bracket.contains(':') { host.to_owned() } else { format!("{host}:{usual}") };
    let found = tokio::net::lookup_host(&with_port).await.with_context(|| format!("looking up {host}"))?;
    Ok((found.collect(), host.to_owned()))
}

/// Asks for a path below the address of a node, and gives status and body.
///
/// # Errors
/// If the node does not answer, or shows another certificate.
pub async fn get(url: &str, path: &str, token: &str, fingerprint: Fingerprint) -> anyhow::Result<(u16, Bytes)> {
    let (addresses, host) = resolved(url, "https").await?;
    let address = addresses.first().with_context(|| format!("{host} has no address"))?;
    let stream = TcpStream::connect(address).await.context("the node does not answer")?;
    let connector = TlsConnector::from(Arc::new(config(fingerprint)?));
    let stream = connector.connect(ServerName::from(address.ip()), stream).await;
    let stream = stream.context("no connection to the node whose fingerprint was given")?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the connection, which ends when the answer has been read.
    tokio::spawn(connection);
    let request = Request::get(path).header("host", host).header("authorization", format!("Bearer {token}"));
    let response =
        sender.send_request(request.body(Empty::<Bytes>::new())?).await.context("the node does not answer")?;
    let status = response.status().as_u16();
    let Ok(body) = Limited::new(response.into_body(), MAX_ANSWER).collect().await else {
        bail!("the node's answer broke off or is too long");
    };
    Ok((status, body.to_bytes()))
}

/// Refuses to ask in the clear over a network.
///
/// # Errors
/// If the address is not one of this machine to itself.
pub async fn stays_here(url: &str) -> anyhow::Result<()> {
    let (addresses, _) = resolved(url, "http").await?;
    let here = addresses.iter().all(|address| address.ip().is_loopback());
    ensure!(here, "the token would cross the network in the clear: give an https:// address and its --fingerprint");
    Ok(())
}

fn config(fingerprint: Fingerprint) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let known = Arc::new(Known { fingerprint, provider: provider.clone() });
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])?;
    Ok(builder.dangerous().with_custom_certificate_verifier(known).with_no_client_auth())
}

/// Takes a certificate by its fingerprint alone, and the proof that the server has its key as everybody does.
#[derive(Debug)]
struct Known {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match Sha256::digest(shown).as_slice() == self.fingerprint.0 {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, shown, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, shown, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_is_sent_in_the_clear_to_this_machine_alone() {
        for (url, here) in [
            ("http://127.0.0.1:7373", true),
            ("http://127.0.0.2", true),
            ("http://localhost:1/", true),
            ("http://[::1]:7373", true),
            ("http://192.0.2.1:7373", false),
            ("http://[2001:db8::1]:7373/x", false),
            ("https://127.0.0.1:7373", false),
            ("127.0.0.1:7373", false),
        ] {
            assert_eq!(stays_here(url).await.is_ok(), here, "{url}");
        }
    }

    #[test]
    fn a_fingerprint_is_read_however_it_is_written() {
        let hex = "ab".repeat(32);
        let upper = hex.to_uppercase();
        let groups = upper.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned());
        let groups = groups.collect::<Vec<_>>().join(" ");
        assert_eq!(hex.parse::<Fingerprint>().unwrap(), groups.parse().unwrap());
        assert!("ab".parse::<Fingerprint>().is_err());
    }
}
