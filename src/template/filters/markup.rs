//! Filters of HTML and URLs: `escape`, `striptags`, `urlencode`, `urlize`, `xmlattr`.

use super::support::{Got, alone, is_mapping, opt_text, sig, some};
use crate::http::url::{quote, unquote_plus};
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};
use crate::value::Text;

/// HTML's five special characters as entities.
pub(in crate::template) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            c => out.push(c),
        }
    }
    out
}

pub(super) fn escape(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "escape")?;
    match &input {
        Obj::Str(text) if text.is_markup() => Ok(input),
        _ => Ok(Obj::Str(Text::markup(escaped(&cx.text(&input)?)))),
    }
}

pub(super) fn forceescape(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_forceescape")?;
    Ok(Obj::Str(Text::markup(escaped(&cx.text(&input)?))))
}

pub(super) fn safe(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_mark_safe")?;
    Ok(Obj::Str(Text::markup(cx.text(&input)?)))
}

pub(super) fn striptags(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_striptags")?;
    let mut text = cx.text(&input)?;
    for (open, close) in [("<!--", "-->"), ("<", ">")] {
        while let Some(start) = text.find(open) {
            let Some(end) = text[start..].find(close) else { break };
            text.replace_range(start..start + end + close.len(), "");
        }
    }
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(unescaped(&joined).into())
}

/// The entities of HTML that occur in practice, as characters.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|e| *e < 10);
        let found = end.and_then(|end| entity(&rest[1..end]).map(|c| (c, end)));
        match found {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "copy" => '©',
        "reg" => '®',
        "raquo" => '»',
        "laquo" => '«',
        "hellip" => '…',
        "mdash" => '—',
        "ndash" => '–',
        "euro" => '€',
        _ => return None,
    })
}

pub(super) fn urlencode(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_urlencode")?;
    let mut parts = Vec::new();
    let mut part = |cx: &mut Cx<'_>, key: &Obj, value: &Obj| -> Result<(), Raise> {
        let (key, value) = (cx.text(key)?, cx.text(value)?);
        let form = |text: &str| quote(text, "").replace("%20", "+");
        parts.push(format!("{}={}", form(&key), form(&value)));
        Ok(())
    };
    match &input {
        Obj::Dict(_) | Obj::Map(_) => {
            for (key, value) in cx.items(&input)? {
                part(cx, &key, &value)?;
            }
        }
        Obj::List(_) | Obj::Tuple(_) | Obj::Iter(_) | Obj::Set(_) | Obj::Range(_) | Obj::Bytes(_) => {
            for item in cx.each(&input)? {
                let item = item?;
                let pair = cx.at_once(&item).map_err(|raise| match raise {
                    Raise::Python(..) => {
                        Raise::type_error(format!("cannot unpack non-iterable {} object", item.type_name()))
                    }
                    other => other,
                })?;
                match pair.as_slice() {
                    [key, value] => part(cx, key, value)?,
                    other if other.len() < 2 => {
                        let text = format!("not enough values to unpack (expected 2, got {})", other.len());
                        return Err(Raise::value_error(text));
                    }
                    _ => return Err(Raise::value_error("too many values to unpack (expected 2)")),
                }
            }
        }
        other => return Ok(quote(&cx.text(other)?, "/").into()),
    }
    Ok(parts.join("&").into())
}

pub(super) fn urldecode(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [encoding, _errors] = args.bind(&sig("unquote_plus", 1, ["encoding", "errors"], 0))?;
    match opt_text(cx, &encoding)?.as_deref() {
        None | Some("utf-8" | "utf8" | "UTF-8") => {}
        Some(other) => return Err(Raise::unsupported(format!("The encoding '{other}' is not supported."))),
    }
    match input.as_str() {
        Some(text) => Ok(unquote_plus(text).into()),
        None => Err(super::support::no_attribute(&input, "replace")),
    }
}

pub(super) fn xmlattr(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [autospace] = args.bind(&sig("do_xmlattr", 2, ["autospace"], 0))?;
    if !is_mapping(&input) {
        return Err(super::support::no_attribute(&input, "items"));
    }
    let mut parts = Vec::new();
    for (key, value) in cx.items(&input)? {
        if value.is_none() {
            continue;
        }
        let Some(name) = key.as_str() else {
            let kind = key.type_name();
            return Err(Raise::type_error(format!("expected string or bytes-like object, got '{kind}'")));
        };
        if name.chars().any(|c| c.is_ascii_whitespace() || "/>=".contains(c)) {
            let shown = cx.repr(&key)?;
            return Err(Raise::value_error(format!("Invalid character in attribute name: {shown}")));
        }
        parts.push(format!("{}=\"{}\"", escaped(name), escaped(&cx.text(&value)?)));
    }
    let text = parts.join(" ");
    let space = autospace.truth(cx, true)? && !text.is_empty();
    Ok(if space { format!(" {text}") } else { text }.into())
}

pub(super) fn urlize(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let params = ["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"];
    let [limit, nofollow, target, rel, extra] = args.bind(&sig("do_urlize", 2, params, 0))?;
    let source = cx.text(&input)?;
    let limit = match some(limit) {
        None => None,
        limit => usize::try_from(limit.int(0)?).ok(),
    };
    let nofollow = nofollow.truth(cx, false)?;
    let mut rels: Vec<String> = opt_text(cx, &rel)?.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if nofollow {
        rels.push("nofollow".into());
    }
    rels.push("noopener".into());
    rels.sort();
    rels.dedup();
    let mut schemes = Vec::new();
    if let Some(extra) = some(extra) {
        for scheme in cx.iter(&extra)? {
            schemes.push(cx.text(&scheme)?);
        }
    }
    let mut attributes = format!(" rel=\"{}\"", escaped(&rels.join(" ")));
    if let Some(target) = opt_text(cx, &target)? {
        attributes.push_str(&format!(" target=\"{}\"", escaped(&target)));
    }
    let mut out = String::new();
    let mut rest = source.as_str();
    while !rest.is_empty() {
        let space = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        out.push_str(&rest[..space]);
        rest = &rest[space..];
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let word = match &input {
            Obj::Str(text) if text.is_markup() => rest[..end].to_owned(),
            _ => escaped(&rest[..end]),
        };
        out.push_str(&linked(&word, limit, &attributes, &schemes));
        rest = &rest[end..];
    }
    Ok(out.into())
}

/// Whether what follows a scheme begins with a host: an address, or a name that ends in letters.
fn is_host(rest: &str) -> bool {
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    if host.starts_with('[') {
        return host.contains(']');
    }
    let host = host.split(':').next().unwrap_or("");
    let labels: Vec<&str> = host.split('.').collect();
    let address = labels.len() == 4 && labels.iter().all(|l| !l.is_empty() && l.bytes().all(|b| b.is_ascii_digit()));
    let top = labels
        .last()
        .is_some_and(|l| (l.len() >= 2 && l.bytes().all(|b| b.is_ascii_lowercase())) || l.starts_with("xn--"));
    address || (top && labels.iter().all(|l| !l.is_empty()))
}

/// One escaped word, as a link where it is a URL or an address.
fn linked(word: &str, limit: Option<usize>, attributes: &str, schemes: &[String]) -> String {
    let mut start = 0;
    loop {
        let rest = &word[start..];
        match ["(", "<", "&lt;"].iter().find(|p| rest.starts_with(**p)) {
            Some(open) => start += open.len(),
            None => break,
        }
    }
    let (head, mut middle) = word.split_at(start);
    let mut tail = String::new();
    while let Some(close) = [")", ">", ".", ",", "\n", "&gt;"].iter().find(|s| middle.ends_with(**s)) {
        middle = &middle[..middle.len() - close.len()];
        tail.insert_str(0, close);
    }
    for (open, close) in [("(", ")"), ("<", ">"), ("&lt;", "&gt;")] {
        let missing = middle.matches(open).count().saturating_sub(middle.matches(close).count());
        for _ in 0..missing.min(tail.matches(close).count()) {
            if let Some(at) = tail.find(close) {
                let taken = at + close.len();
                middle = &word[start..start + middle.len() + taken];
                tail.drain(..taken);
            }
        }
    }
    let shown = |text: &str| match limit {
        Some(limit) if text.chars().count() > limit => text.chars().take(limit).collect::<String>() + "...",
        _ => text.to_owned(),
    };
    let lower = middle.to_lowercase();
    let known = ["https://", "http://"].iter().any(|s| lower.strip_prefix(s).is_some_and(is_host));
    let domain = lower.starts_with("www.")
        || [".com", ".net", ".int", ".edu", ".gov", ".org", ".info", ".mil"].iter().any(|end| {
            lower.split(['/', ':', '?', '#']).next().is_some_and(|host| host.ends_with(end) && host.len() > end.len())
        });
    let link = |href: &str, text: &str| format!("{head}<a href=\"{href}\"{attributes}>{text}</a>{tail}");
    if known {
        return link(middle, &shown(middle));
    }
    let address = middle.strip_prefix("mailto:").unwrap_or(middle);
    let is_address = address.split_once('@').is_some_and(|(user, host)| {
        let good = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b));
        good(user) && good(host) && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    });
    if is_address && !middle.starts_with("www.") {
        return format!("{head}<a href=\"mailto:{address}\">{address}</a>{tail}");
    }
    if domain && !middle.contains('@') {
        return link(&format!("https://{middle}"), &shown(middle));
    }
    if schemes.iter().any(|s| middle.starts_with(s.as_str()) && middle != s) {
        return link(middle, middle);
    }
    word.to_owned()
}
