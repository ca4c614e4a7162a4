//! A dictionary in insertion order whose keys are any scalar.
//!
//! Most dictionaries of results and facts are small, and there are many of them: up to [`FEW`] items are a plain list,
//! which is looked through; more have an index.

use super::Value;
use foldhash::fast::RandomState;
use indexmap::{Equivalent, IndexMap};
use std::sync::Arc;

/// How many items are looked through one by one.
const FEW: usize = 8;

/// An ordered dictionary; cloning shares it, changing one copies it where it is shared. An empty one takes no memory.
#[derive(Clone, Debug, Default)]
pub struct Dict(Option<Arc<Items>>);

/// The items: a list up to [`FEW`] of them, unless it was longer once.
#[derive(Clone, Debug)]
enum Items {
    Few(Vec<(Value, Value)>),
    // Boxed, so that the small ones stay small.
    Many(Box<IndexMap<Value, Value, RandomState>>),
}

#[cfg(feature = "controller")]
impl Dict {
    /// Where its items are, which clones share; None of one that never had room for any.
    pub(crate) fn identity(&self) -> Option<usize> {
        self.0.as_ref().map(|items| Arc::as_ptr(items).addr())
    }
}

impl Equivalent<Value> for str {
    fn equivalent(&self, key: &Value) -> bool {
        matches!(key, Value::Str(text) | Value::Vault(text) if text.as_str() == self)
    }
}

impl Items {
    fn with_capacity(items: usize) -> Self {
        if items <= FEW {
            Self::Few(Vec::with_capacity(items))
        } else {
            Self::Many(Box::new(IndexMap::with_capacity_and_hasher(items, RandomState::default())))
        }
    }

    fn get<Q: ?Sized + std::hash::Hash + Equivalent<Value>>(&self, key: &Q) -> Option<&Value> {
        match self {
            Self::Few(items) => items.iter().find(|(known, _)| key.equivalent(known)).map(|(_, value)| value),
            Self::Many(map) => map.get(key),
        }
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        match self {
            Self::Few(items) => items.iter_mut().find(|(known, _)| key.equivalent(known)).map(|(_, value)| value),
            Self::Many(map) => map.get_mut(key),
        }
    }

    fn insert(&mut self, key: Value, value: Value) -> Option<Value> {
        let items = match self {
            Self::Few(items) => items,
            Self::Many(map) => return map.insert(key, value),
        };
        if let Some((_, known)) = items.iter_mut().find(|(known, _)| *known == key) {
            return Some(std::mem::replace(known, value));
        }
        if items.len() < FEW {
            items.push((key, value));
            return None;
        }
        let mut map: IndexMap<_, _, _> = std::mem::take(items).into_iter().collect();
        map.insert(key, value);
        *self = Self::Many(Box::new(map));
        None
    }

    fn remove(&mut self, key: &str) -> Option<Value> {
        match self {
            Self::Few(items) => {
                let at = items.iter().position(|(known, _)| key.equivalent(known))?;
                Some(items.remove(at).1)
            }
            Self::Many(map) => map.shift_remove(key),
        }
    }
}

impl Dict {
    /// An empty dictionary.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty dictionary for so many items.
    pub fn with_capacity(items: usize) -> Self {
        Self((items > 0).then(|| Arc::new(Items::with_capacity(items))))
    }

    fn items_mut(&mut self) -> &mut Items {
        Arc::make_mut(self.0.get_or_insert_with(|| Arc::new(Items::Few(Vec::new()))))
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        match self.0.as_deref() {
            None => 0,
            Some(Items::Few(items)) => items.len(),
            Some(Items::Many(map)) => map.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value under a name.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.as_ref()?.get(key)
    }

    /// The value under a name, for changing.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.contains(key).then(|| self.items_mut().get_mut(key))?
    }

    /// The value under any key.
    pub fn get_value(&self, key: &Value) -> Option<&Value> {
        self.0.as_ref()?.get(key)
    }

    /// Whether there is a value under a name.
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Sets a value; a key that exists keeps its place.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        self.items_mut().insert(key.into(), value.into())
    }

    /// Sets a value unless there is one.
    pub fn set_default(&mut self, key: &str, value: impl Into<Value>) {
        if !self.contains(key) {
            self.insert(key, value);
        }
    }

    /// Takes a value out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.contains(key).then(|| self.items_mut().remove(key))?
    }

    /// Keeps the items of which something is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&Value, &Value) -> bool) {
        if self.iter().all(|(key, value)| keep(key, value)) {
            return;
        }
        *self = self.iter().filter(|(key, value)| keep(key, value)).map(|(k, v)| (k.clone(), v.clone())).collect();
    }

    /// Adds all of another's items, which win.
    pub fn update(&mut self, other: &Dict) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            *self = other.clone();
            return;
        }
        let items = self.items_mut();
        for (key, value) in other {
            items.insert(key.clone(), value.clone());
        }
    }

    /// The items in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(match self.0.as_deref() {
            None => Walk::Few([].iter()),
            Some(Items::Few(items)) => Walk::Few(items.iter()),
            Some(Items::Many(map)) => Walk::Many(map.iter()),
        })
    }

    /// The keys in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.iter().map(|(key, _)| key)
    }

    /// The values in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }
}

/// The items of a dictionary, in order.
#[derive(Clone, Debug)]
pub struct Iter<'a>(Walk<'a>);

#[derive(Clone, Debug)]
enum Walk<'a> {
    Few(std::slice::Iter<'a, (Value, Value)>),
    Many(indexmap::map::Iter<'a, Value, Value>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Value, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Walk::Few(items) => items.next().map(|(key, value)| (key, value)),
            Walk::Many(items) => items.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Walk::Few(items) => items.size_hint(),
            Walk::Many(items) => items.size_hint(),
        }
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Walk::Few(items) => items.next_back().map(|(key, value)| (key, value)),
            Walk::Many(items) => items.next_back(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl PartialEq for Dict {
    /// Python's `==`: the same items, in whatever order.
    fn eq(&self, other: &Self) -> bool {
        let same = matches!((&self.0, &other.0), (Some(a), Some(b)) if Arc::ptr_eq(a, b));
        same || self.len() == other.len() && self.iter().all(|(key, value)| other.get_value(key) == Some(value))
    }
}

impl Eq for Dict {}

impl FromIterator<(Value, Value)> for Dict {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(items: I) -> Self {
        let items = items.into_iter();
        let mut dict = Self::with_capacity(items.size_hint().0);
        for (key, value) in items {
            dict.insert(key, value);
        }
        dict
    }
}

impl<'a> IntoIterator for &'a Dict {
    type Item = (&'a Value, &'a Value);
    type IntoIter = Iter<'a>;

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
    fn few_items_and_many_are_the_same() {
        let of = |count: i64| (0..count).map(|n| (Value::str(format!("k{n}")), Value::Int(n))).collect::<Dict>();
        for count in 0..=3 * FEW as i64 {
            let mut dict = of(count);
            assert_eq!(dict.iter().len() as i64, count);
            assert!(dict.values().enumerate().all(|(at, value)| *value == Value::Int(at as i64)));
            dict.insert("k0", 0);
            dict.insert("last", count);
            assert_eq!(dict.get("last"), Some(&Value::Int(count)));
            assert_eq!(dict.remove("last"), Some(Value::Int(count)));
            dict.retain(|key, _| count > 0 || key.as_str() != Some("k0"));
            assert_eq!(dict, of(count));
            assert_eq!(dict.iter().rev().count() as i64, count);
            let backwards: Dict = dict.iter().rev().map(|(k, v)| (k.clone(), v.clone())).collect();
            assert_eq!(backwards, dict);
        }
    }

    #[test]
    fn numbers_that_are_equal_are_one_key() {
        let mut dict = Dict::new();
        dict.insert(1, "a");
        assert_eq!(dict.insert(1.0, "b"), Some(Value::str("a")));
        assert_eq!(dict.insert(true, "c"), Some(Value::str("b")));
        assert_eq!(dict.len(), 1);
    }

    #[test]
    fn changing_a_clone_leaves_the_other() {
        let a = Dict::from([("a", 1)]);
        let mut b = a.clone();
        b.insert("a", 2);
        assert_eq!(a.get("a"), Some(&Value::Int(1)));
    }
}
