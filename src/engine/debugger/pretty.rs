//! Python's `pprint.pformat`: what does not fit into a line of 80 has an item a line.

use crate::value::{Dict, Value, repr};

const WIDTH: usize = 80;

/// A value laid out, the keys of dictionaries sorted.
pub(super) fn pformat(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, &sorted(value), 0, 0);
    out
}

/// `indent` columns stand before it, `after` columns are needed behind it.
fn write(out: &mut String, value: &Value, indent: usize, after: usize) {
    let line = repr(value);
    if line.chars().count() <= WIDTH.saturating_sub(indent + after) {
        out.push_str(&line);
        return;
    }
    match value {
        Value::Dict(dict) if !dict.is_empty() => {
            out.push('{');
            for (at, (key, item)) in dict.iter().enumerate() {
                let key = repr(key);
                let last = at + 1 == dict.len();
                out.push_str(&key);
                out.push_str(": ");
                write(out, item, indent + 1 + key.chars().count() + 2, if last { after + 1 } else { 1 });
                close(out, indent, last, '}');
            }
        }
        Value::List(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                let last = at + 1 == items.len();
                write(out, item, indent + 1, if last { after + 1 } else { 1 });
                close(out, indent, last, ']');
            }
        }
        _ => out.push_str(&line),
    }
}

fn close(out: &mut String, indent: usize, last: bool, end: char) {
    if last {
        out.push(end);
    } else {
        out.push_str(",\n");
        out.extend(std::iter::repeat_n(' ', indent + 1));
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Dict(dict) => {
            let mut items: Vec<(&Value, &Value)> = dict.iter().collect();
            items.sort_by_key(|(key, _)| key.to_text());
            let dict: Dict = items.into_iter().map(|(key, item)| (key.clone(), sorted(item))).collect();
            dict.into()
        }
        Value::List(items) => Value::list(items.iter().map(sorted)),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lays_out_as_python_does() {
        let json = r#"{"b": [1, 2], "a": "x"}"#;
        let value = crate::value::parse_json(json).unwrap_or_default();
        assert_eq!(pformat(&value), "{'a': 'x', 'b': [1, 2]}");
        let long = "y".repeat(40);
        let json = format!(r#"{{"b": ["{long}", "{long}"], "a": {{"c": 1}}}}"#);
        let value = crate::value::parse_json(&json).unwrap_or_default();
        assert_eq!(pformat(&value), format!("{{'a': {{'c': 1}},\n 'b': ['{long}',\n       '{long}']}}"));
    }
}
