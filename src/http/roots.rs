//! The certificates that this host trusts: where its OpenSSL looks, and the folders that Ansible adds.

use crate::host::Env;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::io;
use std::path::Path;

/// Bundles of the common distributions; the first that exists is the host's.
const BUNDLES: [&str; 7] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// Folders in which Ansible looks for more.
const FOLDERS: [&str; 4] =
    ["/etc/pki/ca-trust/extracted/pem", "/etc/pki/tls/certs", "/usr/share/ca-certificates/cacert.org", "/etc/ansible"];

/// The certificates of a file.
pub(super) fn of_file(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let bytes = std::fs::read(path)?;
    // A file may hold other things between its certificates.
    Ok(CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok).collect())
}

/// The host's certificates; `SSL_CERT_FILE` and `SSL_CERT_DIR` stand in for its own, as for OpenSSL.
pub(super) fn of_host(env: &Env) -> Vec<CertificateDer<'static>> {
    let named = |name: &str| env.get(name).filter(|path| !path.is_empty());
    let mut found = Vec::new();
    match named("SSL_CERT_FILE") {
        Some(file) => found.extend(of_file(Path::new(&file)).unwrap_or_default()),
        None => {
            found.extend(BUNDLES.iter().map(|path| of_file(Path::new(path))).find_map(Result::ok).unwrap_or_default());
        }
    }
    let folders = named("SSL_CERT_DIR").unwrap_or_else(|| {
        // One by one is slow; where there is a bundle it holds the same.
        if found.is_empty() { "/etc/ssl/certs".to_owned() } else { String::new() }
    });
    for folder in folders.split(':').filter(|path| !path.is_empty()) {
        found.extend(of_folder(Path::new(folder), |_| true));
    }
    let is_certificate = |path: &Path| path.extension().is_some_and(|end| end == "pem" || end == "cer" || end == "crt");
    for folder in FOLDERS {
        found.extend(of_folder(Path::new(folder), is_certificate));
    }
    found.sort_by(|a, b| a.as_ref().cmp(b.as_ref()));
    found.dedup();
    found
}

fn of_folder(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<CertificateDer<'static>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let files = paths.filter(|path| path.is_file() && wanted(path));
    files.flat_map(|path| of_file(&path).unwrap_or_default()).collect()
}
