//! One request and the head of its answer, on the wire.

use super::Error;
use super::body::{Body, Framing};
use super::headers::Headers;
use super::request::Content;
use super::stream::{Stream, Wire};
use crate::value::{Value, repr, str_repr};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

/// No line of an answer's head may be longer, and no head have more bytes than sixteen such lines.
const LINE: usize = 65_536;

/// What is sent.
pub(super) struct Outgoing<'a> {
    pub method: &'a str,
    /// The path, or for a proxy the whole URL.
    pub target: &'a str,
    /// In the order in which they go out.
    pub headers: &'a [(String, String)],
    pub content: Option<&'a Content>,
}

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub status: u16,
    pub reason: String,
    pub headers: Headers,
}

/// Python's `title()` of a header's name.
pub(super) fn title(name: &str) -> String {
    let mut start = true;
    let letter = |c: char| {
        let shown = if start { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        start = !c.is_alphabetic();
        shown
    };
    name.chars().map(letter).collect()
}

/// Sends a request.
pub(super) fn send(stream: &mut Stream<'_>, outgoing: &Outgoing<'_>) -> Result<(), Error> {
    let head = head(outgoing)?;
    let failed = |error: io::Error| Error::requesting(&error);
    match outgoing.content {
        None => stream.write_all(&head).map_err(failed)?,
        Some(Content::Bytes(bytes)) => {
            stream.write_all(&head).and_then(|()| stream.write_all(bytes)).map_err(failed)?;
        }
        Some(Content::File(path)) => {
            let mut file = File::open(path).map_err(failed)?;
            stream.write_all(&head).map_err(failed)?;
            io::copy(&mut file, stream).map_err(failed)?;
        }
    }
    stream.flush().map_err(failed)
}

/// The bytes before a request's body.
fn head(outgoing: &Outgoing<'_>) -> Result<Vec<u8>, Error> {
    let target = outgoing.target;
    if let Some(bad) = target.chars().find(|c| *c <= ' ' || *c == '\x7f') {
        let (url, bad) = (str_repr(target), str_repr(&bad.to_string()));
        return Err(Error::Other(format!("URL can't contain control characters. {url} (found at least {bad})")));
    }
    let line = format!("{} {target} HTTP/1.1", outgoing.method);
    if let Some((at, bad)) = line.chars().enumerate().find(|(_, c)| !c.is_ascii()) {
        let bad = str_repr(&bad.to_string());
        let shown = if bad.is_ascii() { bad } else { escaped(&bad) };
        let text = format!("'ascii' codec can't encode character {shown} in position {at}: ordinal not in range(128)");
        return Err(Error::Value(text));
    }
    let mut out = line.into_bytes();
    out.extend(b"\r\n");
    for (name, value) in outgoing.headers {
        if name.is_empty() || name.starts_with(|c: char| c.is_whitespace()) || name.contains([':', '\r', '\n']) {
            let shown = repr(&Value::Bytes(name.as_bytes().into()));
            return Err(Error::Value(format!("Invalid header name {shown}")));
        }
        if value.contains(['\r', '\n']) {
            let shown = repr(&Value::Bytes(value.as_bytes().into()));
            return Err(Error::Value(format!("Invalid header value {shown}")));
        }
        out.extend(name.bytes());
        out.extend(b": ");
        for (at, c) in value.chars().enumerate() {
            let byte = u8::try_from(u32::from(c)).map_err(|_| {
                let shown = escaped(&format!("'{c}'"));
                Error::Value(format!(
                    "'latin-1' codec can't encode character {shown} in position {at}: ordinal not in range(256)"
                ))
            })?;
            out.push(byte);
        }
        out.extend(b"\r\n");
    }
    out.extend(b"\r\n");
    Ok(out)
}

/// Characters beyond ASCII as Python's `ascii()` writes them.
fn escaped(text: &str) -> String {
    let shown = |c: char| match u32::from(c) {
        0..=0x7F => c.to_string(),
        code @ 0x80..=0xFF => format!("\\x{code:02x}"),
        code @ 0x100..=0xFFFF => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    };
    text.chars().map(shown).collect()
}

/// Reads the head of an answer, past those of 100 Continue.
pub(super) fn receive(reader: &mut BufReader<Stream<'_>>) -> Result<Head, Error> {
    loop {
        let head = parse(&raw_head(reader)?)?;
        if head.status != 100 {
            return Ok(head);
        }
    }
}

/// The bytes up to an empty line.
fn raw_head(reader: &mut BufReader<Stream<'_>>) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    loop {
        let start = bytes.len();
        line(reader, &mut bytes).map_err(|error| Error::reading(&error))?;
        let line = bytes.get(start..).unwrap_or_default();
        if start == 0 {
            if line.is_empty() {
                return Err(Error::Connection("Remote end closed connection without response".into()));
            }
            if !line.starts_with(b"HTTP/") {
                return Err(Error::BadLine(String::from_utf8_lossy(line).into_owned()));
            }
        }
        if matches!(line, b"\r\n" | b"\n" | b"") {
            return Ok(bytes);
        }
        if line.len() > LINE || bytes.len() > 16 * LINE {
            return Err(Error::Other("got more than 65536 bytes when reading header line".into()));
        }
    }
}

/// Adds one line, but not much more than the longest allowed.
fn line(reader: &mut BufReader<Stream<'_>>, bytes: &mut Vec<u8>) -> io::Result<()> {
    let start = bytes.len();
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let taken = end.unwrap_or(buffer.len());
        bytes.extend_from_slice(buffer.get(..taken).unwrap_or_default());
        reader.consume(taken);
        if end.is_some() || taken == 0 || bytes.len() - start > LINE {
            return Ok(());
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Head, Error> {
    let mut config = httparse::ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .ignore_invalid_headers_in_responses(true);
    let mut slots = [httparse::EMPTY_HEADER; 128];
    let mut response = httparse::Response::new(&mut slots);
    // A connection that ended within the head still has a head for Python.
    let mut whole = bytes.to_vec();
    if !(whole.ends_with(b"\n\n") || whole.ends_with(b"\n\r\n")) {
        whole.extend(b"\r\n\r\n");
    }
    let first =
        || String::from_utf8_lossy(bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or(b"")).into_owned();
    match config.parse_response(&mut response, &whole) {
        Ok(_) => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Error::Other("got more than 100 headers".into())),
        Err(_) => return Err(Error::BadLine(first())),
    }
    let Some(status) = response.code else { return Err(Error::BadLine(first())) };
    let mut headers = Headers::default();
    for header in response.headers.iter() {
        let text: String = header.value.iter().map(|byte| char::from(*byte)).collect();
        headers.push(header.name, text.trim());
    }
    Ok(Head { status, reason: response.reason.unwrap_or("").trim().to_owned(), headers })
}

/// The body that follows a head.
pub(super) fn body<'a>(reader: BufReader<Stream<'a>>, head: &Head, method: &str) -> Body<'a> {
    let chunked = head.headers.get("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    let length = head.headers.get("content-length").and_then(|value| value.trim().parse().ok());
    let framing = if method == "HEAD" || matches!(head.status, 204 | 304) {
        Framing::Length(0)
    } else if chunked {
        Framing::chunked()
    } else {
        length.map_or(Framing::Close, Framing::Length)
    };
    Body::of_stream(reader, framing)
}

/// Asks a proxy for a tunnel, and gives the connection back as one.
pub(super) fn tunnel<'a>(
    wire: Wire<'a>,
    host: &str,
    port: u16,
    authorization: Option<&str>,
) -> Result<Wire<'a>, Error> {
    // Byte by byte: what follows the head is the server's.
    let mut reader = BufReader::with_capacity(1, Stream::Plain(wire));
    let mut text = format!("CONNECT {host}:{port} HTTP/1.0\r\n");
    if let Some(value) = authorization {
        text.push_str(&format!("Proxy-Authorization: {value}\r\n"));
    }
    text.push_str("\r\n");
    reader.get_mut().write_all(text.as_bytes()).map_err(|error| Error::requesting(&error))?;
    let head = parse(&raw_head(&mut reader)?)?;
    if head.status != 200 {
        return Err(Error::Url(format!("Tunnel connection failed: {} {}", head.status, head.reason)));
    }
    match reader.into_inner() {
        Stream::Plain(wire) => Ok(wire),
        Stream::Tls(_) => Err(Error::Other("a tunnel within a tunnel".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let head = parse(b"HTTP/1.1 404 NOT FOUND\r\nX-A:  b \r\nx-a: c\nodd\r\n\r\n").expect("parses");
        assert_eq!((head.status, head.reason.as_str()), (404, "NOT FOUND"));
        assert_eq!(head.headers.all("X-a").collect::<Vec<_>>(), ["b", "c"]);
        assert!(matches!(parse(b"HTTP/1.1 x\r\n\r\n"), Err(Error::BadLine(line)) if line == "HTTP/1.1 x\r\n"));
        assert_eq!(parse(b"HTTP/1.0 200\r\n").expect("parses").reason, "");
    }

    #[test]
    fn requests_that_cannot_be() {
        let try_it = |target: &str, name: &str, value: &str| {
            let headers = [(name.to_owned(), value.to_owned())];
            head(&Outgoing { method: "GET", target, headers: &headers, content: None }).map(|bytes| bytes.len())
        };
        assert_eq!(try_it("/", "X", "é").expect("latin-1"), "GET / HTTP/1.1\r\nX: e\r\n\r\n".len());
        for (target, name, value, wanted) in [
            ("/a b", "X", "", "URL can't contain control characters. '/a b' (found at least ' ')"),
            ("/é", "X", "", r"'ascii' codec can't encode character '\xe9' in position 5: ordinal not in range(128)"),
            ("/", "X", "a\nb", r"Invalid header value b'a\nb'"),
            ("/", "X y:", "", "Invalid header name b'X y:'"),
            (
                "/",
                "X",
                "a€",
                r"'latin-1' codec can't encode character '\u20ac' in position 1: ordinal not in range(256)",
            ),
        ] {
            assert_eq!(try_it(target, name, value).expect_err("refused").to_string(), wanted);
        }
    }

    #[test]
    fn titles() {
        for (name, titled) in [("User-agent", "User-Agent"), ("x-FOO_b1c", "X-Foo_B1C"), ("ETag", "Etag")] {
            assert_eq!(title(name), titled);
        }
    }
}
