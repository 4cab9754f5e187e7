//! A connection to a node that shows one certificate and no other: so the token never reaches anybody else.
//!
//! The usual clients trust whoever the system's list of issuers vouches for, and need such a list. An office's own
//! certificate is in none, and what is known of it is more: the certificate itself, by its fingerprint.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Request, Response},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use super::{ClientError, root_cause};
use crate::certificate::{Fingerprint, provider};

/// How long connecting may take, hands shaken.
const CONNECT: Duration = Duration::from_secs(20);

/// A node behind TLS.
#[derive(Clone)]
pub(super) struct Pinned {
    address: SocketAddr,
    connector: TlsConnector,
}

impl Pinned {
    pub(super) fn new(address: SocketAddr, fingerprint: Fingerprint) -> Result<Self, ClientError> {
        let config = config(fingerprint).map_err(|error| ClientError::Setup(error.to_string()))?;
        Ok(Pinned { address, connector: TlsConnector::from(Arc::new(config)) })
    }

    fn unreachable(&self, error: &(dyn std::error::Error + 'static)) -> ClientError {
        ClientError::Unreachable { address: format!("https://{}", self.address), reason: root_cause(error) }
    }

    /// Sends a request on a connection of its own. Nothing of it leaves before the certificate was seen.
    pub(super) async fn send(&self, request: Request<Body>) -> Result<Response<Body>, ClientError> {
        let slow = || ClientError::Unreachable {
            address: format!("https://{}", self.address),
            reason: "it took too long to connect".to_owned(),
        };
        let connecting = async {
            let stream = TcpStream::connect(self.address).await?;
            self.connector.connect(ServerName::from(self.address.ip()), stream).await
        };
        let stream = timeout(CONNECT, connecting).await.map_err(|_| slow())?;
        let stream = stream.map_err(|error| self.unreachable(&error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| self.unreachable(&error))?;
        // Ends with the connection, which ends when the answer has been read.
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(|error| self.unreachable(&error))?;
        Ok(response.map(Body::new))
    }
}

/// How a client connects that knows the server's certificate.
fn config(fingerprint: Fingerprint) -> Result<ClientConfig, Error> {
    let provider = provider();
    let known = Arc::new(Known { fingerprint, provider: provider.clone() });
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])?;
    Ok(builder.dangerous().with_custom_certificate_verifier(known).with_no_client_auth())
}

/// Takes a certificate by its fingerprint alone, and the proof that the server has its key as everybody does. Names
/// and dates say nothing beyond that.
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
        match Fingerprint::of(shown) == self.fingerprint {
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
mod tests;
