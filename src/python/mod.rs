//! Modules written in Python, or in anything else that is a file: what they are, what goes along, what came of them.
//!
//! An installed ansible-core is used as files alone. Knows neither tasks nor connections: it is given a module's path,
//! its arguments and what a host printed.

mod alone;
mod extensions;
mod imports;
mod kind;
mod locate;
mod metadata;
mod pack;
mod result;
mod zip;

pub use alone::{Alone, Code, Job};
pub use extensions::{EXTENSIONS, Extensions};
pub use kind::{JSON_ARGS, Looked, look, replaced};
pub use locate::Places;
pub use metadata::{Profile, modern, profile};
pub use pack::{Module, Pack, Packer};
pub use result::{Printed, Read, read, untagged};

/// A zip file of texts, for tests of what reads it.
#[cfg(test)]
pub(crate) fn zipped<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let files: Vec<_> = files.into_iter().map(|(name, text)| (name, zip::Entry::new(text.as_bytes()))).collect();
    zip::archive(files.iter().map(|(name, entry)| (*name, entry)))
}
