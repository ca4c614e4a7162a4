//! YAML 1.1 as PyYAML and ansible-core 2.19's loader read it, and as their dumper writes it.
//!
//! Reading goes in steps: libyaml's events are composed into a raw tree (`compose`), whose tags are
//! resolved (`scalar`) and whose nodes become a [`Node`] tree with positions (`construct`); errors
//! get ansible-core's words and help texts (`error`, `hint`). Invariants: no input panics or
//! overflows the stack, and what aliases expand to is bounded.

mod astral;
mod compose;
mod construct;
mod emit;
mod error;
mod foreign;
mod hint;
mod json;
mod merge;
mod node;
mod scalar;
mod tail;
#[cfg(test)]
mod tests;
mod timestamp;

use crate::diag::{Result, Source};
use crate::value::Value;
use std::sync::Arc;

pub use emit::{EmitStyle, emit, emit_shared};
pub use error::{Mark, YamlError};
pub use node::{Kind, Node};
pub use timestamp::timestamp;

/// What happens where a mapping has a key twice: the setting DUPLICATE_YAML_DICT_KEY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// The last one counts, with a warning.
    #[default]
    Warn,
    /// The document is refused.
    Error,
    /// The last one counts.
    Ignore,
}

/// How a document is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether its strings may be templates: whether the user wrote it.
    pub trusted: bool,
    /// What to do about a key that stands twice.
    pub duplicates: Duplicates,
    /// Whether `!vault` and `!unsafe` are unknown tags, as they are to the filter `from_yaml`.
    pub plain: bool,
}

impl Options {
    /// What the user wrote: strings may be templates.
    pub fn trusted() -> Self {
        Self { trusted: true, ..Self::default() }
    }

    /// As the filters `from_yaml` and `from_yaml_all` read: data, without Ansible's own tags.
    pub fn filter() -> Self {
        Self { plain: true, ..Self::default() }
    }
}

/// A document that was read, and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The document; null where it is empty.
    pub node: Node,
    /// Whether there is no document at all: an empty text, or comments alone.
    pub empty: bool,
    /// Warnings, each the text after `[WARNING]: ` with its place and excerpt.
    pub warnings: Vec<String>,
    /// The texts after `[DEPRECATION WARNING]: `, with place and excerpt.
    pub deprecations: Vec<String>,
}

/// Reads one YAML document; more than one is an error.
pub fn parse(text: &str, source: &Arc<Source>, options: Options) -> Result<Parsed> {
    parse_raw(text, source, options).map_err(|e| e.into_diag(text, source))
}

/// Reads a file's text as ansible-core does: as JSON if it is JSON, else as YAML.
///
/// JSON gives other values for a few texts (`1e3` is a number, a key that stands twice is not
/// warned of), and its nodes have no lines.
pub fn load(text: &str, source: &Arc<Source>, options: Options) -> Result<Parsed> {
    match json::parse(text, source, options) {
        Some(node) => Ok(Parsed { node, empty: false, warnings: Vec::new(), deprecations: Vec::new() }),
        None => parse(text, source, options),
    }
}

/// Reads a file's text into a value as [`load`] does, dropping warnings.
pub fn load_value(text: &str, source: &Arc<Source>, trusted: bool) -> Result<Value> {
    load(text, source, Options { trusted, ..Options::default() }).map(|p| p.node.to_value())
}

/// The filter `from_yaml`: one document of data. The error is worded as PyYAML words it.
pub fn from_yaml(text: &str, trusted: bool) -> Result<Value, YamlError> {
    let source = Arc::new(Source::Described("<unknown>".into()));
    parse_raw(text, &source, Options { trusted, ..Options::filter() }).map(|p| p.node.to_value())
}

/// The filter `from_yaml_all`: all documents of a stream.
pub fn from_yaml_all(text: &str, trusted: bool) -> Result<Vec<Value>, YamlError> {
    let source = Arc::new(Source::Described("<unknown>".into()));
    let mut composer = compose::Composer::new(text);
    let mut values = Vec::new();
    while let Some(tree) = composer.document()? {
        let parsed = construct::construct(tree, &source, Options { trusted, ..Options::filter() })?;
        values.push(parsed.node.to_value());
    }
    Ok(values)
}

fn parse_raw(text: &str, source: &Arc<Source>, options: Options) -> Result<Parsed, YamlError> {
    match compose::Composer::new(text).single()? {
        Some(tree) => construct::construct(tree, source, options),
        None => Ok(Parsed { node: Node::null(source), empty: true, warnings: Vec::new(), deprecations: Vec::new() }),
    }
}
