//! Merge keys (`<<`), as PyYAML 6.0 resolves them.
//!
//! Merged pairs come first, so that a mapping's own keys win; of several merged mappings the last
//! wins. A key that is literally the same node is merged once, which is how an anchor that is merged
//! twice stays cheap.

use super::compose::{DEPTH, Data, Raw};
use super::error::YamlError;
use super::scalar::Tag;
use std::collections::HashSet;

/// How many pairs one mapping may get by merging.
const MERGED: usize = 1_000_000;

/// Replaces a mapping's merge keys by what they merge; gives the number of pairs merged.
pub(super) fn flatten(nodes: &mut [Raw], index: u32) -> Result<usize, YamlError> {
    flatten_at(nodes, index, 0)
}

fn flatten_at(nodes: &mut [Raw], index: u32, depth: usize) -> Result<usize, YamlError> {
    let mark = nodes[index as usize].mark;
    let Data::Map(pairs) = &nodes[index as usize].data else { return Ok(0) };
    if depth > DEPTH || !pairs.iter().any(|(key, _)| matches!(nodes[*key as usize].tag, Tag::Merge | Tag::Value)) {
        return Ok(0);
    }
    // While its parts are merged the mapping is empty, which ends a mapping that merges itself.
    let pairs = std::mem::take(match &mut nodes[index as usize].data {
        Data::Map(pairs) => pairs,
        _ => return Ok(0),
    });
    let mut merged = Merged::default();
    let mut own = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        match nodes[key as usize].tag {
            Tag::Merge => {
                for part in parts(nodes, index, value)? {
                    flatten_at(nodes, part, depth + 1)?;
                    merged.add(nodes, part);
                }
            }
            Tag::Value => {
                nodes[key as usize].tag = Tag::Str;
                own.push((key, value));
            }
            _ => own.push((key, value)),
        }
        if merged.pairs.len() > MERGED {
            return Err(YamlError::at("found merge keys that expand to too many keys", mark).own());
        }
    }
    let count = merged.pairs.len();
    merged.pairs.append(&mut own);
    nodes[index as usize].data = Data::Map(merged.pairs);
    Ok(count)
}

/// The mappings that a merge key names.
fn parts(nodes: &[Raw], index: u32, value: u32) -> Result<Vec<u32>, YamlError> {
    let context = "while constructing a mapping";
    let start = nodes[index as usize].mark;
    let raw = &nodes[value as usize];
    match &raw.data {
        Data::Map(_) => Ok(vec![value]),
        Data::List(items) => {
            match items.iter().map(|i| &nodes[*i as usize]).find(|n| !matches!(n.data, Data::Map(_))) {
                None => Ok(items.clone()),
                Some(bad) => {
                    let problem = format!("expected a mapping for merging, but found {}", bad.id());
                    Err(YamlError::at(problem, bad.mark).within(context, start))
                }
            }
        }
        Data::Scalar(_) => {
            let problem = "expected a mapping or list of mappings for merging, but found scalar";
            Err(YamlError::at(problem, raw.mark).within(context, start))
        }
    }
}

#[derive(Default)]
struct Merged {
    pairs: Vec<(u32, u32)>,
    nodes: HashSet<u32>,
    /// Python has one object for each string of one Latin-1 character, so PyYAML takes them for one node.
    chars: HashSet<Option<char>>,
}

impl Merged {
    fn add(&mut self, nodes: &[Raw], part: u32) {
        let Data::Map(pairs) = &nodes[part as usize].data else { return };
        for &(key, value) in pairs {
            let new = match &nodes[key as usize].data {
                Data::Scalar(text) if is_shared(text) => self.chars.insert(text.chars().next()),
                _ => self.nodes.insert(key),
            };
            if new {
                self.pairs.push((key, value));
            }
        }
    }
}

fn is_shared(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_none_or(|c| (c as u32) < 256) && chars.next().is_none()
}
