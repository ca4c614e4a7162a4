//! HTTP as Ansible's modules speak it: one request on one connection, in the manner of Python's urllib.
//!
//! Redirect policies, credentials, proxies, cookies and the texts of errors are those of
//! `ansible.module_utils.urls`. Bodies stream in constant memory, both ways. What is wanted and cannot be done (GSSAPI,
//! cipher suites that rustls lacks) is refused by name.

mod address;
mod auth;
mod body;
mod client;
mod cookies;
mod error;
mod exchange;
mod fetch;
mod file;
mod ftp;
mod headers;
mod mime;
mod netrc;
mod proxy;
mod redirect;
mod request;
mod roots;
mod stream;
mod tls;
mod trust;
pub mod url;

pub use address::resolve;
pub use body::{Body, Incomplete, incomplete};
pub use client::{Response, open};
pub use error::{Error, Refusal};
pub use fetch::{Fetched, Info, SaveError, fetch};
pub use headers::{Headers, param};
pub use mime::guess as guess_mime_type;
pub use redirect::Redirects;
pub use request::{Content, Request, World};
