//! A request with all that may follow from it: proxies, redirects, answers to 401.

use super::auth::{self, Credentials};
use super::body::Body;
use super::cookies::Jar;
use super::exchange::{self, Head, Outgoing, title};
use super::headers::Headers;
use super::proxy::{self, Proxy};
use super::request::Content;
use super::stream::{Stream, Wire};
use super::tls::Tls;
use super::url::{Url, join};
use super::{Error, Refusal, Request, World, file, ftp};
use std::io::BufReader;

/// An answer of the 200s.
#[derive(Debug)]
pub struct Response<'a> {
    /// Its status; a file has none.
    pub status: Option<u16>,
    /// Its headers.
    pub headers: Headers,
    /// The URL that answered, without user and password.
    pub url: String,
    /// Its body.
    pub body: Body<'a>,
    /// The cookies that were set on the way.
    pub cookies: Vec<(String, String)>,
}

/// How often one URL may be redirected to, and how many there may be.
const REPEATS: usize = 4;
const REDIRECTS: usize = 10;

/// One request of the several that may be needed.
struct Attempt {
    url: String,
    method: String,
    content: Option<Content>,
    /// Headers that a redirected request gets too.
    headers: Vec<(String, String)>,
    /// Headers of this request alone.
    own: Vec<(String, String)>,
}

/// Makes a request; an answer that is no success is an error.
pub fn open<'a>(request: &Request, world: World<'a>) -> Result<Response<'a>, Error> {
    let known = auth::configure(request, world)?;
    let mut attempt = Attempt::first(request, &known);
    let mut client =
        Client { request, world, jar: Jar::default(), credentials: known.answer, visited: Vec::new(), tls: None };
    if !request.ciphers.is_empty() || request.client_cert.is_some() || request.ca_path.is_some() {
        // The real one reads certificates and keys whatever the URL is.
        client.tls = Some(Tls::new(request, world)?);
    }
    loop {
        let url = Url::parse(&attempt.url).map_err(Error::Value)?;
        match url.scheme.as_str() {
            "" => {
                let shown = crate::value::str_repr(&attempt.url);
                return Err(Error::Value(format!("unknown url type: {shown}")));
            }
            "http" | "https" => {}
            "file" => return file::open(&url, &attempt.url),
            "ftp" if client.proxy(&url).is_none() => return ftp::open(&url, &attempt.url, request.timeout, world),
            "ftp" => {}
            other => return Err(Error::Url(format!("unknown url type: {other}"))),
        }
        let (head, mut body) = client.exchange(&mut attempt, &url)?;
        client.jar.take(&url, &head.headers);
        if (200..300).contains(&head.status) {
            if request.decompress
                && head.headers.get("content-encoding").is_some_and(|v| v.eq_ignore_ascii_case("gzip"))
            {
                body = body.gunzip();
            }
            let cookies = client.jar.pairs();
            return Ok(Response { status: Some(head.status), headers: head.headers, url: attempt.url, body, cookies });
        }
        match client.after(&attempt, &url, &head)? {
            Step::Again(next) => attempt = next,
            Step::Refused { reason, url } => {
                // What came is shown, though it be cut off.
                let mut bytes = Vec::new();
                drop(std::io::Read::read_to_end(&mut body, &mut bytes));
                let Head { status, headers, .. } = head;
                return Err(Error::Status(Box::new(Refusal { status, reason, headers, body: bytes, url })));
            }
        }
    }
}

/// What follows from an answer that is no success.
enum Step {
    Again(Attempt),
    Refused { reason: String, url: String },
}

impl Attempt {
    fn first(request: &Request, known: &auth::Known) -> Self {
        let mut all: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, value: String| match all.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some(slot) => slot.1 = value,
            None => all.push((name.to_owned(), value)),
        };
        if let Some(agent) = request.agent.as_ref().filter(|agent| !agent.is_empty()) {
            add("User-agent", agent.clone());
        }
        if request.force {
            add("cache-control", "no-cache".into());
        } else if let Some(at) = request.modified_since {
            add("If-Modified-Since", file::date(at));
        }
        for (name, value) in &request.headers {
            add(name, value.clone());
        }
        if let Some(value) = &known.header {
            add("Authorization", value.clone());
        }
        let alone = |name: &str| request.unredirected.iter().any(|own| own.eq_ignore_ascii_case(name));
        let (own, headers) = all.into_iter().partition(|(name, _)| alone(name));
        let (method, content) = (request.method.clone(), request.content.clone());
        Self { url: known.url.clone(), method, content, headers, own }
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.own.iter().chain(&self.headers);
        all.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The headers in the order in which urllib sends them.
    fn outgoing(&self, cookie: Option<String>, host: &str) -> Result<Vec<(String, String)>, Error> {
        let mut out: Vec<(String, String)> = Vec::new();
        if !self.has("accept-encoding") {
            out.push(("Accept-Encoding".into(), "identity".into()));
        }
        match &self.content {
            Some(content) => {
                if !self.has("content-type") {
                    out.push(("Content-Type".into(), "application/x-www-form-urlencoded".into()));
                }
                if !self.has("content-length") && !self.has("transfer-encoding") {
                    let length = match content {
                        Content::Bytes(bytes) => bytes.len() as u64,
                        Content::File(path) => {
                            std::fs::metadata(path).map_err(|error| Error::requesting(&error))?.len()
                        }
                    };
                    out.push(("Content-Length".into(), length.to_string()));
                }
            }
            None if matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") && !self.has("content-length") => {
                out.push(("Content-Length".into(), "0".into()));
            }
            None => {}
        }
        if !self.has("host") {
            out.push(("Host".into(), host.to_owned()));
        }
        let own = self.own.iter();
        let others =
            self.headers.iter().filter(|(name, _)| !self.own.iter().any(|(o, _)| o.eq_ignore_ascii_case(name)));
        out.extend(own.chain(others).filter(|(name, _)| !name.eq_ignore_ascii_case("connection")).cloned());
        if let Some(cookie) = cookie.filter(|_| !self.has("cookie")) {
            out.push(("Cookie".into(), cookie));
        }
        out.push(("Connection".into(), "close".into()));
        Ok(out.into_iter().map(|(name, value)| (title(&name), value)).collect())
    }
}

/// A request and what was learned on its way.
struct Client<'r, 'a> {
    request: &'r Request,
    world: World<'a>,
    jar: Jar,
    credentials: Option<Credentials>,
    visited: Vec<String>,
    tls: Option<Tls>,
}

/// The path and query of a URL, as a server is asked for them.
fn target(url: &Url) -> String {
    let slash = if url.path.starts_with('/') { "" } else { "/" };
    let query = if url.query.is_empty() { String::new() } else { format!("?{}", url.query) };
    format!("{slash}{}{query}", url.path)
}

/// Host and port of an authority.
fn place(authority: &str, scheme: &str) -> Result<(String, u16), Error> {
    let url = Url { netloc: authority.to_owned(), ..Url::default() };
    let host = url.hostname().ok_or_else(|| Error::Url("no host given".into()))?;
    let text = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = url.port().map_err(|_| {
        let port = text.rsplit_once(':').map_or("", |(_, port)| port);
        Error::Other(format!("nonnumeric port: {}", crate::value::str_repr(port)))
    })?;
    let default = if scheme == "https" { 443 } else { 80 };
    Ok((host, port.and_then(|port| u16::try_from(port).ok()).unwrap_or(default)))
}

impl<'a> Client<'_, 'a> {
    fn tls(&mut self) -> Result<Tls, Error> {
        match &self.tls {
            Some(tls) => Ok(tls.clone()),
            None => Ok(self.tls.insert(Tls::new(self.request, self.world)?).clone()),
        }
    }

    /// The proxy for a URL.
    fn proxy(&self, url: &Url) -> Option<Proxy> {
        let used = self.request.use_proxy && self.request.unix_socket.is_none();
        if used { proxy::of(self.world.env, &url.scheme, &url.netloc) } else { None }
    }

    /// Sends one request and reads the head of its answer.
    fn exchange(&mut self, attempt: &mut Attempt, url: &Url) -> Result<(Head, Body<'a>), Error> {
        let authority = url.netloc.as_str();
        if authority.is_empty() {
            return Err(Error::Url("no host given".into()));
        }
        let proxy = self.proxy(url);
        let mut stream = self.connect(url, proxy.as_ref())?;
        let whole = proxy.is_some() && url.scheme != "https";
        let target = if whole { Url { fragment: String::new(), ..url.clone() }.to_string() } else { target(url) };
        let mut headers = attempt.outgoing(self.jar.header(url), authority)?;
        if whole && let Some(value) = proxy.and_then(|proxy| proxy.authorization) {
            headers.push(("Proxy-Authorization".into(), value));
        }
        let outgoing =
            Outgoing { method: &attempt.method, target: &target, headers: &headers, content: attempt.content.as_ref() };
        exchange::send(&mut stream, &outgoing)?;
        let mut reader = BufReader::with_capacity(16 * 1024, stream);
        let head = exchange::receive(&mut reader)?;
        let body = exchange::body(reader, &head, &attempt.method);
        Ok((head, body))
    }

    fn connect(&mut self, url: &Url, proxy: Option<&Proxy>) -> Result<Stream<'a>, Error> {
        let (host, port) = place(&url.netloc, &url.scheme)?;
        let timeout = self.request.timeout;
        let failed = |error: std::io::Error| Error::requesting(&error);
        let secret = url.scheme == "https";
        let wire = if let Some(path) = &self.request.unix_socket {
            Wire::unix(path, timeout, self.world).map_err(failed)?
        } else if let Some(proxy) = proxy {
            let (at, port_at) = place(&proxy.authority, &proxy.scheme)?;
            let mut wire = Wire::tcp(&at, port_at, timeout, self.world).map_err(failed)?;
            if !secret && proxy.scheme == "https" {
                let tls = self.tls()?;
                return Stream::secret(wire, &at, &tls).map_err(Error::Url);
            }
            if secret {
                wire = exchange::tunnel(wire, &host, port, proxy.authorization.as_deref())?;
            }
            wire
        } else {
            Wire::tcp(&host, port, timeout, self.world).map_err(failed)?
        };
        if !secret {
            return Ok(Stream::Plain(wire));
        }
        let tls = self.tls()?;
        Stream::secret(wire, &host, &tls).map_err(Error::Url)
    }

    /// What to do after an answer that is no success.
    fn after(&mut self, attempt: &Attempt, url: &Url, head: &Head) -> Result<Step, Error> {
        let refused = |reason: &str, url: &str| Step::Refused { reason: reason.to_owned(), url: url.to_owned() };
        match head.status {
            301 | 302 | 303 | 307 | 308 => self.redirected(attempt, head),
            401 => {
                let Some(credentials) = &mut self.credentials else { return Ok(refused(&head.reason, &attempt.url)) };
                let sent = attempt.get("authorization");
                let answer = credentials.answer(url, &attempt.method, &target(url), &head.headers, sent)?;
                let Some(answer) = answer else { return Ok(refused(&head.reason, &attempt.url)) };
                let mut own: Vec<_> = attempt.own.clone();
                own.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
                own.push(("Authorization".into(), answer));
                Ok(Step::Again(Attempt {
                    url: attempt.url.clone(),
                    method: attempt.method.clone(),
                    content: attempt.content.clone(),
                    headers: attempt.headers.clone(),
                    own,
                }))
            }
            _ => Ok(refused(&head.reason, &attempt.url)),
        }
    }

    fn redirected(&mut self, attempt: &Attempt, head: &Head) -> Result<Step, Error> {
        let refused = |reason: String, url: &str| Ok(Step::Refused { reason, url: url.to_owned() });
        let Some(location) = head.headers.get("location").or_else(|| head.headers.get("uri")) else {
            return refused(head.reason.clone(), &attempt.url);
        };
        let mut parsed = Url::parse(location).map_err(Error::Value)?;
        if !matches!(parsed.scheme.as_str(), "http" | "https" | "ftp" | "") {
            let reason = format!("{} - Redirection to url '{location}' is not allowed", head.reason);
            return refused(reason, location);
        }
        if parsed.path.is_empty() && !parsed.netloc.is_empty() {
            parsed.path = "/".into();
        }
        let new = join(&attempt.url, &printable(&parsed.to_string()));
        let Some(next) = self.request.redirects.next(head.status, &attempt.method) else {
            return refused(head.reason.clone(), &new);
        };
        let before = self.visited.iter().filter(|url| **url == new).count();
        let mut different = self.visited.clone();
        different.sort();
        different.dedup();
        if before >= REPEATS || different.len() >= REDIRECTS {
            let reason = format!(
                "The HTTP server returned a redirect error that would lead to an infinite loop.\nThe last 30x error \
                 message was:\n{}",
                head.reason
            );
            return refused(reason, &attempt.url);
        }
        self.visited.push(new.clone());
        let about_body = ["content-length", "content-type", "transfer-encoding"];
        let kept = |name: &str| next.keep_body || !about_body.iter().any(|own| own.eq_ignore_ascii_case(name));
        Ok(Step::Again(Attempt {
            url: new,
            method: next.method,
            content: attempt.content.clone().filter(|_| next.keep_body),
            headers: attempt.headers.iter().filter(|(name, _)| kept(name)).cloned().collect(),
            own: Vec::new(),
        }))
    }
}

/// A location whose bytes beyond printable ASCII are `%XX`; it was read as Latin-1.
fn printable(text: &str) -> String {
    let shown = |c: char| match u32::from(c) {
        0x21..=0x7E => c.to_string(),
        code => format!("%{code:02X}"),
    };
    text.chars().map(shown).collect()
}
