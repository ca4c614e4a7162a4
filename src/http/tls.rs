//! TLS by rustls: the configuration that a request asks for.

use super::trust::{Anything, Trusting};
use super::{Error, Request, World, error, roots};
use crate::value::str_repr;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, SupportedCipherSuite};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// What a connection needs to be made secret.
#[derive(Clone)]
pub(super) struct Tls {
    pub config: Arc<ClientConfig>,
    /// Why the last certificate was refused.
    pub why: Arc<Mutex<Option<String>>>,
}

/// OpenSSL's names of the suites of TLS 1.2 that rustls has; those of 1.3 are always on, as with OpenSSL.
const SUITES: [(&str, &str); 6] = [
    ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    ("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    ("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
];

impl Tls {
    /// The configuration for a request; errors are those of reading certificates and keys.
    pub(super) fn new(request: &Request, world: World<'_>) -> Result<Self, Error> {
        let mut provider = ring::default_provider();
        if !request.ciphers.is_empty() {
            provider.cipher_suites = chosen(&request.ciphers, &provider.cipher_suites)?;
        }
        let provider = Arc::new(provider);
        let failed = |error: rustls::Error| Error::Other(error.to_string());
        let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(failed)?.dangerous();
        let why = Arc::new(Mutex::new(None));
        let builder = if request.validate_certs {
            builder.with_custom_certificate_verifier(Arc::new(trusting(request, world, provider, why.clone())?))
        } else {
            builder.with_custom_certificate_verifier(Arc::new(Anything(provider)))
        };
        let config = match &request.client_cert {
            Some(cert) => {
                let (chain, key) = client(cert, request.client_key.as_deref())?;
                builder.with_client_auth_cert(chain, key).map_err(failed)?
            }
            None => builder.with_no_client_auth(),
        };
        Ok(Self { config: Arc::new(config), why })
    }

    /// The text of an error while the connection is made secret.
    pub(super) fn words(&self, error: &io::Error) -> String {
        if let Some(why) = self.why.lock().ok().and_then(|mut why| why.take()) {
            return format!("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {why} (_ssl.c)");
        }
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidMessage(_)) => {
                "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c)".into()
            }
            Some(rustls::Error::AlertReceived(alert)) => format!("[SSL] the server's alert: {alert:?} (_ssl.c)"),
            Some(inner) => format!("[SSL] {inner} (_ssl.c)"),
            None => error::text(error),
        }
    }
}

/// The suites of a list of OpenSSL's; one that rustls lacks is refused.
fn chosen(wanted: &[String], known: &[SupportedCipherSuite]) -> Result<Vec<SupportedCipherSuite>, Error> {
    let name_of = |suite: &SupportedCipherSuite| suite.suite().as_str().unwrap_or("").to_owned();
    let mut out: Vec<SupportedCipherSuite> =
        known.iter().copied().filter(|suite| name_of(suite).starts_with("TLS13_")).collect();
    for name in wanted.iter().flat_map(|text| text.split([':', ',', ' '])).filter(|name| !name.is_empty()) {
        if matches!(name, "DEFAULT" | "HIGH" | "ALL") {
            out.extend(known.iter().copied());
            continue;
        }
        let ours = SUITES.iter().find(|(openssl, _)| *openssl == name).map(|(_, ours)| *ours);
        match known.iter().find(|suite| ours == Some(name_of(suite).as_str())) {
            Some(suite) => out.push(*suite),
            None => {
                let all = SUITES.map(|(name, _)| name).join(", ");
                let name = str_repr(name);
                return Err(Error::Value(format!(
                    "the cipher {name} is not supported by rplay; those that are: {all}"
                )));
            }
        }
    }
    Ok(out)
}

fn trusting(
    request: &Request,
    world: World<'_>,
    provider: Arc<CryptoProvider>,
    why: Arc<Mutex<Option<String>>>,
) -> Result<Trusting, Error> {
    let known = match &request.ca_path {
        Some(path) => roots::of_file(Path::new(path)).map_err(|error| Error::Connection(error::text(&error)))?,
        None => roots::of_host(world.env),
    };
    let mut store = RootCertStore::empty();
    // One that cannot be read is not trusted; the others are.
    store.add_parsable_certificates(known.iter().cloned());
    if let (true, Some(_)) = (store.is_empty(), &request.ca_path) {
        let text = "[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found (_ssl.c)";
        return Err(Error::Connection(text.into()));
    }
    let inner = if store.is_empty() {
        None
    } else {
        let built = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone()).build();
        Some(built.map_err(|error| Error::Other(error.to_string()))?)
    };
    Ok(Trusting { inner, provider, known, why })
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The client's certificates and key, both of one file where there is no other.
fn client(cert: &str, key: Option<&str>) -> Result<Identity, Error> {
    let failed = |path: &str, error: &dyn std::fmt::Display| Error::Connection(format!("[SSL] {path}: {error}"));
    let chain = roots::of_file(Path::new(cert)).map_err(|error| Error::Connection(error::text(&error)))?;
    if chain.is_empty() {
        return Err(failed(cert, &"no certificate was found in PEM format"));
    }
    let path = key.unwrap_or(cert);
    let bytes = std::fs::read(path).map_err(|error| Error::Connection(error::text(&error)))?;
    if String::from_utf8_lossy(&bytes).contains("ENCRYPTED") {
        return Err(failed(path, &"a key with a passphrase is not supported"));
    }
    let key = PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| failed(path, &error))?;
    Ok((chain, key))
}
