//! A document as a tree in which every key and value knows its place.
//!
//! Loaders read playbooks from it; a mapping keeps its pairs in order, each key once.

use crate::diag::{Origin, Source};
use crate::value::{Dict, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// A key or value of a document with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it begins: its tag or anchor if it has one.
    pub origin: Origin,
    /// What it is.
    pub kind: Kind,
}

/// What a [`Node`] is. Nodes that aliases repeat are shared.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A scalar, resolved.
    Scalar(Value),
    /// A sequence.
    List(Arc<Vec<Node>>),
    /// A mapping; merge keys are resolved and no key stands twice.
    Map(Arc<Vec<(Node, Node)>>),
}

impl Node {
    /// The null that an empty document is.
    pub fn null(source: &Arc<Source>) -> Self {
        Self { origin: Origin::new(source.clone(), 0, 0), kind: Kind::Scalar(Value::Null) }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(Value::Null))
    }

    /// The string, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(value) => value.as_str(),
            _ => None,
        }
    }

    /// The scalar, where it is one.
    pub fn as_scalar(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Scalar(value) => Some(value),
            _ => None,
        }
    }

    /// The items, where it is a sequence.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs in order, where it is a mapping.
    pub fn as_map(&self) -> Option<&[(Node, Node)]> {
        match &self.kind {
            Kind::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// The value under a name, where it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.iter().find(|(k, _)| k.as_str() == Some(key)).map(|(_, v)| v)
    }

    /// The name of the Python type, as error texts give it.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(value) => value.type_name(),
            Kind::List(_) => "list",
            Kind::Map(_) => "dict",
        }
    }

    /// The plain value.
    pub fn to_value(&self) -> Value {
        self.convert(&mut HashMap::new())
    }

    /// Shared nodes are converted once, so that aliases stay cheap.
    fn convert(&self, shared: &mut HashMap<usize, Value>) -> Value {
        let key = match &self.kind {
            Kind::Scalar(value) => return value.clone(),
            Kind::List(items) if Arc::strong_count(items) > 1 => Arc::as_ptr(items) as usize,
            Kind::Map(pairs) if Arc::strong_count(pairs) > 1 => Arc::as_ptr(pairs) as usize,
            _ => return self.convert_container(shared),
        };
        if let Some(value) = shared.get(&key) {
            return value.clone();
        }
        let value = self.convert_container(shared);
        shared.insert(key, value.clone());
        value
    }

    fn convert_container(&self, shared: &mut HashMap<usize, Value>) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(items) => Value::list(items.iter().map(|item| item.convert(shared))),
            Kind::Map(pairs) => {
                Value::Dict(pairs.iter().map(|(k, v)| (k.convert(shared), v.convert(shared))).collect::<Dict>())
            }
        }
    }
}
