//! Filters of regular expressions, and what the tests `match`, `search` and `regex` share with them.

use super::support::{Got, decoded, given, hashable, sig};
use crate::re::{Flags, Pattern, PatternError, Template, escape};
use crate::template::raise::Class;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};

impl From<PatternError> for Raise {
    fn from(error: PatternError) -> Self {
        Raise::python(Class::Value, error.0)
    }
}

/// A pattern's text.
pub(in crate::template) fn pattern_text(obj: &Obj) -> Result<&str, Raise> {
    match obj {
        Obj::Str(text) => Ok(text.as_str()),
        other => {
            // It is hashed first.
            hashable(other)?;
            Err(Raise::type_error("first argument must be string or compiled pattern"))
        }
    }
}

/// The two flags that filters and tests offer.
pub(in crate::template) fn flags(
    cx: &mut Cx<'_>,
    ignorecase: &Option<Obj>,
    multiline: &Option<Obj>,
) -> Result<Flags, Raise> {
    Ok(Flags { ignore_case: ignorecase.truth(cx, false)?, multiline: multiline.truth(cx, false)?, ..Flags::default() })
}

pub(super) fn regex_replace(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let params = ["pattern", "replacement", "ignorecase", "multiline", "count", "mandatory_count"];
    let [pattern, replacement, ignorecase, multiline, count, mandatory] =
        args.bind(&sig("regex_replace", 1, params, 0))?;
    let text = decoded(cx, &input)?;
    let flags = flags(cx, &ignorecase, &multiline)?;
    let (pattern, replacement) = (pattern.unwrap_or_else(|| "".into()), replacement.unwrap_or_else(|| "".into()));
    let source = pattern_text(&pattern)?;
    let pattern = Pattern::new(source, flags)?;
    let Some(template) = replacement.as_str() else {
        return Err(Raise::type_error(format!(
            "decoding to str: need a bytes-like object, {} found",
            replacement.type_name()
        )));
    };
    let template = Template::new(template, &pattern)?;
    let count = count.int(0)?;
    let (out, done) = pattern.replace(&text, &template, usize::try_from(count).unwrap_or(0))?;
    let mandatory = mandatory.int(0)?;
    if mandatory != 0 && mandatory != done as i64 {
        return Err(Raise::ansible(format!(
            "'{source}' should match {mandatory} times, but matches {count} times in '{text}'"
        )));
    }
    Ok(out.into())
}

pub(super) fn regex_findall(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [pattern, multiline, ignorecase] =
        args.bind(&sig("regex_findall", 1, ["regex", "multiline", "ignorecase"], 1))?;
    let text = cx.text(&input)?;
    let flags = flags(cx, &ignorecase, &multiline)?;
    let pattern = given(pattern);
    let pattern = Pattern::new(pattern_text(&pattern)?, flags)?;
    let rows = pattern
        .findall(&text)?
        .into_iter()
        .map(|row| if row.len() == 1 { Obj::from(row.concat()) } else { Obj::tuple(row.into_iter().map(Obj::from)) });
    Ok(Obj::list(rows))
}

pub(super) fn regex_search(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    let (ignorecase, multiline) = (args.take("ignorecase"), args.take("multiline"));
    let pattern = match args.take("regex") {
        Some(pattern) => pattern,
        None if args.positional.is_empty() => {
            return Err(Raise::type_error("regex_search() missing 1 required positional argument: 'regex'"));
        }
        None => args.positional.remove(0),
    };
    let text = cx.text(&input)?;
    let mut wanted = Vec::new();
    for arg in &args.positional {
        wanted.push(group_reference(arg)?);
    }
    let flags = flags(cx, &ignorecase, &multiline)?;
    let pattern = Pattern::new(pattern_text(&pattern)?, flags)?;
    let Some(found) = pattern.search(&text, 0)? else {
        return Ok(Obj::None);
    };
    if wanted.is_empty() {
        return Ok(found.group(&text, 0).unwrap_or("").into());
    }
    let mut out = Vec::new();
    for group in wanted {
        let number = match group {
            Ok(number) => Some(number).filter(|n| *n <= pattern.groups()),
            Err(name) => pattern.named(&name),
        };
        let Some(number) = number else {
            return Err(Raise::python(Class::Index, "no such group"));
        };
        out.push(found.group(&text, number).map_or(Obj::None, Obj::from));
    }
    Ok(Obj::list(out))
}

/// `\1` or `\g<name>`.
fn group_reference(arg: &Obj) -> Result<Result<usize, String>, Raise> {
    let Some(text) = arg.as_str() else {
        return Err(super::support::no_attribute(arg, "startswith"));
    };
    if let Some(rest) = text.strip_prefix("\\g") {
        let name = rest.strip_prefix('<').and_then(|r| r.rsplit_once('>')).map(|(name, _)| name);
        return match name {
            Some(name) if !name.is_empty() && !name.contains(char::is_whitespace) => Ok(Err(name.to_owned())),
            _ => Err(Raise::python(Class::Attribute, "'NoneType' object has no attribute 'group'")),
        };
    }
    let Some(rest) = text.strip_prefix('\\') else {
        return Err(Raise::ansible("Unknown argument"));
    };
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().map(Ok).map_err(|_| Raise::python(Class::Attribute, "'NoneType' object has no attribute 'group'"))
}

pub(super) fn regex_escape(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [kind] = args.bind(&sig("regex_escape", 1, ["re_type"], 0))?;
    let text = decoded(cx, &input)?;
    let kind = kind.unwrap_or_else(|| "python".into());
    match kind.as_str() {
        Some("python") => Ok(escape(&text).into()),
        Some("posix_basic") => {
            let mut out = String::new();
            for c in text.chars() {
                if "].[^$*\\".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
            Ok(out.into())
        }
        Some("posix_extended") => Err(Raise::ansible("Regex type (posix_extended) not yet implemented")),
        _ => Err(Raise::ansible(format!("Invalid regex type ({})", cx.text(&kind)?))),
    }
}
