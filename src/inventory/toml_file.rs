//! TOML inventories: groups as tables of `hosts`, `children` and `vars`.

use super::NewHost;
use super::ini_file::expand_pattern;
use super::source::{Reading, read_text};
use crate::diag::{Error, Origin, Result};
use crate::value::{Date, DateTime, Text, Time, Value, str_repr};
use toml::Table;
use toml::value::{Datetime, Offset};

/// Reads a TOML inventory into the inventory.
pub(super) fn parse(reading: &mut Reading<'_>, path: &str) -> Result<()> {
    let text = read_text(path, reading.secrets)?;
    let groups: Table = text.replace("\r\n", "\n").parse().map_err(|error: toml::de::Error| {
        let why = Error::parser(described(&error, &text));
        why.context(format!("TOML file {} is invalid.", str_repr(path)))
    })?;
    if groups.is_empty() {
        return Err(Error::parser("Parsed empty TOML file"));
    }
    let origin = format!("<inventory plugin 'toml' with source {}>", str_repr(path));
    let source = Toml { path, origin: Origin::described(origin) };
    if groups.get("plugin").is_some_and(|plugin| source.value(plugin).truthy()) {
        return Err(Error::parser("Plugin configuration TOML file, not TOML inventory"));
    }
    groups.iter().try_for_each(|(name, group)| source.group(reading, name, group))
}

struct Toml<'a> {
    path: &'a str,
    origin: Origin,
}

impl Toml<'_> {
    fn group(&self, reading: &mut Reading<'_>, name: &str, data: &toml::Value) -> Result<()> {
        let toml::Value::Table(sections) = data else {
            reading.warn(format!("Skipping '{name}' as this is not a valid group definition"));
            return Ok(());
        };
        let group = reading.inventory.add_group(name, reading.notices)?;
        for (key, data) in sections {
            let wrong = |wanted: &str| {
                let class = class(data);
                let text = format!("Invalid \"{key}\" entry for \"{group}\" group, requires a {wanted}, found");
                Error::parser(format!("{text} \"{class}\" instead."))
            };
            match key.as_str() {
                "vars" => {
                    for (name, value) in data.as_table().ok_or_else(|| wrong("dict"))? {
                        let (name, value) = (self.text(name), self.value(value));
                        reading.inventory.set_variable(&group, &name, value, reading.notices)?;
                    }
                }
                "children" => {
                    for child in data.as_array().ok_or_else(|| wrong("list"))? {
                        self.child(reading, &group, child)?;
                    }
                }
                "hosts" => {
                    for (pattern, vars) in data.as_table().ok_or_else(|| wrong("dict"))? {
                        self.hosts(reading, &group, pattern, vars)?;
                    }
                }
                _ => reading.warn(format!(
                    "Skipping unexpected key \"{key}\" in group \"{group}\", only \"vars\", \"children\" and \"hosts\" \
                     are valid"
                )),
            }
        }
        Ok(())
    }

    fn child(&self, reading: &mut Reading<'_>, group: &str, child: &toml::Value) -> Result<()> {
        let Some(name) = child.as_str() else {
            let (class, shown) = (class(child), self.value(child).to_text());
            let text = format!("Invalid group name supplied, expected a string but got {class} for {shown}");
            return Err(Error::user(text));
        };
        reading.inventory.add_group(name, reading.notices)?;
        reading.inventory.add_child(group, name).map(|_| ())
    }

    fn hosts(&self, reading: &mut Reading<'_>, group: &str, pattern: &str, vars: &toml::Value) -> Result<()> {
        let (names, port) = expand_pattern(pattern)?;
        let Some(vars) = vars.as_table() else {
            let shown = self.value(vars).to_text();
            return Err(Error::parser(format!("Invalid data from file, expected dictionary and got:\n\n{shown}")));
        };
        for name in names {
            let new = NewHost { source: Some(self.path), port };
            reading.inventory.add_host(&name, Some(group), new, reading.notices)?;
            for (key, value) in vars {
                reading.inventory.set_variable(&name, &self.text(key), self.value(value), reading.notices)?;
            }
        }
        Ok(())
    }

    fn text(&self, text: &str) -> Text {
        Text::trusted(text, Some(self.origin.clone()))
    }

    fn value(&self, value: &toml::Value) -> Value {
        match value {
            toml::Value::String(text) => Value::Str(self.text(text)),
            toml::Value::Integer(number) => Value::Int(*number),
            toml::Value::Float(number) => Value::Float(*number),
            toml::Value::Boolean(flag) => Value::Bool(*flag),
            toml::Value::Datetime(moment) => date(moment),
            toml::Value::Array(items) => Value::list(items.iter().map(|item| self.value(item))),
            toml::Value::Table(table) => {
                let items = table.iter().map(|(key, value)| (Value::Str(self.text(key)), self.value(value)));
                Value::Dict(items.collect())
            }
        }
    }
}

/// A date, a date with a time, or a time alone.
fn date(moment: &Datetime) -> Value {
    let date = moment.date.map(|date| Date { year: date.year.into(), month: date.month, day: date.day });
    let Some(time) = moment.time else { return date.map_or(Value::Null, Value::Date) };
    let offset = moment.offset.map(|offset| match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i32::from(minutes) * 60,
    });
    let (second, micro) = (time.second.unwrap_or_default(), time.nanosecond.unwrap_or_default() / 1000);
    let time = Time { hour: time.hour, minute: time.minute, second, micro };
    match date {
        Some(date) => Value::DateTime(DateTime { offset, ..time.on(date) }),
        None => Value::Time(time),
    }
}

/// Python's name of a value's class.
fn class(value: &toml::Value) -> &'static str {
    match value {
        toml::Value::String(_) => "<class 'str'>",
        toml::Value::Integer(_) => "<class 'int'>",
        toml::Value::Float(_) => "<class 'float'>",
        toml::Value::Boolean(_) => "<class 'bool'>",
        toml::Value::Datetime(moment) if moment.date.is_none() => "<class 'datetime.time'>",
        toml::Value::Datetime(moment) if moment.time.is_none() => "<class 'datetime.date'>",
        toml::Value::Datetime(_) => "<class 'datetime.datetime'>",
        toml::Value::Array(_) => "<class 'list'>",
        toml::Value::Table(_) => "<class 'dict'>",
    }
}

/// What Python's parser says in the place of our own one's words: how these begin, and what is said of a place that
/// is not the end of the text.
const SAID: [(&str, &str); 6] = [
    ("key with no value, expected `=`", "Expected '=' after a key in a key/value pair"),
    ("string values must be quoted", "Invalid value"),
    ("unclosed array", "Unclosed array"),
    ("unclosed inline table", "Unclosed inline table"),
    ("unclosed table", "Expected ']' at the end of a table declaration"),
    ("unexpected key or value", "Expected newline or end of document after a statement"),
];

/// What is wrong with a text, and where.
fn described(error: &toml::de::Error, text: &str) -> String {
    let at = error.span().map_or(text.len(), |span| span.start);
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let known = SAID.iter().find(|(ours, _)| error.message().starts_with(ours));
    format!("{} (at line {line}, column {column})", known.map_or(error.message(), |(_, theirs)| theirs))
}
