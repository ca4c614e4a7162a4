//! A small HTTP server for the tests: what it answers is told by the path, and is the same at any time.
//!
//! It speaks HTTP, HTTPS with the certificates of `tls/`, HTTP on a Unix socket, and is a proxy too: for a request
//! with a whole URL it answers itself, with `X-Via`, and a CONNECT it passes on. Threads, no crate but rustls.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// A server; its threads live as long as the test.
pub struct Server {
    /// The port of HTTP.
    pub http: u16,
    /// The port of HTTPS.
    pub https: u16,
    /// The port of HTTPS with the certificate that signed itself.
    pub selfsigned: u16,
}

/// The folder of the certificates.
pub fn certificates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/tls")
}

impl Server {
    /// Starts one; it listens on a Unix socket too, where a path is given.
    pub fn start(socket: Option<&Path>) -> Self {
        if let Some(path) = socket {
            let listener = UnixListener::bind(path).unwrap();
            thread::spawn(move || {
                listener.incoming().flatten().for_each(|stream| drop(thread::spawn(move || serve(stream))));
            });
        }
        let http = listen(|stream| drop(proxied(stream)));
        let (https, selfsigned) = (secret("server"), secret("selfsigned"));
        Self { http, https, selfsigned }
    }
}

fn listen(run: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let run = Arc::new(run);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let run = run.clone();
            thread::spawn(move || run(stream));
        }
    });
    port
}

fn secret(name: &str) -> u16 {
    let folder = certificates();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap()).unwrap();
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let chain = vec![CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_client_cert_verifier(clients.allow_unauthenticated().build().unwrap());
    let config = Arc::new(config.with_single_cert(chain, key).unwrap());
    listen(move |mut stream| {
        let mut session = ServerConnection::new(config.clone()).unwrap();
        while session.is_handshaking() {
            if session.complete_io(&mut stream).is_err() {
                return;
            }
        }
        let client = session.peer_certificates().is_some();
        drop(serve_as(StreamOwned::new(session, stream), client));
    })
}

/// What was asked for.
struct Asked {
    method: String,
    /// The path, without a proxy's host.
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    proxied: bool,
    /// Whether the client showed a certificate.
    client: bool,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

/// What is answered.
struct Answer {
    status: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: &str, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: status.into(), headers: vec![("Content-Type".into(), kind.into())], body: body.into() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

fn proxied(stream: TcpStream) -> io::Result<()> {
    let mut peeked = [0; 8];
    stream.peek(&mut peeked)?;
    if &peeked != b"CONNECT " {
        return serve(stream);
    }
    let mut reader = BufReader::with_capacity(1, stream);
    let Some(asked) = read(&mut reader, false)? else { return Ok(()) };
    let mut client = reader.into_inner();
    if asked.path.starts_with("refused") {
        return client.write_all(b"HTTP/1.0 403 Not Through Here\r\n\r\n");
    }
    let server = TcpStream::connect(&asked.path)?;
    client.write_all(b"HTTP/1.0 200 Connection established\r\n\r\n")?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        drop(io::copy(&mut from, &mut to));
        drop(to.shutdown(std::net::Shutdown::Write));
    });
    io::copy(&mut &server, &mut client).map(drop)
}

fn serve(stream: impl Read + Write) -> io::Result<()> {
    serve_as(stream, false)
}

fn serve_as(stream: impl Read + Write, client: bool) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let Some(asked) = read(&mut reader, client)? else { return Ok(()) };
    let stream = reader.get_mut();
    if !broken(&asked, stream)? {
        let mut answer = answer(&asked);
        if asked.proxied {
            answer = answer.with("X-Via", "the proxy");
        }
        write(stream, &asked, &answer)?;
    }
    stream.flush()
}

fn read(reader: &mut impl BufRead, client: bool) -> io::Result<Option<Asked>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let rest = target.strip_prefix("http://").map(|rest| rest.find('/').map_or("/", |at| &rest[at..]));
    let (path, query) = rest.unwrap_or(&target).split_once('?').unwrap_or((rest.unwrap_or(&target), ""));
    let mut asked = Asked {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: Vec::new(),
        proxied: rest.is_some(),
        client,
    };
    let length = asked.header("content-length").parse().unwrap_or(0);
    reader.take(length).read_to_end(&mut asked.body)?;
    Ok(Some(asked))
}

fn write(stream: &mut impl Write, asked: &Asked, answer: &Answer) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {}\r\nServer: test\r\nConnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    let chunked = answer.headers.iter().any(|(name, _)| name == "Transfer-Encoding");
    if !chunked {
        write!(head, "Content-Length: {}\r\n", answer.body.len()).unwrap();
    }
    head.push_str("\r\n");
    let mut bytes: Vec<u8> = head.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    if asked.method != "HEAD" {
        if chunked {
            for chunk in answer.body.chunks(7) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
        } else {
            bytes.extend(&answer.body);
        }
    }
    stream.write_all(&bytes)
}

/// Answers that are none, or not whole.
fn broken(asked: &Asked, stream: &mut impl Write) -> io::Result<bool> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
    match asked.path.as_str() {
        "/cut/head" => {}
        "/cut/length" => stream.write_all(format!("{head}Content-Length: 100\r\n\r\nhello").as_bytes())?,
        "/cut/chunk" => stream.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n20\r\nhello").as_bytes())?,
        "/garbage" => stream.write_all(b"what is this\r\n\r\n")?,
        "/slow" => thread::sleep(Duration::from_secs(5)),
        "/slow/body" => {
            stream.write_all(format!("{head}Content-Length: 100\r\n\r\nhello").as_bytes())?;
            stream.flush()?;
            thread::sleep(Duration::from_secs(5));
        }
        "/close" => stream.write_all(format!("{head}\r\nuntil the end").as_bytes())?,
        path if path.starts_with("/big/") => {
            let size: u64 = path[5..].parse().unwrap_or(0);
            stream.write_all(format!("{head}Content-Length: {size}\r\n\r\n").as_bytes())?;
            io::copy(&mut io::repeat(b'x').take(size), stream)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

const FILE: &str = "one file\n";
const MODIFIED: &str = "Wed, 21 Oct 2015 07:28:00 GMT";

fn answer(asked: &Asked) -> Answer {
    let text = |body: &str| Answer::new("200 OK", "text/plain", body);
    let parameter = |name: &str| {
        let all = asked.query.split('&').filter_map(|pair| pair.split_once('='));
        all.clone().find(|(own, _)| *own == name).map(|(_, value)| value.to_owned())
    };
    let parts: Vec<&str> = asked.path.split('/').skip(1).collect();
    match parts.as_slice() {
        ["file" | "file.txt" | "data.tar.gz"] => {
            if asked.header("if-modified-since").is_empty() {
                text(FILE).with("Last-Modified", MODIFIED)
            } else {
                Answer::new("304 Not Modified", "text/plain", "")
            }
        }
        ["sums", name] => text(&sums(name)),
        ["folder", ""] => text("of a folder\n"),
        ["echo", ..] => Answer::new("200 OK", "application/json", echo(asked)),
        ["status", code] => {
            let reason = parameter("reason").unwrap_or_else(|| "As Asked".into());
            Answer::new(&format!("{code} {reason}"), "text/plain", format!("status {code}\n")).with("X-One", "1")
        }
        ["json"] => Answer::new("200 OK", "application/json; charset=utf-8", r#"{"a": [1, null, true, "é"]}"#),
        ["json", "bad"] => Answer::new("200 OK", "application/json", "{not json"),
        ["json", "suffix"] => Answer::new("200 OK", "application/vnd.api+json", "[1]"),
        ["latin1"] => Answer::new("200 OK", "text/plain; charset=iso-8859-1", b"caf\xe9".as_slice()),
        ["redirect", code] => {
            let to = parameter("to").unwrap_or_else(|| "/echo".into()).replace("%3A", ":").replace("%2F", "/");
            Answer::new(&format!("{code} Elsewhere"), "text/plain", "elsewhere").with("Location", &to)
        }
        ["loop"] => Answer::new("302 Round", "text/plain", "").with("Location", "/loop"),
        ["many", count] => match count.parse::<u32>() {
            Ok(left @ 1..) => Answer::new("302 On", "text/plain", "").with("Location", &format!("/many/{}", left - 1)),
            _ => text("arrived"),
        },
        ["auth", "basic"] if asked.header("authorization") == "Basic dXNlcjpzM2NyZXQ=" => text("let in\n"),
        ["auth", "basic"] => {
            Answer::new("401 Who", "text/plain", "who?\n").with("WWW-Authenticate", "Basic realm=\"test\"")
        }
        ["auth", "digest"] if asked.header("authorization").contains("response=\"") => {
            text(if digest_is_good(asked) { "let in\n" } else { "wrong\n" })
        }
        ["auth", "digest"] => Answer::new("401 Who", "text/plain", "who?\n")
            .with("WWW-Authenticate", "Digest realm=\"test\", nonce=\"abc\", opaque=\"def\""),
        ["auth", "odd"] => {
            Answer::new("401 Who", "text/plain", "who?\n").with("WWW-Authenticate", "Odd realm=\"test\"")
        }
        ["cookies"] => text("set\n")
            .with("Set-Cookie", "one=1; Path=/")
            .with("Set-Cookie", "two=\"2 3\"")
            .with("Set-Cookie", "gone=x; Max-Age=0"),
        ["cookies", "on"] => Answer::new("302 On", "text/plain", "")
            .with("Set-Cookie", "way=taken; Path=/")
            .with("Location", "/echo/cookies"),
        ["gzip"] => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(b"unpacked\n").unwrap();
            text("").with("Content-Encoding", "gzip").body(encoder.finish().unwrap())
        }
        ["gzip", "bad"] => text("plain").with("Content-Encoding", "gzip"),
        ["chunked"] => text("one chunk after another\n").with("Transfer-Encoding", "chunked"),
        ["twice"] => text("twice\n").with("X-Twice", "a").with("x-twice", "b"),
        ["disposition"] => text("named\n").with(
            "Content-Disposition",
            &parameter("is").unwrap_or_else(|| "attachment; filename=\"../named.txt\"".into()),
        ),
        ["client"] => text(if asked.client { "known\n" } else { "unknown\n" }),
        _ => Answer::new("404 Not There", "text/plain", "not there\n"),
    }
}

impl Answer {
    fn body(mut self, bytes: Vec<u8>) -> Self {
        self.body = bytes;
        self
    }
}

/// Files of sums of [`FILE`].
fn sums(name: &str) -> String {
    let sum = "915d8335c6764cb570d4b6acfaeb25d932eee8b29720c220051265908731ce70";
    match name {
        "alone" => format!("{sum}\n"),
        "gnu" => format!("0000  other\n{sum}  file\n"),
        "dotted" => format!("0000  other\n{sum} *./file\n"),
        "bsd" => format!("SHA256 (other) = 0000\nSHA256 (file) = {sum}\n"),
        _ => "0000  other\n1111  another\n".to_owned(),
    }
}

/// The request as JSON; the host's port is the test's own business.
fn echo(asked: &Asked) -> String {
    let quoted = |text: &str| {
        let mut out = String::from('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => write!(out, "\\{c}").unwrap(),
                c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c)).unwrap(),
                c => out.push(c),
            }
        }
        out + "\""
    };
    let mut headers: Vec<_> = asked.headers.iter().collect();
    headers.sort();
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{}: {}", quoted(name), quoted(value))).collect();
    format!(
        "{{\"method\": {}, \"path\": {}, \"query\": {}, \"headers\": {{{}}}, \"body\": {}}}",
        quoted(&asked.method),
        quoted(&asked.path),
        quoted(&asked.query),
        headers.join(", "),
        quoted(&String::from_utf8_lossy(&asked.body))
    )
}

/// Checks an answer to the digest challenge, made by `user` with the password `s3cret`.
fn digest_is_good(asked: &Asked) -> bool {
    use md5::{Digest, Md5};
    let md5 = |text: String| Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let given = asked.header("authorization").split("response=\"").nth(1).and_then(|rest| rest.split('"').next());
    let secret = md5("user:test:s3cret".into());
    let wanted = md5(format!("{secret}:abc:{}", md5(format!("{}:{}", asked.method, asked.path))));
    given == Some(wanted.as_str())
}

/// Serves until it is killed, to try things by hand: `cargo test --test main serve_by_hand -- --ignored --nocapture`.
#[test]
#[ignore = "serves for ever"]
#[allow(clippy::print_stdout, reason = "it is there to be read")]
fn serve_by_hand() {
    let socket = std::env::temp_dir().join("rplay-test.sock");
    drop(std::fs::remove_file(&socket));
    let server = Server::start(Some(&socket));
    println!(
        "http {} https {} selfsigned {} socket {}",
        server.http,
        server.https,
        server.selfsigned,
        socket.display()
    );
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}
