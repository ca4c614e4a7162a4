//! The messages between controller and agent; ids pair an answer with its request.

use super::{FileModule, Outcome, Request};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;

/// The protocol's number: an agent that says another one is of another rplay.
pub const PROTOCOL: u32 = 1;

/// What the controller sends.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub enum ToAgent {
    /// Run a module; [`FromAgent::Done`] answers.
    Run {
        /// The request's id.
        id: u64,
        /// What to run.
        request: Box<Request>,
        /// File content that comes along.
        content: Option<Content>,
    },
    /// Run a module that is a file; [`FromAgent::Done`] answers with what it printed.
    RunFile {
        /// The request's id.
        id: u64,
        /// Its arguments, complete, and its surroundings.
        request: Box<Request>,
        /// How it is run.
        file: Box<FileModule>,
        /// The file, or what is packed.
        content: Option<Content>,
    },
    /// A request that comes next starts only once another one has ended.
    After {
        /// The request's id.
        id: u64,
        /// The id of the other one.
        before: u64,
    },
    /// End a request that is under way; its answer still comes, unless it is done already.
    Cancel {
        /// The request's id.
        id: u64,
    },
    /// Stage a file; chunks of this id follow, an empty one ends it. [`FromAgent::Staged`] answers.
    Put {
        /// The request's id.
        id: u64,
        /// The file's name; it is put into a private folder.
        name: String,
        /// Whether it is to be executable.
        executable: bool,
    },
    /// Send a file back in chunks of this id, an empty one at its end.
    Get {
        /// The request's id.
        id: u64,
        /// The file's path.
        path: String,
    },
    /// Say whether files that a login reads have changed; [`FromAgent::Stamp`] answers.
    Probe {
        /// The request's id.
        id: u64,
    },
    /// Remove a staged file.
    Unstage {
        /// Its path, as [`FromAgent::Staged`] said it.
        path: String,
    },
    /// Nothing more will come: end once all is done.
    Bye,
}

/// What the agent sends.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub enum FromAgent {
    /// The agent is there; always the first message.
    Hello(Hello),
    /// A module has ended.
    Done {
        /// The request's id.
        id: u64,
        /// Its result.
        outcome: Outcome,
    },
    /// A file was staged.
    Staged {
        /// The request's id.
        id: u64,
        /// Its path on the host.
        path: String,
    },
    /// What a probe saw.
    Stamp {
        /// The request's id.
        id: u64,
        /// A digest of the stats; only equality means something.
        stamp: u64,
    },
    /// A put or get failed.
    Failed {
        /// The request's id.
        id: u64,
        /// The host's words.
        message: String,
    },
}

/// Who the agent is.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`] as it knows it.
    pub protocol: u32,
    /// rplay's version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// Its user id.
    pub uid: u32,
    /// Its user's name, empty where the host knows none.
    pub user: String,
    /// Its home, as the login set it.
    pub home: String,
    /// The kernel's name: `Linux`.
    pub system: String,
    /// The machine: `x86_64`.
    pub machine: String,
}

/// File content that comes with a request.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum Content {
    /// The bytes themselves.
    Inline(Bytes),
    /// The path of a file that was staged on the host before; it is removed after the run.
    Staged(String),
}

/// Bytes that travel as such rather than as a list of numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    /// The size alone: content may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BytesVisitor;
        impl Visitor<'_> for BytesVisitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_byte_buf(BytesVisitor)
    }
}
