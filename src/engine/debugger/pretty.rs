//! Python's `pprint.pformat`: what does not fit into a line of 80 has an item a line.

use crate::template::pretty::{Place, break_line, write_text};
use crate::value::{Dict, Value, repr};

/// A value laid out, the keys of dictionaries sorted.
pub(super) fn pformat(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, &sorted(value), Place { indent: 0, behind: 0, top: true });
    out
}

fn write(out: &mut String, value: &Value, place: Place) {
    let line = repr(value);
    if place.fits(&line) {
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
                write(out, item, within(place, key.chars().count() + 2, last));
                close(out, place, last, '}');
            }
        }
        Value::List(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                let last = at + 1 == items.len();
                write(out, item, within(place, 0, last));
                close(out, place, last, ']');
            }
        }
        Value::Str(text) => write_text(text.as_str(), place, out),
        _ => out.push_str(&line),
    }
}

/// Where an item is written, which so much stands before in its line.
fn within(place: Place, before: usize, last: bool) -> Place {
    Place { indent: place.indent + 1 + before, behind: if last { place.behind + 1 } else { 1 }, top: false }
}

fn close(out: &mut String, place: Place, last: bool, end: char) {
    if last {
        out.push(end);
    } else {
        out.push(',');
        break_line(out, place.indent + 1);
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
        let words = "word ".repeat(20);
        let lines = format!("('{}'\n '{}')", "word ".repeat(15), "word ".repeat(5));
        assert_eq!(pformat(&Value::from(words)), lines);
        let long = "y".repeat(40);
        let json = format!(r#"{{"b": ["{long}", "{long}"], "a": {{"c": 1}}}}"#);
        let value = crate::value::parse_json(&json).unwrap_or_default();
        assert_eq!(pformat(&value), format!("{{'a': {{'c': 1}},\n 'b': ['{long}',\n       '{long}']}}"));
    }
}
