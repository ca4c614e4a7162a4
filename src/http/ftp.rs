//! `ftp://` URLs: one file by passive FTP, as urllib gets it. Folders are not listed.

use super::body::Body;
use super::client::Response;
use super::headers::Headers;
use super::stream::{Stream, Wire};
use super::url::{Url, unquote};
use super::{Error, World, guess_mime_type};
use std::io::{BufRead, BufReader, Read, Write};
use std::time::Duration;

/// The connection for commands.
struct Control<'a>(BufReader<Wire<'a>>);

/// A reply: its number and its text.
struct Reply {
    code: u16,
    text: String,
}

/// Opens the file of a URL.
pub(super) fn open<'a>(url: &Url, text: &str, timeout: Duration, world: World<'a>) -> Result<Response<'a>, Error> {
    let host = url.hostname().ok_or_else(|| Error::Url("ftp error: no host given".into()))?;
    let port = url.port().ok().flatten().and_then(|port| u16::try_from(port).ok()).unwrap_or(21);
    let (user, password) = url.credentials();
    let (user, password) = (unquote(user.unwrap_or("")), unquote(password.unwrap_or("")));
    let anonymous = user.is_empty() || user == "anonymous";
    let user = if anonymous { "anonymous".to_owned() } else { user };
    let password = if anonymous && password.is_empty() { "anonymous@".to_owned() } else { password };
    let path = unquote(url.path.split_once(";type=").map_or(url.path.as_str(), |(path, _)| path));
    let (folders, file) = path.trim_start_matches('/').rsplit_once('/').unwrap_or(("", path.trim_start_matches('/')));
    if file.is_empty() {
        return Err(Error::Lacking("the list of a folder by ftp is not supported by rplay".into()));
    }
    let wire = Wire::tcp(&host, port, timeout, world).map_err(|error| Error::requesting(&error))?;
    let mut control = Control(BufReader::new(wire));
    control.expect(2, "")?;
    if control.expect(2, &format!("USER {user}"))?.code == 331 {
        control.expect(2, &format!("PASS {password}"))?;
    }
    for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
        control.expect(2, &format!("CWD {folder}"))?;
    }
    control.expect(2, "TYPE I")?;
    let at = match control.expect(2, "EPSV") {
        // Old servers know only the other command.
        Err(Error::Url(_)) => old_data_port(&control.expect(2, "PASV")?)?,
        reply => data_port(&reply?)?,
    };
    let data = Wire::tcp(&host, at, timeout, world).map_err(|error| Error::requesting(&error))?;
    let reply = control.expect(1, &format!("RETR {file}"))?;
    let length = size(&reply.text);
    let mut headers = Headers::default();
    if let Some(kind) = guess_mime_type(file) {
        headers.push("Content-type", kind);
    }
    if let Some(length) = length {
        headers.push("Content-length", length.to_string());
    }
    let body = Body::of_ftp(BufReader::new(Stream::Plain(data)), length, control.0.into_inner());
    Ok(Response { status: None, headers, url: text.to_owned(), body, cookies: Vec::new() })
}

impl Control<'_> {
    /// Sends a command, and takes a reply whose number begins with a digit; any other is the error.
    fn expect(&mut self, digit: u16, command: &str) -> Result<Reply, Error> {
        if command.contains(['\r', '\n']) {
            return Err(Error::Value("an illegal newline character should not be contained".into()));
        }
        if !command.is_empty() {
            let line = format!("{command}\r\n");
            self.0.get_mut().write_all(line.as_bytes()).map_err(|error| Error::requesting(&error))?;
        }
        let reply = self.reply()?;
        // 331 asks for the password.
        if reply.code / 100 == digit || reply.code == 331 {
            return Ok(reply);
        }
        Err(Error::Url(reply.text))
    }

    /// Reads a reply of one line or several.
    fn reply(&mut self) -> Result<Reply, Error> {
        let mut text = String::new();
        loop {
            let mut line = Vec::new();
            let limited = (&mut self.0).take(8192).read_until(b'\n', &mut line);
            limited.map_err(|error| Error::requesting(&error))?;
            if line.is_empty() {
                // Python's EOFError has no text.
                return Err(Error::Url(String::new()));
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&line);
            let code = text.get(..3).and_then(|code| code.parse().ok());
            let Some(code) = code else { return Err(Error::Url(text)) };
            // `220-` begins several lines, which `220 ` ends.
            if line.get(..4).is_none_or(|head| head.ends_with(' ')) && line.get(..3) == text.get(..3) {
                return Ok(Reply { code, text });
            }
            if text.len() > 65_536 {
                return Err(Error::Url(text));
            }
        }
    }
}

/// The port within `229 Entering Extended Passive Mode (|||6446|)`.
fn data_port(reply: &Reply) -> Result<u16, Error> {
    let inner = reply.text.split_once("(|||").and_then(|(_, rest)| rest.split_once('|'));
    inner.and_then(|(port, _)| port.parse().ok()).ok_or_else(|| Error::Url(reply.text.clone()))
}

/// The port within `227 Entering Passive Mode (127,0,0,1,25,46)`; the host is the one that is known.
fn old_data_port(reply: &Reply) -> Result<u16, Error> {
    let inner = reply.text.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    let numbers: Vec<u16> =
        inner.map_or("", |(inner, _)| inner).split(',').filter_map(|part| part.trim().parse().ok()).collect();
    match numbers.as_slice() {
        [.., high @ 0..=255, low @ 0..=255] if numbers.len() == 6 => Ok(high * 256 + low),
        _ => Err(Error::Url(reply.text.clone())),
    }
}

/// The size within `150 Opening data connection for x (12 bytes)`.
fn size(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once('(')?;
    let (digits, after) = rest.split_once(' ')?;
    after.starts_with("bytes").then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Env;
    use std::net::TcpListener;
    use std::sync::atomic::AtomicBool;

    /// A server of one file; gives the commands that it got.
    fn server(retr: &'static str) -> (u16, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
        let port = listener.local_addr().expect("address").port();
        let thread = std::thread::spawn(move || {
            let data = TcpListener::bind("127.0.0.1:0").expect("listens");
            let (mut stream, _) = listener.accept().expect("a client");
            let mut reader = BufReader::new(stream.try_clone().expect("clones"));
            stream.write_all(b"220-hello\r\n220 there\r\n").expect("writes");
            let mut commands = Vec::new();
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap_or(0) > 0 {
                let command = std::mem::take(&mut line).trim_end().to_owned();
                let reply = match command.split(' ').next().unwrap_or("") {
                    "USER" => "331 password\r\n".to_owned(),
                    "EPSV" => format!("229 passive (|||{}|)\r\n", data.local_addr().expect("address").port()),
                    "RETR" => retr.to_owned(),
                    _ => "250 ok\r\n".to_owned(),
                };
                stream.write_all(reply.as_bytes()).expect("writes");
                if command.starts_with("RETR") && retr.starts_with("150") {
                    data.accept().expect("data").0.write_all(b"content").expect("writes");
                }
                commands.push(command);
            }
            commands
        });
        (port, thread)
    }

    fn get(retr: &'static str) -> (Result<Vec<u8>, String>, Vec<String>) {
        let (port, thread) = server(retr);
        let (env, cancelled) = (Env::default(), AtomicBool::new(false));
        let text = format!("ftp://u:p@127.0.0.1:{port}/a/b.txt");
        let url = Url::parse(&text).expect("url");
        let world = World { env: &env, cancelled: &cancelled };
        let opened = open(&url, &text, Duration::from_secs(5), world).map_err(|error| error.to_string());
        let read = opened.and_then(|mut response| response.body.read_all().map_err(|error| error.to_string()));
        (read, thread.join().expect("ends"))
    }

    #[test]
    fn ports_for_data() {
        let reply = |text: &str| Reply { code: 227, text: text.into() };
        assert_eq!(old_data_port(&reply("227 Passive (127,0,0,1,25,46).")).ok(), Some(25 * 256 + 46));
        assert!(old_data_port(&reply("227 Passive (1,2)")).is_err());
        assert_eq!(data_port(&reply("229 Extended (|||6446|)")).ok(), Some(6446));
    }

    #[test]
    fn one_file() {
        let (read, commands) = get("150 here it comes (7 bytes)\r\n");
        assert_eq!(read, Ok(b"content".to_vec()));
        assert_eq!(commands, ["USER u", "PASS p", "CWD a", "TYPE I", "EPSV", "RETR b.txt"]);
        assert_eq!(get("550 no such file\r\n").0, Err("<urlopen error 550 no such file>".into()));
        let (short, _) = get("150 here it comes (9 bytes)\r\n");
        assert_eq!(short, Err("IncompleteRead(7 bytes read, 2 more expected)".into()));
    }
}
