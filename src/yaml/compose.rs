//! Composes libyaml's events into raw trees of tagged nodes, as PyYAML's composer does.
//!
//! Composing uses no recursion; depth is bounded as libyaml bounds it, only earlier, since what is
//! built from the tree is walked recursively.

use super::error::{Mark, YamlError};
use super::foreign;
use super::scalar::{self, Tag};
use super::tail::Tail;
use libyaml_safer::{Event, EventData, Parser};
use std::collections::HashMap;
use std::io::{Chain, Read};

/// How deep collections may nest. libyaml stops at 1000.
pub(super) const DEPTH: usize = 256;

/// A node as it was written, with its tag resolved.
pub(super) struct Raw {
    pub tag: Tag,
    pub mark: Mark,
    pub anchored: bool,
    pub data: Data,
}

/// The content of a [`Raw`] node; children are indices into the tree.
pub(super) enum Data {
    Scalar(String),
    List(Vec<u32>),
    Map(Vec<(u32, u32)>),
}

impl Raw {
    /// PyYAML's name of the kind of node.
    pub fn id(&self) -> &'static str {
        match &self.data {
            Data::Scalar(_) => "scalar",
            Data::List(_) => "sequence",
            Data::Map(_) => "mapping",
        }
    }
}

/// One document.
pub(super) struct Tree {
    pub nodes: Vec<Raw>,
    pub root: u32,
}

/// Reads the documents of a text one after another.
pub(super) struct Composer<'a> {
    text: &'a str,
    parser: Parser<Chain<&'a [u8], &'a [u8]>>,
    ended: bool,
    /// Where the last event ended.
    reached: Mark,
    tail: Option<Tail<'a>>,
}

/// A collection that is being read; `key` is a key that waits for its value.
struct Open {
    node: u32,
    key: Option<u32>,
}

impl<'a> Composer<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut parser = Parser::new();
        parser.set_encoding(libyaml_safer::Encoding::Utf8);
        // PyYAML skips a byte order mark.
        let bytes = text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes();
        let tail = Tail::needed(text);
        let added: &[u8] = if tail.is_some() { b"\n" } else { b"" };
        parser.set_input(bytes.chain(added));
        Self { text, parser, ended: false, reached: Mark::default(), tail }
    }

    fn event(&mut self) -> Result<Event, YamlError> {
        match foreign::next(&mut self.parser) {
            Some(Ok(event)) => {
                self.reached = to_mark(event.end_mark);
                Ok(match &self.tail {
                    Some(tail) => tail.mend(event),
                    None => event,
                })
            }
            None => {
                self.ended = true;
                let problem = "did not find expected whitespace or line break";
                Err(YamlError::at(problem, self.reached).within("while scanning a tag", self.reached))
            }
            Some(Err(e)) => {
                // The parser must not be asked again after it failed.
                self.ended = true;
                Err(self.error(&e))
            }
        }
    }

    fn error(&self, error: &libyaml_safer::Error) -> YamlError {
        let Some(mark) = error.problem_mark() else { return self.reader_error(error.problem()) };
        let mut out = YamlError::at(error.problem(), to_mark(mark));
        if let (Some(context), Some(start)) = (error.context(), error.context_mark()) {
            out = out.within(context, to_mark(start));
            if let Some(tail) = &self.tail {
                let text = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
                let opening = usize::try_from(start.index).ok().and_then(|at| text.as_bytes().get(at));
                return tail.mend_error(out, opening.copied());
            }
        }
        out
    }

    fn reader_error(&self, problem: &str) -> YamlError {
        let bad = self.text.char_indices().find(|(i, c)| !(readable(*c) || *i == 0 && *c == '\u{feff}'));
        let (at, c) = bad.map_or((0, 0), |(i, c)| (i, c as u32));
        YamlError::unplaced(format!(
            "unacceptable character #x{c:04x}: {problem}\n  in \"<unicode string>\", position {at}"
        ))
    }

    /// The only document; None where there is none, an error where there are more.
    pub fn single(mut self) -> Result<Option<Tree>, YamlError> {
        let Some(tree) = self.document()? else { return Ok(None) };
        let event = self.event()?;
        if matches!(event.data, EventData::StreamEnd) {
            return Ok(Some(tree));
        }
        let error = YamlError::at("but found another document", to_mark(event.start_mark));
        let start = tree.nodes.get(tree.root as usize).map_or_else(Mark::default, |n| n.mark);
        Err(error.within("expected a single document in the stream", start))
    }

    /// The next document.
    pub fn document(&mut self) -> Result<Option<Tree>, YamlError> {
        let mut build = Build::default();
        while !self.ended {
            let Event { data, start_mark, .. } = self.event()?;
            match data {
                EventData::StreamStart { .. } | EventData::DocumentStart { .. } => {}
                EventData::StreamEnd => self.ended = true,
                EventData::DocumentEnd { .. } => {
                    return Ok(build.root.map(|root| Tree { nodes: build.nodes, root }));
                }
                data => build.event(data, to_mark(start_mark))?,
            }
        }
        Ok(None)
    }
}

pub(super) fn to_mark(mark: libyaml_safer::Mark) -> Mark {
    let clip = |n: u64| u32::try_from(n).unwrap_or(u32::MAX - 1);
    Mark { line: clip(mark.line), column: clip(mark.column) }
}

/// The characters that YAML allows in a stream.
fn readable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..) && c != '\u{feff}'
}

#[derive(Default)]
struct Build {
    nodes: Vec<Raw>,
    anchors: HashMap<String, u32>,
    open: Vec<Open>,
    root: Option<u32>,
}

impl Build {
    fn event(&mut self, data: EventData, mark: Mark) -> Result<(), YamlError> {
        match data {
            EventData::Alias { anchor } => {
                let node = *self.anchors.get(&anchor).ok_or_else(|| YamlError::at("found undefined alias", mark))?;
                self.place(node);
            }
            EventData::Scalar { anchor, tag, value, plain_implicit, .. } => {
                let tag = match tag {
                    Some(tag) if tag != "!" => Tag::from_name(tag),
                    _ if plain_implicit => scalar::resolve(&value),
                    _ => Tag::Str,
                };
                let node = self.add(anchor, tag, mark, Data::Scalar(value))?;
                self.place(node);
            }
            EventData::SequenceStart { anchor, tag, .. } => {
                let tag = tag.filter(|t| t != "!").map_or(Tag::Seq, Tag::from_name);
                self.start(anchor, tag, mark, Data::List(Vec::new()))?;
            }
            EventData::MappingStart { anchor, tag, .. } => {
                let tag = tag.filter(|t| t != "!").map_or(Tag::Map, Tag::from_name);
                self.start(anchor, tag, mark, Data::Map(Vec::new()))?;
            }
            EventData::SequenceEnd | EventData::MappingEnd => {
                self.open.pop();
            }
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, anchor: Option<String>, tag: Tag, mark: Mark, data: Data) -> Result<u32, YamlError> {
        let index = u32::try_from(self.nodes.len()).map_err(|_| YamlError::at("found too many nodes", mark))?;
        let anchored = anchor.is_some();
        if let Some(anchor) = anchor
            && let Some(first) = self.anchors.insert(anchor, index)
        {
            let first = self.nodes.get(first as usize).map_or_else(Mark::default, |n| n.mark);
            return Err(
                YamlError::at("second occurrence", mark).within("found duplicate anchor; first occurrence", first)
            );
        }
        self.nodes.push(Raw { tag, mark, anchored, data });
        Ok(index)
    }

    fn start(&mut self, anchor: Option<String>, tag: Tag, mark: Mark, data: Data) -> Result<(), YamlError> {
        if self.open.len() >= DEPTH {
            return Err(too_deep(mark));
        }
        let node = self.add(anchor, tag, mark, data)?;
        self.place(node);
        self.open.push(Open { node, key: None });
        Ok(())
    }

    /// Puts a node where it belongs in the innermost open collection.
    fn place(&mut self, node: u32) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match self.nodes.get_mut(open.node as usize).map(|n| &mut n.data) {
            Some(Data::List(items)) => items.push(node),
            Some(Data::Map(pairs)) => match open.key.take() {
                Some(key) => pairs.push((key, node)),
                None => open.key = Some(node),
            },
            _ => {}
        }
    }
}

/// libyaml's error for what nests too deeply.
pub(super) fn too_deep(mark: Mark) -> YamlError {
    YamlError::at("exceeded maximum nesting depth", mark).within("while increasing flow level", mark)
}
