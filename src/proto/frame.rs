//! Frames on a byte pipe: a length, a kind, a body.
//!
//! `[u32 length of the rest][u8 kind][body]`, big endian. A message's body is MessagePack, a
//! chunk's is the request's id (u64) and raw bytes. A length above the limit of its kind is an
//! error before anything is allocated, and a body is allocated as it arrives, so that a broken
//! peer costs no more memory than it sends.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read};

/// The longest message: one result with all its output.
pub const MAX_MESSAGE: usize = 256 << 20;
/// The longest chunk of a file.
pub const MAX_CHUNK: usize = 1 << 20;
/// How much of a file goes into a chunk.
pub const CHUNK: usize = 128 << 10;
/// How deeply values may be nested; a thread's stack must bear it.
pub const MAX_DEPTH: usize = 500;
/// The bytes before a body.
pub const HEADER: usize = 5;

const MESSAGE: u8 = b'M';
const DATA: u8 = b'D';

/// One frame as it was read.
#[derive(Debug)]
pub enum Frame<T> {
    /// A message.
    Message(T),
    /// A piece of a file; an empty one is its end.
    Chunk {
        /// The request that it belongs to.
        id: u64,
        /// The bytes.
        data: Vec<u8>,
    },
}

/// What is wrong with a frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The pipe.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The pipe ended within a frame.
    #[error("the pipe ended within a frame")]
    Short,
    /// A kind that the protocol lacks.
    #[error("unknown kind of frame: {0}")]
    Kind(u8),
    /// Longer than its kind may be.
    #[error("a frame of {0} bytes is too long")]
    Long(usize),
    /// Not the MessagePack that was expected.
    #[error("a message cannot be read: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
    /// A value that MessagePack cannot hold.
    #[error("a message cannot be written: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
}

/// The kind and the length of a body, as its header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    kind: u8,
    /// The length of the body.
    pub len: usize,
}

/// A message's frame.
pub fn message<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut bytes = vec![0; HEADER];
    rmp_serde::encode::write(&mut bytes, message)?;
    let len = bytes.len() - HEADER;
    if len > MAX_MESSAGE {
        return Err(FrameError::Long(len));
    }
    put_header(&mut bytes, MESSAGE);
    Ok(bytes)
}

/// A chunk's frame; `data` is at most [`MAX_CHUNK`].
pub fn chunk(id: u64, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    bytes.reserve_exact(8 + data.len());
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes.extend_from_slice(data);
    put_header(&mut bytes, DATA);
    bytes
}

fn put_header(bytes: &mut [u8], kind: u8) {
    let len = u32::try_from(bytes.len() - 4).unwrap_or(u32::MAX);
    bytes[..4].copy_from_slice(&len.to_be_bytes());
    bytes[4] = kind;
}

/// Reads a header, and refuses what no peer of ours sends.
pub fn header(bytes: [u8; HEADER]) -> Result<Header, FrameError> {
    let [a, b, c, d, kind] = bytes;
    let len = u32::from_be_bytes([a, b, c, d]) as usize;
    let (least, most) = match kind {
        MESSAGE => (1, MAX_MESSAGE),
        DATA => (8, MAX_CHUNK + 8),
        other => return Err(FrameError::Kind(other)),
    };
    match len.checked_sub(1) {
        Some(len) if (least..=most).contains(&len) => Ok(Header { kind, len }),
        _ => Err(FrameError::Long(len)),
    }
}

/// Makes a frame of a header and its whole body.
pub fn body<T: DeserializeOwned>(header: Header, mut bytes: Vec<u8>) -> Result<Frame<T>, FrameError> {
    if header.kind == MESSAGE {
        let mut decoder = rmp_serde::Deserializer::from_read_ref(&bytes);
        decoder.set_max_depth(MAX_DEPTH);
        return Ok(Frame::Message(T::deserialize(&mut decoder)?));
    }
    let Some((id, _)) = bytes.split_first_chunk::<8>() else { return Err(FrameError::Short) };
    let id = u64::from_be_bytes(*id);
    bytes.drain(..8);
    Ok(Frame::Chunk { id, data: bytes })
}

/// Reads one frame; None where the pipe ends between two.
pub fn read<T: DeserializeOwned>(pipe: &mut impl Read) -> Result<Option<Frame<T>>, FrameError> {
    let mut head = [0; HEADER];
    let mut have = 0;
    while have < HEADER {
        match pipe.read(&mut head[have..]) {
            Ok(0) if have == 0 => return Ok(None),
            Ok(0) => return Err(FrameError::Short),
            Ok(n) => have += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
    let header = header(head)?;
    let mut bytes = Vec::new();
    pipe.take(header.len as u64).read_to_end(&mut bytes)?;
    if bytes.len() < header.len {
        return Err(FrameError::Short);
    }
    body(header, bytes).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Bytes, Content, Outcome, Request, ToAgent};
    use crate::value::Value;

    #[track_caller]
    fn reads(bytes: &[u8]) -> Result<Option<Frame<ToAgent>>, FrameError> {
        read(&mut &bytes[..])
    }

    #[test]
    fn a_request_comes_back() {
        let mut request = Request { module: "copy".into(), ..Request::default() };
        request.args.insert("mode", Value::from("0644"));
        request.context.timeout = Some(3);
        let content = Some(Content::Inline(Bytes(vec![0, 255])));
        let mut bytes = message(&ToAgent::Run { id: 7, request: Box::new(request), content }).unwrap();
        bytes.extend(chunk(9, b"xyz"));
        let mut pipe = &bytes[..];
        let Some(Frame::Message(ToAgent::Run { id: 7, request, content: Some(Content::Inline(data)) })) =
            read(&mut pipe).unwrap()
        else {
            panic!("not the request")
        };
        assert_eq!(request.args.get("mode").and_then(Value::as_str), Some("0644"));
        assert_eq!(data.0, [0, 255]);
        let Some(Frame::Chunk { id: 9, data }) = read::<ToAgent>(&mut pipe).unwrap() else { panic!("not the chunk") };
        assert_eq!(data, b"xyz");
        assert!(read::<ToAgent>(&mut pipe).unwrap().is_none());
    }

    #[test]
    fn outcomes_keep_their_types() {
        let outcome = Outcome::changed(true).with("rc", 0).with("f", 1.5).with("b", Value::Bytes([1, 2][..].into()));
        let bytes = message(&outcome).unwrap();
        let Some(Frame::Message(back)) = read::<Outcome>(&mut &bytes[..]).unwrap() else { panic!("not the outcome") };
        assert_eq!(back, outcome);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| {
            let mut body = vec![0x91; depth];
            body.push(0xc0);
            let mut bytes = vec![0; HEADER];
            bytes.extend(body);
            put_header(&mut bytes, MESSAGE);
            read::<Value>(&mut &bytes[..])
        };
        assert!(nested(480).is_ok());
        assert!(matches!(nested(2000), Err(FrameError::Decode(_))));
    }

    #[test]
    fn broken_frames_are_errors() {
        assert!(matches!(reads(&[0, 0]), Err(FrameError::Short)));
        assert!(matches!(reads(&[0, 0, 0, 9, b'D', 1, 2]), Err(FrameError::Short)));
        assert!(matches!(reads(&[0, 0, 0, 0, b'M']), Err(FrameError::Long(0))));
        assert!(matches!(reads(&[0, 0, 0, 2, b'D', 0]), Err(FrameError::Long(2))));
        assert!(matches!(reads(&[255, 255, 255, 255, b'M']), Err(FrameError::Long(_))));
        assert!(matches!(reads(&[0, 255, 255, 255, b'D']), Err(FrameError::Long(_))));
        assert!(matches!(reads(&[0, 0, 0, 1, b'x', 0]), Err(FrameError::Kind(b'x'))));
        assert!(matches!(reads(&[0, 0, 0, 2, b'M', 0xc1]), Err(FrameError::Decode(_))));
    }
}
