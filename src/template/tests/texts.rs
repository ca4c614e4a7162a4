//! Tests of text: regular expressions, versions, URLs, vaulted text.

use crate::http::url::Url;
use crate::re::{Flags, Pattern};
use crate::template::filters::network::spelled;
use crate::template::filters::regexes::{flags, pattern_text};
use crate::template::filters::support::{alone, decoded, given, opt_text, plugin_type, sig, some, tripped};
use crate::template::pylib::version::{Scheme, compare};
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};
use std::cmp::Ordering;

type Verdict = Result<bool, Raise>;

/// How a pattern is applied.
enum How {
    Search,
    Match,
    Full,
}

fn applies(cx: &mut Cx<'_>, input: &Obj, pattern: Option<Obj>, flags: Flags, how: How) -> Verdict {
    let text = decoded(cx, input)?;
    let pattern = pattern.unwrap_or_else(|| "".into());
    let source = pattern_text(&pattern)?;
    let pattern = match how {
        How::Search => Pattern::new(source, flags)?,
        How::Match => Pattern::anchored(source, flags, false)?,
        How::Full => Pattern::anchored(source, flags, true)?,
    };
    Ok(pattern.search(&text, 0)?.is_some())
}

pub(super) fn matches(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [pattern, i, m] = args.bind(&sig("match", 1, ["pattern", "ignorecase", "multiline"], 0))?;
    let flags = flags(cx, &i, &m)?;
    applies(cx, &input, pattern, flags, How::Match)
}

pub(super) fn search(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [pattern, i, m] = args.bind(&sig("search", 1, ["pattern", "ignorecase", "multiline"], 0))?;
    let flags = flags(cx, &i, &m)?;
    applies(cx, &input, pattern, flags, How::Search)
}

pub(super) fn regex(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let params = ["pattern", "ignorecase", "multiline", "match_type"];
    let [pattern, i, m, kind] = args.bind(&sig("regex", 1, params, 0))?;
    let flags = flags(cx, &i, &m)?;
    let how = match kind.string("search") {
        Some("match") => How::Match,
        Some("fullmatch") => How::Full,
        Some("search") => How::Search,
        other => {
            // A text and a pattern they must be all the same; what else the pattern has is no way to apply it.
            let named = other.is_some();
            applies(cx, &input, pattern, flags, How::Search)?;
            let no_name = || format!("attribute name must be string, not '{}'", plugin_type(&given(kind)));
            return Err(Raise::type_error(if named { "'str' object is not callable".into() } else { no_name() }));
        }
    };
    applies(cx, &input, pattern, flags, how)
}

const OPERATORS: [(&str, &str); 14] = [
    ("==", "eq"),
    ("=", "eq"),
    ("eq", "eq"),
    ("<", "lt"),
    ("lt", "lt"),
    ("<=", "le"),
    ("le", "le"),
    (">", "gt"),
    ("gt", "gt"),
    (">=", "ge"),
    ("ge", "ge"),
    ("!=", "ne"),
    ("<>", "ne"),
    ("ne", "ne"),
];

pub(super) fn version(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let params = ["version", "operator", "strict", "version_type"];
    let [other, operator, strict, kind] = args.bind(&sig("version_compare", 1, params, 1))?;
    let (strict, kind) = (some(strict), some(kind));
    if strict.is_some() && kind.is_some() {
        return Err(Raise::ansible("Cannot specify both 'strict' and 'version_type'"));
    }
    let other = given(other);
    if !cx.truthy(&input)? {
        return Err(Raise::ansible("Input version value cannot be empty"));
    }
    if !cx.truthy(&other)? {
        return Err(Raise::ansible("Version parameter to compare against cannot be empty"));
    }
    let strict = strict.truth(cx, false)?;
    let scheme = match opt_text(cx, &kind)?.filter(|k| !k.is_empty()) {
        None if strict => Scheme::Strict,
        None => Scheme::Loose,
        Some(name) => Scheme::named(&name).ok_or_else(|| {
            let all = "'loose', 'strict', 'semver', 'semantic', 'pep440'";
            Raise::ansible(format!("Invalid version type ({name}). Must be one of {all}"))
        })?,
    };
    let operator = opt_text(cx, &operator)?.unwrap_or_else(|| "eq".into());
    let Some((_, operator)) = OPERATORS.iter().find(|(name, _)| *name == operator) else {
        let all: Vec<String> = OPERATORS.iter().map(|(name, _)| format!("'{name}'")).collect();
        return Err(Raise::ansible(format!("Invalid operator type ({operator}). Must be one of {}", all.join(", "))));
    };
    let failed = |cause: String| Raise::ansible(format!("Version comparison failed: {cause}"));
    let text = |cx: &mut Cx<'_>, obj: &Obj| spelled(cx, obj).map_err(|raise| failed(tripped(raise)));
    let (a, b) = (text(cx, &input)?, text(cx, &other)?);
    let order = compare(&a, &b, scheme).map_err(failed)?;
    Ok(match *operator {
        "eq" => order == Ordering::Equal,
        "ne" => order != Ordering::Equal,
        "lt" => order == Ordering::Less,
        "le" => order != Ordering::Greater,
        "gt" => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })
}

/// The scheme of a URI that has one and is one of those asked for.
fn uri_of(cx: &mut Cx<'_>, input: &Obj, schemes: Option<Obj>) -> Result<Option<Url>, Raise> {
    // What is false is taken for no text.
    let text = match input {
        Obj::Bytes(bytes) if bytes.is_ascii() => String::from_utf8_lossy(bytes).into_owned(),
        Obj::Str(text) => text.as_str().to_owned(),
        other if !cx.truthy(other)? => String::new(),
        _ => return Ok(None),
    };
    let Ok(url) = Url::parse(&text) else { return Ok(None) };
    // The parts of bytes are bytes, which no scheme is.
    let scheme = if let Obj::Bytes(_) = input { Obj::None } else { Obj::from(url.scheme.as_str()) };
    // Any text is a URI, unless schemes are asked for.
    let known = match some(schemes) {
        Some(schemes) if cx.truthy(&schemes)? => cx.contains(&schemes, &scheme)?,
        _ => true,
    };
    Ok(known.then_some(url))
}

pub(super) fn uri(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [schemes] = args.bind(&sig("is_uri", 1, ["schemes"], 0))?;
    Ok(uri_of(cx, &input, schemes)?.is_some())
}

pub(super) fn url(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [schemes] = args.bind(&sig("is_url", 1, ["schemes"], 0))?;
    Ok(uri_of(cx, &input, schemes)?.is_some_and(|url| !url.netloc.is_empty() || url.scheme == "file"))
}

pub(super) fn urn(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "is_urn")?;
    let urn = Obj::list([Obj::from("urn")]);
    Ok(uri_of(cx, &input, Some(urn))?.is_some())
}

pub(super) fn vault_encrypted(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "vault_encrypted")?;
    // Text that only looks encrypted is not: what counts is that it was an inline vaulted value.
    if cx.cipher(&input).is_some() {
        return Ok(true);
    }
    input.defined().map(|_| false)
}

/// Whether a text can be the name of a host: labels of letters, digits and inner hyphens, with dots between them.
pub(super) fn fqdn_valid(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [least, underscores] = args.bind(&sig("fqdn_valid", 1, ["min_labels", "allow_underscores"], 0))?;
    let Some(name) = input.as_str().filter(|name| !name.is_empty()) else {
        return Err(Raise::value_error("fqdn must be str"));
    };
    let underscores = underscores.truth(cx, false)?;
    let absolute = name.ends_with('.');
    let relative = name.strip_suffix('.').unwrap_or(name);
    // A newline may end what Python's `$` ends.
    let labels = relative.strip_suffix('\n').filter(|_| !absolute).unwrap_or(relative);
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || underscores && c == '_';
    let fits = |label: &str| {
        (1..=63).contains(&label.chars().count())
            && label.chars().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if relative.chars().count() > 253 || !labels.split('.').all(fits) {
        return Ok(false);
    }
    let count = name.matches('.').count() + usize::from(!absolute);
    let least = least.unwrap_or(Obj::Int(1));
    Ok(!cx.order(&count.into(), &least, ">=")?.is_some_and(Ordering::is_lt))
}
