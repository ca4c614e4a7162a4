//! A dictionary in insertion order whose keys are any scalar.

use super::Value;
use indexmap::{Equivalent, IndexMap};
use std::sync::Arc;

/// An ordered dictionary; cloning shares it, changing one copies it where it is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dict(Arc<IndexMap<Value, Value>>);

impl Equivalent<Value> for str {
    fn equivalent(&self, key: &Value) -> bool {
        matches!(key, Value::Str(text) | Value::Vault(text) if text.as_str() == self)
    }
}

impl Dict {
    /// An empty dictionary.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value under a name.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The value under any key.
    pub fn get_value(&self, key: &Value) -> Option<&Value> {
        self.0.get(key)
    }

    /// Whether there is a value under a name.
    pub fn contains(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Sets a value; a key that exists keeps its place.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        Arc::make_mut(&mut self.0).insert(key.into(), value.into())
    }

    /// Sets a value unless there is one.
    pub fn set_default(&mut self, key: &str, value: impl Into<Value>) {
        if !self.contains(key) {
            self.insert(key, value);
        }
    }

    /// Takes a value out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        if !self.contains(key) {
            return None;
        }
        Arc::make_mut(&mut self.0).shift_remove(key)
    }

    /// Adds all of another's items, which win.
    pub fn update(&mut self, other: &Dict) {
        if self.is_empty() {
            *self = other.clone();
            return;
        }
        let map = Arc::make_mut(&mut self.0);
        for (key, value) in other.iter() {
            map.insert(key.clone(), value.clone());
        }
    }

    /// The items in order.
    pub fn iter(&self) -> indexmap::map::Iter<'_, Value, Value> {
        self.0.iter()
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &Value> {
        self.0.keys()
    }

    /// The values in order.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.values()
    }

    /// The map itself, for changing.
    pub fn map_mut(&mut self) -> &mut IndexMap<Value, Value> {
        Arc::make_mut(&mut self.0)
    }
}

impl FromIterator<(Value, Value)> for Dict {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(items: I) -> Self {
        Self(Arc::new(items.into_iter().collect()))
    }
}

impl<'a> IntoIterator for &'a Dict {
    type Item = (&'a Value, &'a Value);
    type IntoIter = indexmap::map::Iter<'a, Value, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Into<Value>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Dict {
    fn from(items: [(K, V); N]) -> Self {
        items.into_iter().map(|(k, v)| (k.into(), v.into())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_finds_a_string_key() {
        let mut dict = Dict::from([("a", 1), ("b", 2)]);
        dict.insert("a", 3);
        assert_eq!(dict.get("a"), Some(&Value::Int(3)));
        assert_eq!(dict.remove("a"), Some(Value::Int(3)));
        assert_eq!(dict.keys().next(), Some(&Value::str("b")));
    }

    #[test]
    fn changing_a_clone_leaves_the_other() {
        let a = Dict::from([("a", 1)]);
        let mut b = a.clone();
        b.insert("a", 2);
        assert_eq!(a.get("a"), Some(&Value::Int(1)));
    }
}
