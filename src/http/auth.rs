//! Users and passwords: from the arguments, from the URL, from `~/.netrc`; Basic and Digest.

use super::headers::Headers;
use super::url::{Url, unquote};
use super::{Error, Request, World, netrc};
use crate::host::digest;
use crate::value::str_repr;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// `Basic …`.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// What is known before the first request.
pub(super) struct Known {
    /// The URL without user and password.
    pub url: String,
    /// `Authorization`, where it is sent at once.
    pub header: Option<String>,
    /// What is sent once the server asks.
    pub answer: Option<Credentials>,
}

/// A user and password for one server.
#[derive(Clone)]
pub(super) struct Credentials {
    user: String,
    password: String,
    /// The server's host and port.
    authority: String,
    /// How often Digest was answered; the `nc` of RFC 7616.
    tries: u32,
}

/// Where user and password come from.
pub(super) fn configure(request: &Request, world: World<'_>) -> Result<Known, Error> {
    let mut known = Known { url: request.url.clone(), header: None, answer: None };
    let parsed = Url::parse(&request.url).map_err(Error::Value)?;
    if parsed.scheme == "ftp" {
        return Ok(known);
    }
    let mut user = request.user.clone().filter(|user| !user.is_empty());
    let mut password = request.password.clone();
    let mut authority = parsed.netloc.clone();
    if user.is_none()
        && let Some((credentials, host)) = parsed.netloc.split_once('@')
    {
        let (name, secret) = credentials.split_once(':').unwrap_or((credentials, ""));
        user = Some(unquote(name)).filter(|user| !user.is_empty());
        password = Some(unquote(secret));
        authority = host.to_owned();
        known.url = Url { netloc: host.to_owned(), ..parsed.clone() }.to_string();
    }
    if request.use_gssapi {
        return Err(Error::Lacking("use_gssapi is not supported by rplay: it has no Kerberos".into()));
    }
    match user {
        Some(user) if request.force_basic_auth => {
            known.header = Some(basic(&user, password.as_deref().unwrap_or("")));
        }
        // urllib answers nothing where it knows no password.
        Some(user) => {
            known.answer = password.map(|password| Credentials { user, password, authority, tries: 0 });
        }
        None if request.use_netrc => {
            let host = parsed.hostname().unwrap_or_default();
            let login = netrc::login(world.env, &host).map_err(Error::Other)?;
            known.header = login.map(|(user, password)| basic(&user, &password));
        }
        None => {}
    }
    Ok(known)
}

/// Host and port in one spelling.
fn place(authority: &str, scheme: &str) -> String {
    let url = Url { netloc: authority.to_owned(), ..Url::default() };
    let port = url.port().ok().flatten().unwrap_or(if scheme == "https" { 443 } else { 80 });
    format!("{}:{port}", url.hostname().unwrap_or_default())
}

impl Credentials {
    /// The `Authorization` that answers a 401; None where nothing new can be said.
    pub(super) fn answer(
        &mut self,
        url: &Url,
        method: &str,
        target: &str,
        headers: &Headers,
        sent: Option<&str>,
    ) -> Result<Option<String>, Error> {
        let Some(first) = headers.get("www-authenticate") else { return Ok(None) };
        let ours = place(&self.authority, &url.scheme) == place(&url.netloc, &url.scheme);
        let scheme = first.split_whitespace().next().unwrap_or("");
        if scheme.eq_ignore_ascii_case("digest") {
            if !ours {
                return Ok(None);
            }
            self.tries += 1;
            if self.tries > 6 {
                return Ok(None);
            }
            let answer = self.digest(first, method, target)?;
            return Ok(answer.filter(|answer| sent != Some(answer)));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            let shown = str_repr(scheme);
            return Err(Error::Value(format!(
                "AbstractDigestAuthHandler does not support the following scheme: {shown}"
            )));
        }
        let answer = basic(&self.user, &self.password);
        Ok(Some(answer).filter(|answer| ours && sent != Some(answer.as_str())))
    }

    fn digest(&self, challenge: &str, method: &str, target: &str) -> Result<Option<String>, Error> {
        let rest = challenge.trim_start().split_once(' ').map_or("", |(_, rest)| rest);
        let parts = parameters(rest);
        let part = |name: &str| parts.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let (Some(realm), Some(nonce)) = (part("realm"), part("nonce")) else { return Ok(None) };
        let algorithm = part("algorithm").unwrap_or("MD5");
        let hash: fn(&str) -> String = match algorithm {
            "MD5" => |text| digest::md5_bytes(text.as_bytes()),
            "SHA" => |text| digest::sha1_bytes(text.as_bytes()),
            "SHA-256" => |text| Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect(),
            other => {
                let shown = str_repr(other);
                return Err(Error::Value(format!("Unsupported digest authentication algorithm {shown}")));
            }
        };
        let secret = hash(&format!("{}:{realm}:{}", self.user, self.password));
        let asked = hash(&format!("{method}:{target}"));
        let count = format!("{:08x}", self.tries);
        let cnonce = cnonce().map_err(Error::Other)?;
        let (response, quality) = match part("qop") {
            None => (hash(&format!("{secret}:{nonce}:{asked}")), String::new()),
            Some(qop) if qop.split(',').any(|word| word.trim() == "auth") => {
                let response = hash(&format!("{secret}:{nonce}:{count}:{cnonce}:auth:{asked}"));
                (response, format!(", qop=auth, nc={count}, cnonce=\"{cnonce}\""))
            }
            Some(qop) => return Err(Error::Url(format!("qop '{qop}' is not supported."))),
        };
        let opaque = part("opaque").map(|opaque| format!(", opaque=\"{opaque}\"")).unwrap_or_default();
        Ok(Some(format!(
            "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{target}\", \
             response=\"{response}\"{opaque}, algorithm=\"{algorithm}\"{quality}",
            self.user
        )))
    }
}

fn cnonce() -> Result<String, String> {
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `a="b", c=d`, quotes taken off.
fn parameters(text: &str) -> Vec<(String, String)> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        quoted ^= c == '"';
        if c == ',' && !quoted {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    parts.push(part);
    let pair = |part: &String| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        Some((name.trim().to_owned(), bare.to_owned()))
    };
    parts.iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials { user: "Mufasa".into(), password: "CircleOfLife".into(), authority: "a".into(), tries: 0 }
    }

    #[test]
    fn digests_as_rfc_2069_does() {
        let challenge =
            "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"x,y\"";
        let answer = credentials().digest(challenge, "GET", "/dir/index.html").expect("known").expect("an answer");
        assert!(answer.contains("response=\"1949323746fe6a43ef61f9606e7febea\""), "{answer}");
        assert!(answer.contains("opaque=\"x,y\"") && !answer.contains("qop"), "{answer}");
        let odd = credentials().digest("Digest realm=\"r\", nonce=\"n\", algorithm=X", "GET", "/");
        assert_eq!(odd.expect_err("unknown").to_string(), "Unsupported digest authentication algorithm 'X'");
    }

    #[test]
    fn only_the_named_server_gets_the_password() {
        let mut headers = Headers::default();
        headers.push("WWW-Authenticate", "Basic realm=\"x\"");
        let answer = |url: &str, sent| {
            let url = Url::parse(url).expect("url");
            credentials().answer(&url, "GET", "/", &headers, sent).expect("basic")
        };
        let ours = basic("Mufasa", "CircleOfLife");
        assert_eq!(answer("http://a:80/x", None).as_ref(), Some(&ours));
        assert_eq!(answer("http://a/x", Some(&ours)), None);
        assert_eq!(answer("http://b/x", None), None);
    }
}
