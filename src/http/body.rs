//! The body of an answer, read in constant memory: with a length, in chunks, or until the connection ends.

use super::stream::{Stream, Wire};
use flate2::read::MultiGzDecoder;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, ErrorKind, Read};

/// A body that ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// How many bytes came.
    pub read: u64,
    /// How many were to come, where that is known.
    pub more: Option<u64>,
}

impl fmt::Display for Incomplete {
    /// `str()` of Python's `IncompleteRead`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IncompleteRead({} bytes read", self.read)?;
        match self.more {
            Some(more) => write!(f, ", {more} more expected)"),
            None => f.write_str(")"),
        }
    }
}

impl std::error::Error for Incomplete {}

/// How the end of a body is known.
#[derive(Debug)]
pub(super) enum Framing {
    Length(u64),
    Close,
    /// How much of the chunk is left; whether it is the first.
    Chunked {
        left: u64,
        first: bool,
        over: bool,
    },
}

impl Framing {
    pub(super) fn chunked() -> Self {
        Self::Chunked { left: 0, first: true, over: false }
    }
}

/// A body.
pub struct Body<'a>(Source<'a>);

enum Source<'a> {
    Raw(Raw<'a>),
    Packed(Raw<'a>),
    Gzip(Box<MultiGzDecoder<Chain<Cursor<Vec<u8>>, Raw<'a>>>>),
    File(File),
    /// The connection for commands must stay while the other one is read.
    Ftp(Raw<'a>, #[expect(dead_code, reason = "held open")] Wire<'a>),
    Empty,
}

/// How every gzip file begins.
const MAGIC: &[u8] = &[0x1F, 0x8B];

/// A body as it is on the wire.
struct Raw<'a> {
    reader: BufReader<Stream<'a>>,
    framing: Framing,
    /// The bytes that count where the rest is missing: of chunks, only whole ones do.
    read: u64,
    /// The bytes of the chunk under way.
    begun: u64,
}

impl<'a> Body<'a> {
    pub(super) fn of_stream(reader: BufReader<Stream<'a>>, framing: Framing) -> Self {
        Self(Source::Raw(Raw { reader, framing, read: 0, begun: 0 }))
    }

    pub(super) fn of_file(file: File) -> Self {
        Self(Source::File(file))
    }

    pub(super) fn of_ftp(reader: BufReader<Stream<'a>>, length: Option<u64>, control: Wire<'a>) -> Self {
        let framing = length.map_or(Framing::Close, Framing::Length);
        Self(Source::Ftp(Raw { reader, framing, read: 0, begun: 0 }, control))
    }

    /// The same, unpacked.
    pub(super) fn gunzip(self) -> Self {
        match self.0 {
            Source::Raw(raw) => Self(Source::Packed(raw)),
            other => Self(other),
        }
    }

    /// Looks at the first bytes, which say whether it can be unpacked.
    fn begin_unpacking(&mut self) -> io::Result<()> {
        let Source::Packed(mut raw) = std::mem::replace(&mut self.0, Source::Empty) else { return Ok(()) };
        let mut first = Vec::new();
        (&mut raw).take(2).read_to_end(&mut first)?;
        if first.is_empty() {
            return Ok(());
        }
        if first != MAGIC {
            let shown = crate::value::repr(&crate::value::Value::Bytes(first.into()));
            return Err(io::Error::other(format!("Not a gzipped file ({shown})")));
        }
        self.0 = Source::Gzip(Box::new(MultiGzDecoder::new(Cursor::new(first).chain(raw))));
        Ok(())
    }

    /// Everything that is left.
    pub fn read_all(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).map(|_| bytes)
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

/// An early end, where an error stands for one.
pub fn incomplete(error: &io::Error) -> Option<Incomplete> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Incomplete>()).copied()
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Source::Raw(raw) | Source::Ftp(raw, _) => raw.read(buffer),
            Source::File(file) => file.read(buffer),
            Source::Empty => Ok(0),
            Source::Packed(_) => {
                self.begin_unpacking()?;
                self.read(buffer)
            }
            Source::Gzip(gzip) => gzip.read(buffer).map_err(|error| match error.kind() {
                _ if incomplete(&error).is_some() => error,
                ErrorKind::UnexpectedEof => {
                    io::Error::other("Compressed file ended before the end-of-stream marker was reached")
                }
                ErrorKind::InvalidInput => io::Error::other("Not a gzipped file"),
                _ => error,
            }),
        }
    }
}

impl Raw<'_> {
    fn short(&self, more: Option<u64>) -> io::Error {
        io::Error::new(ErrorKind::UnexpectedEof, Incomplete { read: self.read, more })
    }

    fn some(&mut self, buffer: &mut [u8], limit: u64) -> io::Result<usize> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(buffer.len());
        self.reader.read(buffer.get_mut(..limit).unwrap_or_default())
    }

    /// Reads the line with the next chunk's size; before it, the end of the last one.
    fn next_chunk(&mut self, first: bool) -> io::Result<u64> {
        if !first && self.line()?.is_empty() {
            return Err(self.short(None));
        }
        let line = self.line()?;
        match httparse::parse_chunk_size(&line) {
            Ok(httparse::Status::Complete((_, size))) => Ok(size),
            _ => Err(self.short(None)),
        }
    }

    /// A short line; no more than a reader's patience long.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        (&mut self.reader).take(1024).read_until(b'\n', &mut line)?;
        Ok(line)
    }
}

impl Read for Raw<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        match self.framing {
            Framing::Close => self.some(buffer, u64::MAX),
            Framing::Length(0) => Ok(0),
            Framing::Length(left) => {
                let count = self.some(buffer, left)?;
                if count == 0 {
                    return Err(self.short(Some(left)));
                }
                self.framing = Framing::Length(left - count as u64);
                self.read += count as u64;
                Ok(count)
            }
            Framing::Chunked { over: true, .. } => Ok(0),
            Framing::Chunked { left: 0, first, .. } => {
                let left = self.next_chunk(first)?;
                // What follows the last chunk says nothing about the body.
                self.framing = Framing::Chunked { left, first: false, over: left == 0 };
                self.read(buffer)
            }
            Framing::Chunked { left, .. } => {
                let count = self.some(buffer, left)?;
                if count == 0 {
                    return Err(self.short(None));
                }
                let left = left - count as u64;
                self.framing = Framing::Chunked { left, first: false, over: false };
                self.begun += count as u64;
                if left == 0 {
                    self.read += std::mem::take(&mut self.begun);
                }
                Ok(count)
            }
        }
    }
}
