//! What variables, arguments and results are made of: immutable, cheap to clone.
//!
//! Mirrors the types that PyYAML and Python's json give to Ansible, with Python's notion of
//! equality (`1 == 1.0 == True`), truth and `repr`. A string also knows whether the user wrote
//! it, so that it may be a template, and where.

mod dict;
mod json;
mod repr;
mod serde_impl;
mod text;
mod time;
mod unified;

use foldhash::fast::FixedState;
use num_bigint::BigInt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

pub use dict::Dict;
#[cfg(feature = "controller")]
pub(crate) use json::key_text;
pub use json::{JsonError, JsonStyle, Surrogate, parse_json, parse_json_noting, write_json};
pub use repr::{float_repr, repr, str_repr};
pub use text::{Text, any_marked};
pub use time::{Date, DateTime, Time};
pub use unified::{diff_lines, unified};

/// A value. Cloning costs at most a reference count.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Python's None, YAML's null.
    #[default]
    Null,
    /// true or false.
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// An integer that needs more than 64 bits; never one that does not.
    BigInt(Arc<BigInt>),
    /// A floating point number.
    Float(f64),
    /// A string.
    Str(Text),
    /// Bytes, as YAML's `!!binary` gives them.
    Bytes(Arc<[u8]>),
    /// A date, as YAML gives for `2024-01-02`.
    Date(Date),
    /// A date with a time, as YAML gives for `2024-01-02 03:04:05`.
    DateTime(DateTime),
    /// A time of the day.
    Time(Time),
    /// Text that is encrypted inline (`!vault`), and decrypted when it is first used.
    Vault(Text),
    /// A list.
    List(Arc<Vec<Value>>),
    /// A dictionary that keeps its order.
    Dict(Dict),
}

impl Value {
    /// A string that is data, never a template.
    pub fn str(text: impl Into<Arc<str>>) -> Self {
        Self::Str(Text::data(text))
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Self::List(Arc::new(items.into_iter().collect()))
    }

    /// An integer of any size, in the smallest form.
    pub fn big(number: BigInt) -> Self {
        match i64::try_from(&number) {
            Ok(small) => Self::Int(small),
            Err(_) => Self::BigInt(Arc::new(number)),
        }
    }

    /// The string, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The list's items, where it is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The dictionary, where it is one.
    pub fn as_dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The boolean, where it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The integer, where it is one that fits; booleans are none.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The item of a dictionary by its name; None for other types as well.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_dict().and_then(|d| d.get(key))
    }

    /// Python's `bool(x)`.
    pub fn truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(b) => *b,
            Self::Int(i) => *i != 0,
            Self::Float(f) => *f != 0.0,
            Self::Str(text) => !text.as_str().is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Dict(dict) => !dict.is_empty(),
            Self::BigInt(_) | Self::Date(_) | Self::DateTime(_) | Self::Time(_) | Self::Vault(_) => true,
        }
    }

    /// The name of the Python type, as error texts give it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::BigInt(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) | Self::Vault(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::Date(_) => "date",
            Self::DateTime(_) => "datetime",
            Self::Time(_) => "time",
            Self::List(_) => "list",
            Self::Dict(_) => "dict",
        }
    }

    /// Python's `str(x)`: a string as it is, everything else as its `repr`.
    pub fn to_text(&self) -> String {
        match self {
            Self::Str(text) | Self::Vault(text) => text.as_str().to_owned(),
            Self::Date(date) => date.to_string(),
            Self::DateTime(datetime) => datetime.to_string(),
            Self::Time(time) => time.to_string(),
            other => repr(other),
        }
    }

    /// The same value in which no string may be a template: what came from a host or a result.
    #[must_use]
    pub fn untrusted(&self) -> Self {
        match self {
            Self::Str(text) if text.is_trusted() => Self::Str(text.untrusted()),
            Self::List(items) if items.iter().any(Self::has_trusted) => Self::list(items.iter().map(Self::untrusted)),
            Self::Dict(dict) if self.has_trusted() => {
                Self::Dict(dict.iter().map(|(k, v)| (k.untrusted(), v.untrusted())).collect())
            }
            other => other.clone(),
        }
    }

    /// Whether any string in it may be a template.
    pub fn has_trusted(&self) -> bool {
        match self {
            Self::Str(text) => text.is_trusted(),
            Self::List(items) => items.iter().any(Self::has_trusted),
            Self::Dict(dict) => dict.iter().any(|(k, v)| k.has_trusted() || v.has_trusted()),
            _ => false,
        }
    }

    /// The number as a float, for comparing numbers of different types.
    fn number(&self) -> Option<f64> {
        match self {
            Self::Bool(b) => Some(f64::from(u8::from(*b))),
            Self::Int(i) => Some(*i as f64),
            Self::Float(f) => Some(*f),
            _ => None,
        }
    }
}

impl PartialEq for Value {
    /// Python's `==`: numbers by their value whatever their type, containers item by item.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::BigInt(a), Self::BigInt(b)) => a == b,
            (Self::Str(a) | Self::Vault(a), Self::Str(b) | Self::Vault(b)) => a.as_str() == b.as_str(),
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::DateTime(a), Self::DateTime(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::List(a), Self::List(b)) => Arc::ptr_eq(a, b) || a == b,
            (Self::Dict(a), Self::Dict(b)) => a == b,
            (a, b) => matches!((a.number(), b.number()), (Some(x), Some(y)) if x == y),
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    /// Consistent with `==`; a string hashes as `str` does, so that a dictionary can be asked with one.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Str(text) | Self::Vault(text) => text.as_str().hash(state),
            Self::Null => 0u8.hash(state),
            Self::Bool(b) => i64::from(*b).hash(state),
            Self::Int(i) => i.hash(state),
            Self::Float(f) if f.fract() == 0.0 && f.abs() < 9e18 => (*f as i64).hash(state),
            Self::Float(f) => f.to_bits().hash(state),
            Self::BigInt(b) => b.hash(state),
            Self::Bytes(bytes) => bytes.hash(state),
            Self::Date(date) => date.hash(state),
            Self::DateTime(datetime) => datetime.hash(state),
            Self::Time(time) => time.hash(state),
            Self::List(items) => items.hash(state),
            // In whatever order: equal dictionaries hash alike.
            Self::Dict(dict) => {
                let item = |item: (&Self, &Self)| FixedState::default().hash_one(item);
                dict.iter().map(item).fold(0u64, u64::wrapping_add).hash(state);
            }
        }
    }
}

macro_rules! from {
    ($($type:ty => |$x:ident| $make:expr;)*) => {
        $(impl From<$type> for Value {
            fn from($x: $type) -> Self {
                $make
            }
        })*
    };
}

from! {
    bool => |x| Self::Bool(x);
    i32 => |x| Self::Int(i64::from(x));
    u32 => |x| Self::Int(i64::from(x));
    i64 => |x| Self::Int(x);
    u64 => |x| i64::try_from(x).map_or_else(|_| Self::BigInt(Arc::new(BigInt::from(x))), Self::Int);
    usize => |x| Self::from(x as u64);
    f64 => |x| Self::Float(x);
    &str => |x| Self::str(x);
    String => |x| Self::str(x);
    Arc<str> => |x| Self::str(x);
    Text => |x| Self::Str(x);
    Dict => |x| Self::Dict(x);
    Vec<Value> => |x| Self::List(Arc::new(x));
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(x: Option<T>) -> Self {
        x.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_equal_across_types() {
        assert_eq!(Value::Int(1), Value::Float(1.0));
        assert_eq!(Value::Int(1), Value::Bool(true));
        assert_ne!(Value::Int(1), Value::str("1"));
    }

    #[test]
    fn untrusted_reaches_into_containers() {
        let text = Value::Str(Text::trusted("{{ x }}", None));
        let list = Value::list([Value::Dict([(Value::str("a"), text)].into_iter().collect())]);
        assert!(list.has_trusted());
        assert!(!list.untrusted().has_trusted());
    }
}
