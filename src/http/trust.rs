//! Whether a server's certificate is trusted, and the words of OpenSSL where it is not.
//!
//! rustls decides, with one addition: a certificate that is itself among the trusted ones is good for its own
//! server even where it calls itself an authority, as `openssl req -x509` makes them and OpenSSL takes them.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::{Arc, Mutex};

/// Trusts certificates that lead to known ones.
#[derive(Debug)]
pub(super) struct Trusting {
    /// None where nothing is known, and so nothing trusted.
    pub inner: Option<Arc<WebPkiServerVerifier>>,
    pub provider: Arc<CryptoProvider>,
    pub known: Vec<CertificateDer<'static>>,
    /// Why the last certificate was refused, in OpenSSL's words.
    pub why: Arc<Mutex<Option<String>>>,
}

impl Trusting {
    /// A certificate that is trusted by itself, though it is marked as an authority's.
    fn is_known(&self, server: &CertificateDer<'_>, name: &ServerName<'_>, error: &Error) -> bool {
        let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
        // Its dates were looked at before this was found.
        other.to_string().contains("CaUsedAsEndEntity")
            && self.known.contains(server)
            && ParsedCertificate::try_from(server).is_ok_and(|parsed| verify_server_name(&parsed, name).is_ok())
    }
}

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = match &self.inner {
            Some(inner) => inner.verify_server_cert(server, between, name, ocsp, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        match verified {
            Err(error) if self.is_known(server, name, &error) => Ok(ServerCertVerified::assertion()),
            Err(error) => {
                if let Ok(mut why) = self.why.lock() {
                    *why = Some(words(&error, server, between, name));
                }
                Err(error)
            }
            good => good,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Trusts whatever comes: `validate_certs: false`.
#[derive(Debug)]
pub(super) struct Anything(pub Arc<CryptoProvider>);

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _server: &CertificateDer<'_>,
        _between: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Why, as OpenSSL says it.
fn words(error: &Error, server: &CertificateDer<'_>, between: &[CertificateDer<'_>], name: &ServerName<'_>) -> String {
    let Error::InvalidCertificate(error) = error else { return error.to_string() };
    match error {
        CertificateError::UnknownIssuer if is_self_signed(server) => "self-signed certificate".into(),
        CertificateError::UnknownIssuer if between.last().is_some_and(is_self_signed) => {
            "self-signed certificate in certificate chain".into()
        }
        CertificateError::UnknownIssuer => "unable to get local issuer certificate".into(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "certificate has expired".into(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "certificate is not yet valid".into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let kind = if matches!(name, ServerName::IpAddress(_)) { "IP address" } else { "Hostname" };
            format!("{kind} mismatch, certificate is not valid for '{}'.", name.to_str())
        }
        CertificateError::Revoked => "certificate revoked".into(),
        // A new certificate that an authority would not have signed: OpenSSL names the same cause so.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") && is_self_signed(server) => {
            "self-signed certificate".into()
        }
        other => other.to_string(),
    }
}

/// Whether issuer and subject are the same.
fn is_self_signed(cert: &CertificateDer<'_>) -> bool {
    names(cert).is_some_and(|(issuer, subject)| issuer == subject)
}

/// Issuer and subject of a certificate, encoded.
fn names<'a>(cert: &'a CertificateDer<'_>) -> Option<(&'a [u8], &'a [u8])> {
    let (_, certificate, _) = element(cert.as_ref())?;
    let (_, mut rest, _) = element(certificate)?;
    // Version, where it is given; then the serial number and the algorithm.
    if rest.first() == Some(&0xA0) {
        rest = element(rest)?.2;
    }
    rest = element(element(rest)?.2)?.2;
    let (_, issuer, rest) = element(rest)?;
    let (_, _validity, rest) = element(rest)?;
    let (_, subject, _) = element(rest)?;
    Some((issuer, subject))
}

/// The tag and content of an element of DER, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
        let length =
            digits.iter().try_fold(0usize, |sum, digit| sum.checked_mul(256)?.checked_add(usize::from(*digit)));
        (length?, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}
