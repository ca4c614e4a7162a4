//! Python's string formatting: `'%s' % x` and `'{}'.format(x)`, over one notion of a format spec.

mod percent;
mod spec;

use super::args::CallArgs;
use super::cx::Cx;
use super::object::Obj;
use super::raise::{Class, Raise};
pub(super) use spec::Spec;

type Result<T> = std::result::Result<T, Raise>;

impl Cx<'_> {
    /// `template.format(args)`
    pub(super) fn format(&mut self, template: &str, args: CallArgs) -> Result<String> {
        let mut count = Some(0);
        self.format_parts(template, &args, &mut count, 2)
    }

    /// Formats; `auto` counts the fields without a number, None once one had it.
    fn format_parts(
        &mut self,
        template: &str,
        args: &CallArgs,
        auto: &mut Option<usize>,
        levels: usize,
    ) -> Result<String> {
        if levels == 0 {
            return Err(Raise::value_error("Max string recursion exceeded"));
        }
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                out.push_str(&from[..1]);
                rest = after;
                continue;
            }
            if from.starts_with('}') {
                return Err(Raise::value_error("Single '}' encountered in format string"));
            }
            let (field, after) = braced(&from[1..])?;
            self.replacement(&mut out, field, args, auto, levels)?;
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn replacement(
        &mut self,
        out: &mut String,
        field: &str,
        args: &CallArgs,
        auto: &mut Option<usize>,
        levels: usize,
    ) -> Result<()> {
        let name_end = field.find(['!', ':', '[']).unwrap_or(field.len());
        // A `]` inside an index may hold anything.
        let name_end = match field.get(name_end..) {
            Some(tail) if tail.starts_with('[') => {
                let close = field.rfind(']').map_or(field.len(), |i| i + 1);
                field.get(close..).and_then(|t| t.find(['!', ':'])).map_or(field.len(), |i| close + i)
            }
            _ => name_end,
        };
        let (name, rest) = field.split_at(name_end);
        let (conversion, spec) = match rest.strip_prefix('!') {
            Some(tail) => (tail.chars().next(), tail.get(1..).unwrap_or_default().strip_prefix(':').unwrap_or("")),
            None => (None, rest.strip_prefix(':').unwrap_or("")),
        };
        let mut value = self.field(name, args, auto)?;
        value = match conversion {
            None => value,
            Some('s') => Obj::from(self.text(&value)?),
            Some('r' | 'a') => Obj::from(self.repr(&value)?),
            Some(c) => {
                return Err(Raise::value_error(format!("Unknown conversion specifier '{c}'")));
            }
        };
        let spec = if spec.contains('{') { self.format_parts(spec, args, auto, levels - 1)? } else { spec.to_owned() };
        out.push_str(&self.format_value(&value, &spec)?);
        Ok(())
    }

    /// The value of a field's name: `0`, `name`, `a.b[c]`.
    fn field(&mut self, name: &str, args: &CallArgs, auto: &mut Option<usize>) -> Result<Obj> {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (first, mut rest) = name.split_at(end);
        let place = if first.is_empty() {
            let at = auto.ok_or_else(|| {
                Raise::value_error("cannot switch from manual field specification to automatic field numbering")
            })?;
            *auto = Some(at + 1);
            Some(at)
        } else if first.bytes().all(|b| b.is_ascii_digit()) {
            if auto.is_some_and(|n| n > 0) {
                return Err(Raise::value_error(
                    "cannot switch from automatic field numbering to manual field specification",
                ));
            }
            *auto = None;
            first.parse().ok()
        } else {
            None
        };
        let mut value = match place {
            Some(at) => args.positional.get(at).cloned().ok_or_else(|| {
                Raise::python(Class::Index, format!("Replacement index {at} out of range for positional args tuple"))
            })?,
            None => match args.named.iter().find(|(n, _)| **n == *first) {
                Some((_, value)) => value.clone(),
                None => return Err(Raise::python(Class::Key, crate::value::str_repr(first))),
            },
        };
        while !rest.is_empty() {
            if let Some(tail) = rest.strip_prefix('.') {
                let end = tail.find(['.', '[']).unwrap_or(tail.len());
                let (attr, after) = tail.split_at(end);
                value = self.attribute(&value, attr)?.ok_or_else(|| {
                    let text = format!("'{}' object has no attribute '{attr}'", value.type_name());
                    Raise::python(Class::Attribute, text)
                })?;
                rest = after;
            } else {
                let Some((key, after)) = rest.get(1..).and_then(|t| t.split_once(']')) else {
                    return Err(Raise::value_error("expected '}' before end of string"));
                };
                let key = key.parse().map_or_else(|_| Obj::str(key), Obj::Int);
                value = self.python_item(&value, &key)?;
                rest = after;
            }
        }
        value.defined()
    }

    /// `value[key]` as Python itself has it, which has no undefined.
    fn python_item(&mut self, value: &Obj, key: &Obj) -> Result<Obj> {
        let wrong = |words: String| Err(Raise::type_error(words));
        match value {
            Obj::None | Obj::Bool(_) | Obj::Int(_) | Obj::Big(_) | Obj::Float(_) => {
                return wrong(format!("'{}' object is not subscriptable", value.type_name()));
            }
            Obj::Str(_) if key.as_str().is_some() => {
                return wrong("string indices must be integers, not 'str'".to_owned());
            }
            Obj::List(_) | Obj::Tuple(_) if key.as_str().is_some() => {
                return wrong(format!("{} indices must be integers or slices, not str", value.type_name()));
            }
            Obj::List(_) | Obj::Tuple(_) | Obj::Str(_) => {
                let at = key.as_int().and_then(|at| usize::try_from(at).ok());
                if at.is_none_or(|at| self.len(value).is_ok_and(|len| at >= len)) {
                    let kind = if matches!(value, Obj::Str(_)) { "string" } else { value.type_name() };
                    return Err(Raise::python(Class::Index, format!("{kind} index out of range")));
                }
            }
            Obj::Dict(_) if !self.contains(value, key)? => {
                return Err(Raise::python(Class::Key, self.repr(key)?));
            }
            _ => {}
        }
        self.get_item(value, key)
    }

    /// `format(value, spec)`
    pub(super) fn format_value(&mut self, value: &Obj, spec: &str) -> Result<String> {
        if spec.is_empty() {
            return self.text(value);
        }
        match value {
            Obj::Date(date) => {
                let time =
                    crate::value::DateTime { date: *date, hour: 0, minute: 0, second: 0, micro: 0, offset: None };
                return Ok(super::dates::strftime(spec, &time));
            }
            Obj::DateTime(time) => return Ok(super::dates::strftime(spec, time)),
            _ => {}
        }
        let parsed = Spec::parse(spec, value.type_name())?;
        match value {
            Obj::Str(text) => parsed.string(text.as_str()),
            Obj::Float(f) => parsed.float(*f),
            Obj::Bool(b) if parsed.kind.is_none() || parsed.kind == Some('s') => {
                parsed.string(if *b { "True" } else { "False" })
            }
            Obj::Int(_) | Obj::Big(_) | Obj::Bool(_) => parsed.integer(&value.as_big().unwrap_or_default()),
            other => {
                Err(Raise::type_error(format!("unsupported format string passed to {}.__format__", other.type_name())))
            }
        }
    }
}

/// The inside of a replacement field, and what follows it.
fn braced(text: &str) -> Result<(&str, &str)> {
    let mut depth = 1usize;
    for (i, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok((&text[..i], &text[i + 1..]));
        }
    }
    Err(Raise::value_error(if text.is_empty() {
        "Single '{' encountered in format string"
    } else {
        "expected '}' before end of string"
    }))
}
