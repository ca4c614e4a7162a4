//! Filters over text: case, trimming, wrapping, replacing, `comment`, `quote`.

use super::support::{Got, alone, caused, decoded, given, no_attribute, opt_text, plugin_type, sig, some};
use crate::template::bounds::{replaced, text_fits};
use crate::template::pylib::text;
use crate::template::raise::Class;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};

pub(super) fn lower(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_lower")?;
    Ok(Obj::from(cx.text(&input)?.to_lowercase()).kept(&input))
}

pub(super) fn upper(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_upper")?;
    Ok(Obj::from(cx.text(&input)?.to_uppercase()).kept(&input))
}

pub(super) fn capitalize(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_capitalize")?;
    Ok(Obj::from(text::capitalize(&cx.text(&input)?)).kept(&input))
}

pub(super) fn title(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_title")?;
    Ok(text::title(&cx.text(&input)?).into())
}

pub(super) fn trim(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [chars] = args.bind(&sig("do_trim", 1, ["chars"], 0))?;
    let text = cx.text(&input)?;
    if !matches!(chars, None | Some(Obj::None | Obj::Str(_))) {
        return Err(Raise::type_error("strip arg must be None or str"));
    }
    Ok(match opt_text(cx, &chars)? {
        None => Obj::from(text.trim()),
        Some(chars) => Obj::from(text.trim_matches(|c| chars.contains(c))),
    }
    .kept(&input))
}

pub(super) fn center(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [width] = args.bind(&sig("do_center", 1, ["width"], 0))?;
    let text = cx.text(&input)?;
    let width = usize::try_from(width.int(80)?).unwrap_or(0);
    text_fits(width)?;
    let missing = width.saturating_sub(text.chars().count());
    // Python puts the odd space to the left where the width is odd.
    let left = missing / 2 + (missing & width & 1);
    Ok(Obj::from(format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left))).kept(&input))
}

pub(super) fn replace(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [old, new, count] = args.bind(&sig("do_replace", 2, ["old", "new", "count"], 2))?;
    let text = cx.text(&input)?;
    let (old, new) = (cx.text(&given(old))?, cx.text(&given(new))?);
    let count = some(count).int(-1)?;
    replaced(&text, &old, &new, count).map(Obj::from)
}

pub(super) fn indent(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [width, first, blank] = args.bind(&sig("do_indent", 1, ["width", "first", "blank"], 0))?;
    // What the width is shows before what the text is.
    match &width {
        Some(Obj::List(_)) => return Err(Raise::type_error("'str' object cannot be interpreted as an integer")),
        Some(other) if other.as_str().is_none() && other.as_big().is_none() => {
            let kind = plugin_type(other);
            return Err(Raise::type_error(format!("can't multiply sequence by non-int of type '{kind}'")));
        }
        _ => {}
    }
    if matches!(input, Obj::List(_)) {
        return Err(no_attribute(&input, "splitlines"));
    }
    let Some(source) = input.as_str() else {
        return Err(Raise::type_error(match &input {
            Obj::Tuple(_) => "can only concatenate tuple (not \"str\") to tuple".to_owned(),
            Obj::Bytes(_) => "can't concat str to bytes".to_owned(),
            other => format!("unsupported operand type(s) for +=: '{}' and 'str'", other.full_name()),
        }));
    };
    let indent = match &width {
        Some(Obj::Str(text)) => text.as_str().to_owned(),
        other => {
            let width = usize::try_from(other.int(4)?).unwrap_or(0);
            text_fits(width)?;
            " ".repeat(width)
        }
    };
    let lines = source.matches('\n').count() + 1;
    text_fits(source.len().saturating_add(lines.saturating_mul(indent.len())))?;
    let (first, blank) = (first.truth(cx, false)?, blank.truth(cx, false)?);
    let source = format!("{source}\n");
    let mut out = if blank {
        let lines = text::lines(&source);
        lines.join(&format!("\n{indent}"))
    } else {
        let lines = text::lines(&source);
        let mut lines = lines.into_iter();
        let mut out = lines.next().unwrap_or("").to_owned();
        for line in lines {
            out.push('\n');
            if !line.is_empty() {
                out.push_str(&indent);
            }
            out.push_str(line);
        }
        out
    };
    if first {
        out.insert_str(0, &indent);
    }
    Ok(Obj::from(out).kept(&input))
}

pub(super) fn truncate(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [length, killwords, end, leeway] =
        args.bind(&sig("do_truncate", 2, ["length", "killwords", "end", "leeway"], 0))?;
    let Some(source) = input.as_str() else {
        return truncated_list(cx, input, [length, killwords, end, leeway]);
    };
    let killwords = killwords.truth(cx, false)?;
    let end = match &end {
        None => "...".to_owned(),
        Some(end) => end.as_str().ok_or_else(|| no_len(end))?.to_owned(),
    };
    let end_length = end.chars().count();
    let (limit, leeway) = (length.unwrap_or(Obj::Int(255)), some(leeway).unwrap_or(Obj::Int(5)));
    if let Obj::List(_) = limit {
        // A list is read to be compared.
        cx.iter(&limit)?;
    }
    for (what, value, least) in [("length", &limit, end_length), ("leeway", &leeway, 0)] {
        if cx.order(value, &Obj::from(least), ">=")?.is_none_or(std::cmp::Ordering::is_lt) {
            let got = cx.text(value)?;
            return Err(Raise::python(Class::Runtime, format!("expected {what} >= {least}, got {got}")));
        }
    }
    let most = cx.add_objects(&limit, &leeway)?;
    if cx.order(&Obj::from(source.chars().count()), &most, "<=")?.is_some_and(std::cmp::Ordering::is_le) {
        return Ok(input);
    }
    let Some(length) = limit.as_int().and_then(|length| usize::try_from(length).ok()) else {
        return Err(Raise::type_error("slice indices must be integers or None or have an __index__ method"));
    };
    let cut: String = source.chars().take(length - end_length).collect();
    if killwords {
        return Ok(Obj::from(cut + &end).kept(&input));
    }
    let kept = cut.rsplit_once(' ').map_or(cut.as_str(), |(kept, _)| kept);
    Ok(Obj::from(kept.to_owned() + &end).kept(&input))
}

/// What truncating does to something with a length that is no string: nothing, or it fails.
fn truncated_list(cx: &mut Cx<'_>, input: Obj, [length, killwords, end, leeway]: [Option<Obj>; 4]) -> Got {
    let limit = length.unwrap_or(Obj::Int(255));
    let end = opt_text(cx, &end)?.unwrap_or_else(|| "...".into());
    let end_length = Obj::from(end.chars().count());
    if cx.order(&limit, &end_length, ">=")?.is_none_or(std::cmp::Ordering::is_lt) {
        let (want, got) = (cx.text(&end_length)?, cx.text(&limit)?);
        return Err(Raise::python(Class::Runtime, format!("expected length >= {want}, got {got}")));
    }
    let items = cx.len(&input).map_err(|_| no_len(&input))?;
    let most = cx.add_objects(&limit, &some(leeway).unwrap_or(Obj::Int(5)))?;
    if cx.order(&Obj::from(items), &most, "<=")?.is_some_and(std::cmp::Ordering::is_le) {
        return Ok(input);
    }
    match &input {
        Obj::Dict(_) | Obj::Map(_) => Err(Raise::type_error("unhashable type: 'slice'")),
        _ if killwords.truth(cx, false)? => {
            let kind = input.native_name();
            Err(Raise::type_error(format!("can only concatenate {kind} (not \"str\") to {kind}")))
        }
        _ => Err(no_attribute(&input, "rsplit")),
    }
}

fn no_len(obj: &Obj) -> Raise {
    Raise::type_error(format!("object of type '{}' has no len()", obj.full_name()))
}

pub(super) fn wordwrap(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let params = ["width", "break_long_words", "wrapstring", "break_on_hyphens"];
    let [width, break_long, wrap, hyphens] = args.bind(&sig("do_wordwrap", 2, params, 0))?;
    let Some(source) = input.as_str() else {
        return Err(no_attribute(&input, "splitlines"));
    };
    let width = width.int(79)?;
    if width <= 0 && !source.is_empty() {
        return Err(Raise::value_error(format!("invalid width {width} (must be > 0)")));
    }
    let (break_long, hyphens) = (break_long.truth(cx, true)?, hyphens.truth(cx, true)?);
    let wrap = opt_text(cx, &wrap)?.unwrap_or_else(|| "\n".into());
    let lines: Vec<Vec<String>> = text::lines(source)
        .into_iter()
        .map(|line| text::wrap(line, usize::try_from(width).unwrap_or(1), break_long, hyphens))
        .collect();
    let breaks: usize = lines.iter().map(|line| line.len().max(1)).sum();
    text_fits(source.len().saturating_add(breaks.saturating_mul(wrap.len())))?;
    Ok(lines.into_iter().map(|line| line.join(&wrap)).collect::<Vec<_>>().join(&wrap).into())
}

pub(super) fn wordcount(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_wordcount")?;
    let text = cx.text(&input)?;
    let mut count = 0usize;
    let mut inside = false;
    for c in text.chars() {
        let word = c.is_alphanumeric() || c == '_';
        count += usize::from(word && !inside);
        inside = word;
    }
    Ok(count.into())
}

pub(super) fn reverse(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_reverse")?;
    if let Some(text) = input.as_str() {
        return Ok(Obj::from(text.chars().rev().collect::<String>()).kept(&input));
    }
    match cx.iter_lenient(&input) {
        Ok(mut items) => {
            items.reverse();
            items.into_iter().map(Obj::defined).collect::<Result<Vec<_>, _>>().map(Obj::list)
        }
        Err(raise) if raise.is(Class::Type) => Err(caused(raise.text(), "argument must be iterable.")),
        Err(raise) => Err(raise),
    }
}

pub(super) fn split(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [separator, most] = args.bind(&sig("split", 1, ["sep", "maxsplit"], 0))?;
    let Some(source) = input.as_str() else {
        return Err(Raise::type_error(format!(
            "descriptor 'split' for 'str' objects doesn't apply to a '{}' object",
            plugin_type(&input)
        )));
    };
    let _ = cx;
    let most = usize::try_from(most.int(-1)?).ok();
    let parts: Vec<&str> = match some(separator) {
        None => text::split_space(source, most),
        Some(Obj::Str(separator)) if separator.as_str().is_empty() => {
            return Err(Raise::value_error("empty separator"));
        }
        Some(Obj::Str(separator)) => match most {
            Some(most) => source.splitn(most.saturating_add(1), separator.as_str()).collect(),
            None => source.split(separator.as_str()).collect(),
        },
        Some(other) => {
            return Err(Raise::type_error(format!("must be str or None, not {}", other.type_name())));
        }
    };
    Ok(Obj::list(parts.into_iter().map(Obj::from)))
}

pub(super) fn quote(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "quote")?;
    let source = if input.is_none() { String::new() } else { decoded(cx, &input)? };
    Ok(text::shell_quote(&source).into())
}

pub(super) fn format(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let source = cx.text(&input)?;
    if !args.positional.is_empty() && !args.named.is_empty() {
        return Err(Raise::python(Class::Template, "can't handle positional and keyword arguments at the same time"));
    }
    let right = if args.named.is_empty() {
        Obj::tuple(args.positional)
    } else {
        Obj::dict(args.named.into_iter().map(|(name, value)| (Obj::from(name), value)))
    };
    match &input {
        Obj::Str(text) if text.is_markup() => Ok(Obj::from(cx.html_format(&source, &right)?).kept(&input)),
        _ => cx.percent_format(&source, &right).map(Obj::from),
    }
}

/// The parts of a comment style that differ from `plain`.
struct Style {
    beginning: &'static str,
    decoration: &'static str,
    end: &'static str,
}

const STYLES: [(&str, Style); 5] = [
    ("plain", Style { beginning: "", decoration: "# ", end: "" }),
    ("erlang", Style { beginning: "", decoration: "% ", end: "" }),
    ("c", Style { beginning: "", decoration: "// ", end: "" }),
    ("cblock", Style { beginning: "/*", decoration: " * ", end: " */" }),
    ("xml", Style { beginning: "<!--", decoration: " - ", end: "-->" }),
];

pub(super) fn comment(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    let mut options: Vec<(String, Obj)> = Vec::new();
    let style = args.take("style").or_else(|| args.positional.first().cloned());
    if args.positional.len() > 1 {
        return Err(Raise::type_error(format!(
            "comment() takes from 1 to 2 positional arguments but {} were given",
            args.positional.len() + 1
        )));
    }
    for (name, value) in args.named {
        options.push((name.to_string(), value));
    }
    let name = match &style {
        Some(style) => cx.text(style)?,
        None => "plain".into(),
    };
    let Some((_, style)) = STYLES.iter().find(|(n, _)| *n == name) else {
        return Err(Raise::ansible(format!("Invalid style {}.", crate::value::str_repr(&name))));
    };
    let Some(source) = input.as_str() else {
        return Err(match &input {
            // These have one of their own.
            Obj::Date(_) | Obj::DateTime(_) => Raise::type_error("'str' object cannot be interpreted as an integer"),
            other => no_attribute(other, "replace"),
        });
    };
    let mut option = |name: &str, default: &str| -> Result<String, Raise> {
        match options.iter().find(|(n, _)| n == name) {
            Some((_, value)) => cx.text(value),
            None => Ok(default.to_owned()),
        }
    };
    let decoration = option("decoration", style.decoration)?;
    let frame = decoration.trim_end().to_owned();
    let (beginning, end) = (option("beginning", style.beginning)?, option("end", style.end)?);
    let (prefix, postfix) = (option("prefix", &frame)?, option("postfix", &frame)?);
    let newline = option("newline", "\n")?;
    let count = |name: &str| -> Result<usize, Raise> {
        let value = options.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        Ok(usize::try_from(value.int(1)?).unwrap_or(0))
    };
    let (before, after) = (count("prefix_count")?, count("postfix_count")?);
    text_fits(before.saturating_add(after).saturating_mul(prefix.len().max(postfix.len()) + newline.len()))?;
    let lines = if newline.is_empty() { source.len() } else { source.matches(&*newline).count() };
    text_fits(source.len().saturating_add(lines.saturating_mul(decoration.len())))?;
    let mut out = String::new();
    if !beginning.is_empty() {
        out.push_str(&beginning);
        out.push_str(&newline);
    }
    for _ in 0..before {
        match prefix.as_str() {
            "" => {}
            same if same == newline => out.push_str(&newline),
            other => {
                out.push_str(other);
                out.push_str(&newline);
            }
        }
    }
    let body = decoration.clone() + &source.replace(&*newline, &format!("{newline}{decoration}"));
    // No trailing space where a line holds the decoration alone.
    out.push_str(&body.replace(&format!("{decoration}{newline}"), &format!("{}{newline}", decoration.trim_end())));
    for _ in 0..after {
        out.push_str(&newline);
        out.push_str(&postfix);
    }
    if !end.is_empty() {
        out.push_str(&newline);
        out.push_str(&end);
    }
    Ok(out.into())
}
