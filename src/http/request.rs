//! A request as data, with the defaults of `open_url`.

use super::Redirects;
use crate::host::Env;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Where a request is made from.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// Proxies, certificates, `~/.netrc` are found by it.
    pub env: &'a Env,
    /// Set when the task is to end.
    pub cancelled: &'a AtomicBool,
}

/// What is sent.
#[derive(Clone)]
pub enum Content {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A file, which is streamed.
    File(PathBuf),
}

impl fmt::Debug for Content {
    /// No bytes: they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// One request.
#[derive(Clone)]
pub struct Request {
    /// The URL, perhaps with user and password.
    pub url: String,
    /// The method, in capitals.
    pub method: String,
    /// Headers beside those that every request has; they win over those.
    pub headers: Vec<(String, String)>,
    /// Names of headers that a redirected request does not get.
    pub unredirected: Vec<String>,
    /// The body.
    pub content: Option<Content>,
    /// Asks caches for a fresh answer.
    pub force: bool,
    /// Asks for the content only where it is newer: seconds since 1970.
    pub modified_since: Option<i64>,
    /// How long one step may take: connecting, or waiting for bytes.
    pub timeout: Duration,
    /// `User-Agent`.
    pub agent: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// Sends user and password at once, without being asked.
    pub force_basic_auth: bool,
    /// Takes user and password from `~/.netrc` where no others are known.
    pub use_netrc: bool,
    /// Kerberos, which is refused.
    pub use_gssapi: bool,
    /// Which redirects are followed.
    pub redirects: Redirects,
    /// Whether the environment's proxies are used.
    pub use_proxy: bool,
    /// Whether the server's certificate must be valid.
    pub validate_certs: bool,
    /// A file of certificates that are trusted, in the place of the system's.
    pub ca_path: Option<String>,
    /// The client's certificate chain, perhaps with its key.
    pub client_cert: Option<String>,
    /// The client's key.
    pub client_key: Option<String>,
    /// OpenSSL's names of the cipher suites to use.
    pub ciphers: Vec<String>,
    /// A socket to connect to, whatever host the URL names.
    pub unix_socket: Option<String>,
    /// Unpacks gzip.
    pub decompress: bool,
}

impl Request {
    /// A GET with the defaults of `open_url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            method: "GET".into(),
            headers: Vec::new(),
            unredirected: Vec::new(),
            content: None,
            force: false,
            modified_since: None,
            timeout: Duration::from_secs(10),
            agent: Some("ansible-httpget".into()),
            user: None,
            password: None,
            force_basic_auth: false,
            use_netrc: true,
            use_gssapi: false,
            redirects: Redirects::Urllib2,
            use_proxy: true,
            validate_certs: true,
            ca_path: None,
            client_cert: None,
            client_key: None,
            ciphers: Vec::new(),
            unix_socket: None,
            decompress: true,
        }
    }
}

impl fmt::Debug for Request {
    /// Method and masked URL alone: headers and passwords are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, super::url::mask(&self.url))
    }
}
