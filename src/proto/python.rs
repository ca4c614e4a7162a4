//! One run of a module that is a file: in Python, or in whatever else a host can run.

use serde::{Deserialize, Serialize};

/// What a module printed, as text: a byte that belongs to none is the escape by which JSON would have it, so that
/// whoever reads the result can tell.
pub fn printed_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\udc{byte:02x}")));
    }
    text
}

/// How a module that is a file gets its arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// Python that uses `ansible.module_utils`: a zip file with all that it imports.
    #[default]
    Packed,
    /// The arguments stand in its own text.
    Whole,
    /// As `k=v` text in a file, whose path is its only argument.
    Words,
    /// As JSON in a file, whose path is its only argument.
    Json,
    /// The same, for a program that needs no interpreter.
    Binary,
}

/// What the host needs to know to run a module that is a file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FileModule {
    /// How it gets its arguments.
    pub kind: FileKind,
    /// The name to import of what is packed: `ansible.modules.apt`.
    pub import: String,
    /// The name of its file.
    pub file: String,
    /// The hash of what is packed, by which the host keeps it; the content comes along only where the host
    /// has said that it lacks it.
    pub pack: String,
    /// How a packed module wants its arguments and its result written: `legacy`, `modern`.
    pub profile: String,
    /// What runs beside a packed module, such as a debugger: JSON of their options by their names.
    pub extensions: String,
    /// A hash of what every packed module imports: those of the same share an interpreter.
    pub base: String,
    /// The interpreter's words; none for a program.
    pub interpreter: Vec<String>,
    /// The limit of open files; 0 leaves it.
    pub nofile: u64,
    /// Whether files stay on the host after the run (`keep_remote_files`).
    pub keep: bool,
    /// Whether the module is told of a folder for temporary files.
    pub tmpdir: bool,
}

impl FileModule {
    /// The profile's name.
    pub fn profile(&self) -> &str {
        if self.profile.is_empty() { "legacy" } else { &self.profile }
    }

    /// What runs beside it, as a Python dictionary's text.
    pub fn extensions(&self) -> &str {
        if self.extensions.is_empty() { "{}" } else { &self.extensions }
    }

    /// The key of a result by which a host says that it lacks what is packed.
    pub const MISSING: &'static str = "_ansible_pack_missing";
}
