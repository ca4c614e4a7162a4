//! Headers in the order in which they came, and the parameters within their values.

/// Headers, names in the server's spelling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Adds one.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first of a name in any spelling.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All of a name in any spelling.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// A parameter of a header: `charset` of `content-type`.
    pub fn param(&self, header: &str, name: &str) -> Option<String> {
        param(self.get(header)?, name)
    }
}

/// A parameter of a header's value, `charset` of `text/plain; charset=utf-8`; also as RFC 2231 spells it, with
/// an encoding (`filename*=UTF-8''a%20b`).
pub fn param(value: &str, wanted: &str) -> Option<String> {
    for part in split(value).into_iter().skip(1) {
        let Some((name, value)) = part.split_once('=') else { continue };
        let (name, value) = (name.trim(), value.trim());
        if name.eq_ignore_ascii_case(wanted) {
            return Some(unquoted(value));
        }
        if name.strip_suffix('*').is_some_and(|name| name.eq_ignore_ascii_case(wanted)) {
            let value = unquoted(value);
            let text = value.splitn(3, '\'').nth(2).unwrap_or(&value);
            return Some(super::url::unquote(text));
        }
    }
    None
}

/// Splits at semicolons outside quotes.
fn split(value: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                parts.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    parts
}

fn unquoted(text: &str) -> String {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\\", "\\").replace("\\\"", "\""),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters() {
        for (value, name, wanted) in [
            ("text/html; charset=utf-8", "charset", Some("utf-8")),
            ("text/html;Charset=\"UTF-8\"", "charset", Some("UTF-8")),
            ("attachment; filename=\"a;b.txt\"; x=1", "filename", Some("a;b.txt")),
            ("attachment; filename*=UTF-8''na%C3%AFve.txt", "filename", Some("naïve.txt")),
            ("attachment; filename=\"a\\\"b\"", "filename", Some("a\"b")),
            ("filename=x", "filename", None),
            ("attachment", "filename", None),
        ] {
            assert_eq!(param(value, name).as_deref(), wanted, "{value}");
        }
    }
}
