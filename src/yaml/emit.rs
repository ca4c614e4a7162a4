//! Writes values as PyYAML's `yaml.dump` does with ansible-core's dumper: the filters `to_yaml` and
//! `to_nice_yaml`.
//!
//! libyaml's emitter lays the text out; styles, tags and the order of keys are chosen here. An anchor and aliases are
//! written where PyYAML sees one object several times, which only the filters do: other values are copies.

use super::astral;
use super::scalar::{self, Tag};
use crate::diag::{Error, Result};
use crate::value::{Dict, Value, float_repr};
use libyaml_safer::{Emitter, Encoding, Event, MappingStyle, ScalarStyle, SequenceStyle};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How YAML is written: the arguments of `yaml.dump`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmitStyle {
    /// Spaces a level, from 2 to 9; everything else is 2.
    pub indent: i32,
    /// Where lines are folded; negative never.
    pub width: i32,
    /// Whether collections are written in braces; None does so for those that hold scalars only.
    pub default_flow_style: Option<bool>,
    /// Whether keys are sorted.
    pub sort_keys: bool,
    /// Whether characters beyond ASCII stay as they are.
    pub allow_unicode: bool,
    /// Whether `---` is written.
    pub explicit_start: bool,
    /// Whether `...` is written.
    pub explicit_end: bool,
    /// The style of scalars: `'`, `"`, `|` or `>`.
    pub default_style: Option<char>,
    /// Whether all is written with tags and quotes.
    pub canonical: bool,
    /// Whether text of several lines is written as a block (`|`), as callbacks do.
    pub blocks: bool,
    /// Whether the ends of lines at the end of such a block are left out.
    pub trims: bool,
}

/// What ends a line.
const BREAKS: [char; 4] = ['\n', '\u{85}', '\u{2028}', '\u{2029}'];

impl EmitStyle {
    /// What the filter `to_yaml` uses.
    pub fn terse() -> Self {
        Self {
            indent: 0,
            width: 0,
            default_flow_style: None,
            sort_keys: true,
            allow_unicode: true,
            explicit_start: false,
            explicit_end: false,
            default_style: None,
            canonical: false,
            blocks: false,
            trims: false,
        }
    }

    /// What the filter `to_nice_yaml` uses.
    pub fn nice() -> Self {
        Self { indent: 4, default_flow_style: Some(false), ..Self::terse() }
    }
}

/// How deep a value may nest; Python gives up about there.
const DEPTH: usize = 500;

/// Writes a value as a YAML document.
pub fn emit(value: &Value, style: &EmitStyle) -> Result<String> {
    written(value, style, Anchors::default())
}

/// The same, with aliases for what is shared in the value: containers that are clones of one another.
pub fn emit_shared(value: &Value, style: &EmitStyle) -> Result<String> {
    let mut anchors = Anchors::default();
    anchors.find(value, style);
    written(value, style, anchors)
}

/// What is there several times, by identity.
#[derive(Default)]
struct Anchors {
    /// How often each container was seen so far: its number, once that was more than once.
    seen: HashMap<usize, Option<usize>>,
    count: usize,
    written: HashSet<usize>,
}

/// Where the items of a container are, which its clones share; None of a dictionary without room, and of all else.
fn identity(value: &Value) -> Option<usize> {
    match value {
        Value::List(items) => Some(Arc::as_ptr(items).addr()),
        Value::Dict(dict) => dict.identity(),
        _ => None,
    }
}

impl Anchors {
    /// Numbers what is there again, in the order in which that shows.
    fn find(&mut self, value: &Value, style: &EmitStyle) {
        if let Some(identity) = identity(value) {
            match self.seen.get_mut(&identity) {
                Some(Some(_)) => return,
                Some(number) => {
                    self.count += 1;
                    *number = Some(self.count);
                    return;
                }
                None => {
                    self.seen.insert(identity, None);
                }
            }
        }
        match value {
            Value::List(items) => items.iter().for_each(|item| self.find(item, style)),
            Value::Dict(dict) => items(dict, style).into_iter().for_each(|(_, item)| self.find(item, style)),
            _ => {}
        }
    }

    /// The name of a container that is there several times, and whether it was written.
    fn name(&mut self, value: &Value) -> Option<(String, bool)> {
        let identity = identity(value)?;
        let number = (*self.seen.get(&identity)?)?;
        Some((format!("id{number:03}"), !self.written.insert(identity)))
    }
}

fn written(value: &Value, style: &EmitStyle, anchors: Anchors) -> Result<String> {
    let mut out = Vec::new();
    let mut emitter = Emitter::new();
    emitter.set_output_string(&mut out);
    emitter.set_indent(style.indent);
    emitter.set_width(style.width);
    emitter.set_unicode(style.allow_unicode);
    emitter.set_canonical(style.canonical);
    let mut writer = Writer { emitter, style, anchors };
    writer.put(Event::stream_start(Encoding::Utf8))?;
    writer.put(Event::document_start(None, &[], !style.explicit_start))?;
    writer.value(value, 0)?;
    writer.put(Event::document_end(!style.explicit_end))?;
    writer.put(Event::stream_end())?;
    drop(writer);
    let text = String::from_utf8(out).map_err(|e| Error::user(e.to_string()))?;
    Ok(if style.allow_unicode { astral::reveal(text) } else { text })
}

/// The items in the order in which they are written: keys that Python cannot compare stay unsorted.
fn items<'v>(dict: &'v Dict, style: &EmitStyle) -> Vec<(&'v Value, &'v Value)> {
    let mut items: Vec<_> = dict.iter().collect();
    if style.sort_keys && items.windows(2).all(|pair| order(pair[0].0, pair[1].0).is_some()) {
        items.sort_by(|a, b| order(a.0, b.0).unwrap_or(Ordering::Equal));
    }
    items
}

struct Writer<'a, 'w> {
    emitter: Emitter<'w>,
    style: &'a EmitStyle,
    anchors: Anchors,
}

impl Writer<'_, '_> {
    fn put(&mut self, event: Event) -> Result<()> {
        self.emitter.emit(event).map_err(|e| Error::user(e.problem()))
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<()> {
        if depth > DEPTH {
            return Err(Error::user("maximum recursion depth exceeded"));
        }
        let anchor = match self.anchors.name(value) {
            Some((name, true)) => return self.put(Event::alias(&name)),
            Some((name, false)) => Some(name),
            None => None,
        };
        match value {
            Value::List(items) => {
                let flow = self.flow(items.iter());
                let style = if flow { SequenceStyle::Flow } else { SequenceStyle::Block };
                self.put(Event::sequence_start(anchor.as_deref(), Some(Tag::Seq.name()), true, style))?;
                for item in items.iter() {
                    self.value(item, depth + 1)?;
                }
                self.put(Event::sequence_end())
            }
            Value::Dict(dict) => {
                let flow = self.flow(dict.iter().flat_map(|(k, v)| [k, v]));
                let style = if flow { MappingStyle::Flow } else { MappingStyle::Block };
                self.put(Event::mapping_start(anchor.as_deref(), Some(Tag::Map.name()), true, style))?;
                for (key, item) in items(dict, self.style) {
                    self.value(key, depth + 1)?;
                    self.value(item, depth + 1)?;
                }
                self.put(Event::mapping_end())
            }
            scalar => self.scalar(scalar),
        }
    }

    fn flow<'v>(&self, mut children: impl Iterator<Item = &'v Value>) -> bool {
        self.style.default_flow_style.unwrap_or_else(|| {
            self.style.default_style.is_none()
                && children.all(|v| !matches!(v, Value::List(_) | Value::Dict(_) | Value::Vault(_) | Value::Bytes(_)))
        })
    }

    fn scalar(&mut self, value: &Value) -> Result<()> {
        let (tag, text) = represent(value);
        let text = if self.style.allow_unicode { astral::hide(text) } else { text };
        let style = match (&tag, self.style.default_style) {
            (Tag::Vault | Tag::Binary, _) | (_, Some('|')) => ScalarStyle::Literal,
            (Tag::Str, _) if self.style.blocks && text.contains(BREAKS) => ScalarStyle::Literal,
            // libyaml-safer 0.3 writes other breaks than libyaml in folded text.
            (_, Some('>')) if text.trim_end_matches('\n').contains('\n') => {
                return Err(Error::unsupported("YAML: default_style '>' for text of several lines"));
            }
            (_, Some('>')) => ScalarStyle::Folded,
            (_, Some('\'')) => ScalarStyle::SingleQuoted,
            (_, Some('"')) => ScalarStyle::DoubleQuoted,
            _ => ScalarStyle::Plain,
        };
        let text = match style {
            ScalarStyle::Literal if self.style.trims => text.trim_end_matches(BREAKS).to_owned(),
            _ => text,
        };
        let plain = scalar::resolve(&text) == tag;
        let quoted = tag == Tag::Str;
        self.put(Event::scalar(None, Some(tag.name()), &text, plain, quoted, style))
    }
}

/// A scalar's tag and text.
fn represent(value: &Value) -> (Tag, String) {
    match value {
        Value::Null => (Tag::Null, "null".into()),
        Value::Bool(b) => (Tag::Bool, b.to_string()),
        Value::Int(_) | Value::BigInt(_) => (Tag::Int, value.to_text()),
        Value::Float(f) => (Tag::Float, float(*f)),
        Value::Date(_) | Value::DateTime(_) => (Tag::Timestamp, value.to_text()),
        Value::Vault(text) => (Tag::Vault, text.as_str().to_owned()),
        Value::Bytes(bytes) => (Tag::Binary, lines_of_base64(bytes)),
        _ => (Tag::Str, value.to_text()),
    }
}

fn float(f: f64) -> String {
    if f.is_nan() {
        return ".nan".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { ".inf".into() } else { "-.inf".into() };
    }
    let text = float_repr(f);
    // `1e+20` would be a string in YAML 1.1.
    if text.contains('.') { text } else { text.replacen('e', ".0e", 1) }
}

/// Python's `base64.encodebytes`: lines of 76 characters.
fn lines_of_base64(bytes: &[u8]) -> String {
    use base64::Engine;
    bytes.chunks(57).map(|chunk| base64::engine::general_purpose::STANDARD.encode(chunk) + "\n").collect()
}

/// Python's `<` between keys, where it has one.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => Some(a.as_str().cmp(b.as_str())),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::DateTime(a), Value::DateTime(b)) if a.offset == b.offset => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::BigInt(a), Value::BigInt(b)) => Some(a.cmp(b)),
        _ => number(a)?.partial_cmp(&number(b)?),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Int(i) => Some(*i as f64),
        Value::Float(f) => Some(*f),
        Value::BigInt(b) => b.to_string().parse().ok(),
        _ => None,
    }
}
