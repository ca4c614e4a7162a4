//! Variables from and to an embedder's own types, by serde.
//!
//! serde_yaml's data model stands between: what YAML can say, a variable can be.

use crate::diag::{Error, Result};
use crate::value::{Dict, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_yaml::value::TaggedValue;

/// The value that a type serializes to; its texts are data, never templates.
///
/// # Errors
///
/// A type that YAML has no form for.
///
/// ```
/// use rplay::value::Value;
/// let value = rplay::vars::to_value(&vec![1, 2])?;
/// assert_eq!(value, Value::list([Value::Int(1), Value::Int(2)]));
/// # Ok::<(), rplay::diag::Error>(())
/// ```
pub fn to_value<T: Serialize + ?Sized>(from: &T) -> Result<Value> {
    let yaml = serde_yaml::to_value(from).map_err(|error| Error::user(error.to_string()))?;
    Ok(of_yaml(yaml))
}

/// A type from a value, such as a task's result.
///
/// # Errors
///
/// A value that has not the form of the type; the text says where.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Done {
///     changed: bool,
/// }
/// let result = rplay::value::Dict::from([("changed", true)]);
/// let done: Done = rplay::vars::from_value(&result.into())?;
/// assert!(done.changed);
/// # Ok::<(), rplay::diag::Error>(())
/// ```
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T> {
    let wrong = |error: serde_yaml::Error| Error::user(error.to_string());
    serde_yaml::from_value(serde_yaml::to_value(value).map_err(wrong)?).map_err(wrong)
}

fn of_yaml(yaml: serde_yaml::Value) -> Value {
    match yaml {
        serde_yaml::Value::Null => Value::Null,
        serde_yaml::Value::Bool(b) => b.into(),
        serde_yaml::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(i), _) => i.into(),
            (None, Some(u)) => u.into(),
            (None, None) => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        serde_yaml::Value::String(text) => text.into(),
        serde_yaml::Value::Sequence(items) => Value::list(items.into_iter().map(of_yaml)),
        serde_yaml::Value::Mapping(map) => {
            map.into_iter().map(|(key, value)| (of_yaml(key), of_yaml(value))).collect::<Dict>().into()
        }
        serde_yaml::Value::Tagged(tagged) => {
            // An enum's variant with content: a dictionary under the variant's name, as in JSON.
            let TaggedValue { tag, value } = *tagged;
            let name = tag.to_string();
            Dict::from([(name.trim_start_matches('!'), of_yaml(value))]).into()
        }
    }
}
