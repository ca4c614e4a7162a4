//! Makes a document's nodes from the raw tree, as PyYAML's constructor with ansible-core's tags does.
//!
//! PyYAML fills collections level by level, not depth first. Errors and warnings are therefore
//! collected with their level, and the first of the lowest level counts.

use super::compose::{DEPTH, Data, Raw, Tree, too_deep};
use super::error::{Mark, YamlError};
use super::merge;
use super::node::{Kind, Node};
use super::scalar::{self, Tag};
use super::{Duplicates, Options, Parsed};
use crate::diag::{Error, Origin, Source};
use crate::value::{Text, Value, repr};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How many nodes a document may have once its aliases are followed.
const EXPANDED: usize = 10_000_000;

/// Makes the nodes of one document.
pub(super) fn construct(tree: Tree, source: &Arc<Source>, options: Options) -> Result<Parsed, YamlError> {
    let root = tree.root;
    let mut builder = Builder {
        nodes: tree.nodes,
        source,
        options,
        size: 0,
        deepest: 0,
        shared: HashMap::new(),
        active: HashSet::new(),
        errors: Vec::new(),
        warnings: Vec::new(),
        deprecations: Vec::new(),
    };
    let node = builder.node(root, Place::default());
    if let Some((_, error)) = builder.errors.into_iter().min_by_key(|(level, _)| *level) {
        return Err(error);
    }
    Ok(Parsed {
        node,
        empty: false,
        warnings: in_order(builder.warnings),
        deprecations: in_order(builder.deprecations),
    })
}

fn in_order(mut said: Vec<(usize, Error)>) -> Vec<String> {
    said.sort_by_key(|(level, _)| *level);
    said.into_iter().map(|(_, error)| error.to_string().trim_end().to_owned()).collect()
}

/// Where in the tree a node is being made.
#[derive(Clone, Copy, Default)]
struct Place {
    /// How deep, aliases followed.
    depth: usize,
    /// In which of PyYAML's passes.
    level: usize,
    /// Inside a `!unsafe` node: strings are untrusted, and all is made in one pass.
    in_unsafe: bool,
    /// Made in one pass.
    deep: bool,
}

impl Place {
    /// The place of a collection's items.
    fn inner(self) -> Self {
        Self { depth: self.depth + 1, level: if self.deep { self.level } else { self.level + 1 }, ..self }
    }
}

/// A node that aliases may repeat.
struct Shared {
    node: Node,
    /// How many nodes it has.
    size: usize,
    /// How deep it goes.
    height: usize,
}

struct Builder<'a> {
    nodes: Vec<Raw>,
    source: &'a Arc<Source>,
    options: Options,
    /// How many nodes were made, those behind aliases counted each time.
    size: usize,
    /// The greatest depth since it was last reset.
    deepest: usize,
    /// Nodes with an anchor that were made; the flag says whether inside of `!unsafe`.
    shared: HashMap<(u32, bool), Shared>,
    /// Nodes with an anchor that are being made.
    active: HashSet<u32>,
    errors: Vec<(usize, YamlError)>,
    warnings: Vec<(usize, Error)>,
    deprecations: Vec<(usize, Error)>,
}

impl Builder<'_> {
    fn raw(&self, index: u32) -> &Raw {
        // Indices come from composing the same tree.
        &self.nodes[index as usize]
    }

    fn mark(&self, index: u32) -> Mark {
        self.raw(index).mark
    }

    fn origin(&self, mark: Mark) -> Origin {
        Origin::new(self.source.clone(), mark.line + 1, mark.column + 1)
    }

    fn with(&self, mark: Mark, kind: Kind) -> Node {
        Node { origin: self.origin(mark), kind }
    }

    fn fail(&mut self, place: Place, error: YamlError) -> Node {
        self.errors.push((place.level, error));
        Node::null(self.source)
    }

    /// Counts nodes at a place; an error where there are too many, or too deep ones.
    fn count(&mut self, size: usize, depth: usize, mark: Mark) -> Result<(), YamlError> {
        self.size = self.size.saturating_add(size);
        self.deepest = self.deepest.max(depth);
        if depth > DEPTH {
            return Err(too_deep(mark));
        }
        if self.size > EXPANDED {
            return Err(YamlError::at("found aliases that expand to too many nodes", mark).own());
        }
        Ok(())
    }

    fn node(&mut self, index: u32, place: Place) -> Node {
        let Raw { mark, anchored, .. } = *self.raw(index);
        if !anchored {
            return match self.count(1, place.depth, mark) {
                Ok(()) => self.tagged(index, place),
                Err(error) => self.fail(place, error),
            };
        }
        let key = (index, place.in_unsafe);
        if let Some(Shared { node, size, height }) = self.shared.get(&key) {
            let (node, size, height) = (node.clone(), *size, *height);
            return match self.count(size, place.depth + height, mark) {
                Ok(()) => node,
                Err(error) => self.fail(place, error),
            };
        }
        if !self.active.insert(index) {
            return self.fail(place, YamlError::at("found unconstructable recursive node", mark));
        }
        let (size, deepest) = (self.size, self.deepest);
        self.deepest = 0;
        let node = match self.count(1, place.depth, mark) {
            Ok(()) => self.tagged(index, place),
            Err(error) => self.fail(place, error),
        };
        self.active.remove(&index);
        let height = self.deepest.saturating_sub(place.depth);
        self.deepest = self.deepest.max(deepest);
        self.shared.insert(key, Shared { node: node.clone(), size: self.size - size, height });
        node
    }

    fn tagged(&mut self, index: u32, place: Place) -> Node {
        let Raw { tag, mark, .. } = self.raw(index);
        let (tag, mark) = (tag.clone(), *mark);
        self.by_tag(index, &tag, mark, place).unwrap_or_else(|error| self.fail(place, error))
    }

    fn by_tag(&mut self, index: u32, tag: &Tag, mark: Mark, place: Place) -> Result<Node, YamlError> {
        match tag {
            Tag::Map => self.map(index, place).map(|pairs| self.with(mark, Kind::Map(Arc::new(pairs)))),
            Tag::Seq => self.list(index, place).map(|items| self.with(mark, Kind::List(Arc::new(items)))),
            Tag::Set => {
                let items = self.map(index, place)?.into_iter().map(|(key, _)| key).collect();
                Ok(self.with(mark, Kind::List(Arc::new(items))))
            }
            Tag::Omap => {
                let help = "Use a standard mapping instead, as key order is always preserved.";
                self.deprecate("Use of the YAML `!!omap` tag is deprecated.", help, mark, place);
                self.pairs(index, "an ordered map", place)
            }
            Tag::Pairs => {
                let help = "Use a standard mapping instead.";
                self.deprecate("Use of the YAML `!!pairs` tag is deprecated.", help, mark, place);
                self.pairs(index, "pairs", place)
            }
            Tag::Unsafe if !self.options.plain => {
                self.resolved_again(index, Place { in_unsafe: true, deep: true, ..place })
            }
            Tag::Vault | Tag::VaultEncrypted if !self.options.plain => self.vault(index, tag, mark, place),
            Tag::Str | Tag::Null | Tag::Bool | Tag::Int | Tag::Float | Tag::Timestamp | Tag::Binary => {
                let value = self.scalar(index, tag, mark, place)?;
                Ok(self.with(mark, Kind::Scalar(value)))
            }
            unknown => {
                let name = crate::value::str_repr(unknown.name());
                Err(YamlError::at(format!("could not determine a constructor for the tag {name}"), mark))
            }
        }
    }

    fn scalar(&self, index: u32, tag: &Tag, mark: Mark, place: Place) -> Result<Value, YamlError> {
        let text = self.text(index)?;
        if *tag != Tag::Str {
            return scalar::construct(tag, text, mark);
        }
        let origin = Some(self.origin(mark));
        Ok(Value::Str(if self.options.trusted && !place.in_unsafe {
            Text::trusted(text, origin)
        } else {
            Text::placed(text, origin)
        }))
    }

    /// A scalar's text; that of a mapping is the one under its key `=`.
    fn text(&self, index: u32) -> Result<&str, YamlError> {
        let mut at = index;
        for _ in 0..DEPTH {
            let raw = self.raw(at);
            match &raw.data {
                Data::Scalar(text) => return Ok(text),
                Data::Map(pairs) => match pairs.iter().find(|(key, _)| self.raw(*key).tag == Tag::Value) {
                    Some((_, value)) => at = *value,
                    None => break,
                },
                Data::List(_) => break,
            }
        }
        let raw = self.raw(at);
        Err(YamlError::at(format!("expected a scalar node, but found {}", raw.id()), raw.mark))
    }

    fn list(&mut self, index: u32, place: Place) -> Result<Vec<Node>, YamlError> {
        let Data::List(items) = &self.raw(index).data else {
            let raw = self.raw(index);
            return Err(YamlError::at(format!("expected a sequence node, but found {}", raw.id()), raw.mark));
        };
        let items = items.clone();
        let inner = place.inner();
        Ok(items.into_iter().map(|item| self.node(item, inner)).collect())
    }

    fn map(&mut self, index: u32, place: Place) -> Result<Vec<(Node, Node)>, YamlError> {
        let mark = self.mark(index);
        if !matches!(self.raw(index).data, Data::Map(_)) {
            let problem = format!("expected a mapping node, but found {}", self.raw(index).id());
            return Err(YamlError::at(problem, mark));
        }
        let inner = place.inner();
        self.size += match merge::flatten(&mut self.nodes, index) {
            Ok(merged) => merged,
            Err(error) => {
                self.errors.push((inner.level, error));
                return Ok(Vec::new());
            }
        };
        let Data::Map(pairs) = &self.raw(index).data else { return Ok(Vec::new()) };
        let pairs = pairs.clone();
        let mut out = Vec::with_capacity(pairs.len());
        let mut keys = Keys::default();
        let mut twice = Vec::new();
        for (key_index, value_index) in pairs {
            let key = self.node(key_index, inner);
            let Kind::Scalar(key_value) = &key.kind else {
                let error = YamlError::at("found unhashable key", self.mark(key_index));
                self.errors.push((inner.level, error.within("while constructing a mapping", mark)));
                continue;
            };
            let value = self.node(value_index, inner);
            match keys.find_or_add(&out, key_value) {
                None => out.push((key, value)),
                Some(at) => {
                    twice.push(key);
                    if let Some((_, old)) = out.get_mut(at) {
                        *old = value;
                    }
                }
            }
        }
        for key in twice {
            self.duplicate(&key, inner);
        }
        Ok(out)
    }

    fn duplicate(&mut self, key: &Node, place: Place) {
        let message = format!("Found duplicate mapping key {}.", repr(&key.to_value()));
        match self.options.duplicates {
            Duplicates::Ignore => {}
            Duplicates::Error => {
                let mark = Mark { line: key.origin.line - 1, column: key.origin.column - 1 };
                self.errors.push((place.level, YamlError::at(message, mark).own()));
            }
            Duplicates::Warn => {
                let help = "Using last defined value only.";
                let warning = match &key.kind {
                    // Booleans and null cannot carry an origin in ansible-core.
                    Kind::Scalar(Value::Null) => Error::user(message).help(help),
                    Kind::Scalar(value @ Value::Bool(_)) => {
                        Error::user(format!("{message}\nOrigin: <unknown>\n\n{}\n\n{help}", repr(value)))
                    }
                    _ => Error::user(message).help(help).at(Some(&key.origin)),
                };
                self.warnings.push((place.level, warning));
            }
        }
    }

    fn deprecate(&mut self, message: &str, help: &str, mark: Mark, place: Place) {
        let message = format!("{message} This feature will be removed from ansible-core version 2.23.");
        let warning = Error::user(message).help(help).at(Some(&self.origin(mark)));
        self.deprecations.push((place.level, warning));
    }

    /// `!!omap` and `!!pairs`: a sequence of mappings of one item each.
    fn pairs(&mut self, index: u32, what: &str, place: Place) -> Result<Node, YamlError> {
        let mark = self.mark(index);
        let context = format!("while constructing {what}");
        let Data::List(items) = &self.raw(index).data else {
            let problem = format!("expected a sequence, but found {}", self.raw(index).id());
            return Err(YamlError::at(problem, mark).within(context, mark));
        };
        let mut out = Vec::new();
        for item in items.clone() {
            let raw = self.raw(item);
            let problem = match &raw.data {
                Data::Map(pairs) if pairs.len() == 1 => None,
                Data::Map(pairs) => Some(format!("expected a single mapping item, but found {} items", pairs.len())),
                _ => Some(format!("expected a mapping of length 1, but found {}", raw.id())),
            };
            if let Some(problem) = problem {
                return Err(YamlError::at(problem, raw.mark).within(context, mark));
            }
            let Data::Map(pairs) = &raw.data else { continue };
            for (key, value) in pairs.clone() {
                let inner = place.inner();
                let pair = vec![self.node(key, inner), self.node(value, inner)];
                out.push(self.with(mark, Kind::List(Arc::new(pair))));
            }
        }
        Ok(self.with(mark, Kind::List(Arc::new(out))))
    }

    /// A node without its own tag: even a quoted `!unsafe "12"` is a number then.
    fn resolved_again(&mut self, index: u32, place: Place) -> Result<Node, YamlError> {
        let Raw { mark, data, .. } = self.raw(index);
        let mark = *mark;
        let tag = match data {
            Data::Scalar(text) => scalar::resolve(text),
            Data::List(_) => Tag::Seq,
            Data::Map(_) => Tag::Map,
        };
        self.by_tag(index, &tag, mark, place)
    }

    fn vault(&mut self, index: u32, tag: &Tag, mark: Mark, place: Place) -> Result<Node, YamlError> {
        if *tag == Tag::VaultEncrypted {
            let message = "Use of the YAML `!vault-encrypted` tag is deprecated.";
            self.deprecate(message, "Use the `!vault` tag instead.", mark, place);
        }
        let node = self.resolved_again(index, Place { deep: true, ..place })?;
        match &node.kind {
            Kind::Scalar(Value::Str(text)) => Ok(self.with(mark, Kind::Scalar(Value::Vault(text.untrusted())))),
            _ => Err(YamlError::at(format!("the '{}' tag requires a string value", tag.name()), mark).own()),
        }
    }
}

/// Up to this many keys, comparing them all is faster than hashing.
const FEW: usize = 16;

/// Finds a mapping's keys again.
#[derive(Default)]
struct Keys(HashMap<Value, usize>);

impl Keys {
    /// Where the key stands already; else it is counted as the next one.
    fn find_or_add(&mut self, pairs: &[(Node, Node)], key: &Value) -> Option<usize> {
        let is = |(known, _): &(Node, Node)| matches!(&known.kind, Kind::Scalar(value) if value == key);
        if pairs.len() < FEW {
            return pairs.iter().position(is);
        }
        if self.0.is_empty() {
            for (i, (known, _)) in pairs.iter().enumerate() {
                if let Kind::Scalar(value) = &known.kind {
                    self.0.insert(value.clone(), i);
                }
            }
        }
        match self.0.get(key) {
            Some(at) => Some(*at),
            None => {
                self.0.insert(key.clone(), pairs.len());
                None
            }
        }
    }
}
