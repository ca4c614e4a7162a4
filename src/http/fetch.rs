//! `fetch_url`: a request whose outcome, good or bad, is told as modules show it.

use super::client::{Response, open};
use super::headers::Headers;
use super::{Error, Request, World, body, url};
use std::io::{self, Read, Write};

/// What a module tells about a request.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// The URL that answered, masked.
    pub url: String,
    /// The status; -1 where no answer came, None for a file.
    pub status: Option<i64>,
    /// `OK (5 bytes)`, or what went wrong.
    pub msg: String,
    /// The headers by their names in small letters; those that came again are joined where all went well.
    pub headers: Vec<(String, String)>,
    /// The cookies that were set; None where there is no good answer.
    pub cookies: Option<Vec<(String, String)>>,
    /// The body of an answer that is an error.
    pub body: Option<Vec<u8>>,
}

/// What came of a request.
#[derive(Debug)]
pub enum Fetched<'a> {
    /// A good answer.
    Good(Info, Box<Response<'a>>),
    /// Another answer, or none.
    Bad(Info),
    /// The module fails at once with this message and, but for a lack of rplay's own, the URL and status.
    Failed {
        /// The message.
        msg: String,
        /// Whether the URL and status are told too.
        told: bool,
    },
}

impl Info {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn take(&mut self, headers: &Headers, joined: bool) {
        for (name, value) in headers.iter() {
            let name = name.to_lowercase();
            match self.headers.iter_mut().find(|(own, _)| *own == name) {
                Some(slot) if joined => slot.1 = format!("{}, {value}", slot.1),
                Some(slot) => value.clone_into(&mut slot.1),
                None => self.headers.push((name, value.to_owned())),
            }
        }
    }
}

/// Makes a request.
pub fn fetch<'a>(request: &Request, world: World<'a>) -> Fetched<'a> {
    let mut info = Info { url: url::mask(&request.url), status: Some(-1), ..Info::default() };
    match open(request, world) {
        Ok(response) => {
            info.take(&response.headers, true);
            let length = response.headers.get("content-length").unwrap_or("unknown");
            info.msg = format!("OK ({length} bytes)");
            info.url = url::mask(&response.url);
            info.status = response.status.map(i64::from);
            info.cookies = Some(response.cookies.clone());
            Fetched::Good(info, Box::new(response))
        }
        Err(Error::Value(msg)) => Fetched::Failed { msg, told: true },
        Err(Error::Lacking(msg)) => Fetched::Failed { msg, told: false },
        Err(error) => {
            info.msg = match &error {
                Error::Url(_) => format!("Request failed: {error}"),
                Error::Connection(text) => format!("Connection failure: {text}"),
                Error::BadLine(line) => {
                    format!("Connection failure: connection was closed before a valid response was received: {line}")
                }
                Error::Status(_) => error.to_string(),
                other => format!("An unknown error occurred: {other}"),
            };
            if let Error::Status(refusal) = error {
                info.status = Some(i64::from(refusal.status));
                info.take(&refusal.headers, false);
                info.body = Some(refusal.body);
            }
            Fetched::Bad(info)
        }
    }
}

impl Response<'_> {
    /// Writes the body to a file, in constant memory. The error is Python's text.
    pub fn save(&mut self, file: &mut dyn Write) -> Result<u64, SaveError> {
        let mut buffer = vec![0; 64 * 1024];
        let mut written = 0;
        loop {
            let count = match self.body.read(&mut buffer) {
                Ok(0) => return Ok(written),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(SaveError::of(&error, written)),
            };
            file.write_all(buffer.get(..count).unwrap_or_default()).map_err(|error| SaveError::of(&error, written))?;
            written += count as u64;
        }
    }
}

/// Why a body could not be saved.
#[derive(Debug)]
pub struct SaveError {
    /// Python's words.
    pub text: String,
    /// How much was saved before.
    pub written: u64,
    /// How many bytes of those that were promised did not come.
    pub missing: Option<u64>,
}

impl SaveError {
    fn of(error: &io::Error, written: u64) -> Self {
        match body::incomplete(error) {
            Some(short) => Self { text: short.to_string(), written, missing: short.more },
            None => Self { text: super::error::text(error), written, missing: None },
        }
    }
}
