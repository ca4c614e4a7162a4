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
            let (field, after) = Field::read(&from[1..])?;
            self.replacement(&mut out, &field, args, auto, levels)?;
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn replacement(
        &mut self,
        out: &mut String,
        field: &Field<'_>,
        args: &CallArgs,
        auto: &mut Option<usize>,
        levels: usize,
    ) -> Result<()> {
        let mut value = self.field(field.name, args, auto)?;
        value = match field.conversion {
            None => value,
            Some('s') => Obj::from(self.text(&value)?),
            Some('r' | 'a') => Obj::from(self.repr(&value)?),
            Some(c) => {
                return Err(Raise::value_error(format!("Unknown conversion specifier {c}")));
            }
        };
        let spec = match field.spec {
            spec if spec.contains('{') => self.format_parts(spec, args, auto, levels - 1)?,
            spec => spec.to_owned(),
        };
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
                if attr.is_empty() {
                    return Err(Raise::value_error("Empty attribute in format string"));
                }
                value = self.attribute(&value, attr)?.ok_or_else(|| {
                    let text = format!("'{}' object has no attribute '{attr}'", value.type_name());
                    Raise::python(Class::Attribute, text)
                })?;
                rest = after;
            } else if !rest.starts_with('[') {
                return Err(Raise::value_error("Only '.' or '[' may follow ']' in format field specifier"));
            } else {
                let Some((key, after)) = rest.get(1..).and_then(|t| t.split_once(']')) else {
                    return Err(Raise::value_error("Missing ']' in format string"));
                };
                if key.is_empty() {
                    return Err(Raise::value_error("Empty attribute in format string"));
                }
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
                return wrong(format!("{} indices must be integers or slices, not str", value.native_name()));
            }
            Obj::List(_) | Obj::Tuple(_) | Obj::Str(_) => {
                let at = key.as_int().and_then(|at| usize::try_from(at).ok());
                if at.is_none_or(|at| self.len(value).is_ok_and(|len| at >= len)) {
                    let kind = if matches!(value, Obj::Str(_)) { "string" } else { value.native_name() };
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
            Obj::Int(_) | Obj::Big(_) | Obj::Bool(_) => {
                parsed.integer(&value.as_big().unwrap_or_default(), value.type_name())
            }
            other => {
                Err(Raise::type_error(format!("unsupported format string passed to {}.__format__", other.type_name())))
            }
        }
    }
}

/// A replacement field: `{name!conversion:spec}`.
struct Field<'t> {
    name: &'t str,
    conversion: Option<char>,
    spec: &'t str,
}

impl<'t> Field<'t> {
    /// Reads one after its `{`; also gives what follows it.
    fn read(text: &'t str) -> Result<(Self, &'t str)> {
        let fault = |words: &str| Err(Raise::value_error(words));
        if text.is_empty() {
            return fault("Single '{' encountered in format string");
        }
        // An index may hold anything but its own end.
        let mut index = false;
        let mut end = None;
        for (at, c) in text.char_indices() {
            match c {
                '[' => index = true,
                ']' => index = false,
                _ if index => {}
                '{' => return fault("unexpected '{' in field name"),
                '}' | ':' | '!' => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
        }
        let Some(end) = end else { return fault("expected '}' before end of string") };
        let (name, mut rest) = text.split_at(end);
        let mut conversion = None;
        if let Some(after) = rest.strip_prefix('!') {
            let Some(c) = after.chars().next() else {
                return fault("end of string while looking for conversion specifier");
            };
            conversion = Some(c);
            rest = &after[c.len_utf8()..];
            if !rest.is_empty() && !rest.starts_with([':', '}']) {
                return fault("expected ':' after conversion specifier");
            }
        }
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((Self { name, conversion, spec: "" }, after));
        }
        let spec = rest.strip_prefix(':').unwrap_or(rest);
        let mut depth = 1usize;
        for (at, c) in spec.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok((Self { name, conversion, spec: &spec[..at] }, &spec[at + 1..]));
            }
        }
        fault("unmatched '{' in format spec")
    }
}
