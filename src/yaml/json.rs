//! Files that are JSON: ansible-core tries this before YAML.
//!
//! Values get the file as their origin, without a line, and keys get none.

use super::{Kind, Node, Options};
use crate::diag::{Origin, Source};
use crate::value::{Text, Value, parse_json};
use std::sync::Arc;

/// The text as JSON; None where it is none.
pub(super) fn parse(text: &str, source: &Arc<Source>, options: Options) -> Option<Node> {
    // Most YAML is told from JSON by its first character.
    let first = text.trim_start_matches([' ', '\t', '\n', '\r']).bytes().next()?;
    if !matches!(first, b'{' | b'[' | b'"' | b'0'..=b'9' | b'-' | b't' | b'f' | b'n' | b'N' | b'I') {
        return None;
    }
    let value = parse_json(text).ok()?;
    let reader = Reader { origin: Origin::new(source.clone(), 0, 0), trusted: options.trusted };
    Some(reader.node(&value))
}

struct Reader {
    origin: Origin,
    trusted: bool,
}

impl Reader {
    fn node(&self, value: &Value) -> Node {
        let kind = match value {
            Value::List(items) => Kind::List(Arc::new(items.iter().map(|item| self.node(item)).collect())),
            Value::Dict(dict) => match tagged(value) {
                Some(value) => Kind::Scalar(value),
                None => Kind::Map(Arc::new(dict.iter().map(|(k, v)| (self.node(k), self.node(v))).collect())),
            },
            Value::Str(text) if self.trusted => {
                Kind::Scalar(Value::Str(Text::trusted(text.shared(), Some(self.origin.clone()))))
            }
            Value::Str(text) => Kind::Scalar(Value::Str(Text::placed(text.shared(), Some(self.origin.clone())))),
            other => Kind::Scalar(other.clone()),
        };
        Node { origin: self.origin.clone(), kind }
    }
}

/// The objects by which ansible-core's JSON marks strings, whatever else is in them: `{"__ansible_unsafe": …}`,
/// `{"__ansible_vault": …}`.
fn tagged(value: &Value) -> Option<Value> {
    let dict = value.as_dict()?;
    if let Some(Value::Str(text)) = dict.get("__ansible_unsafe") {
        return Some(Value::Str(text.untrusted()));
    }
    match dict.get("__ansible_vault") {
        Some(Value::Str(text)) => Some(Value::Vault(text.untrusted())),
        _ => None,
    }
}
