//! Bodies of forms: `form-urlencoded`, and `form-multipart` as Python's `email` writes it.

use crate::http::guess_mime_type;
use crate::http::url::{basename, quote};
use crate::value::{Dict, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What is wrong with a body, and whether the module itself breaks on it.
type Wrong = (String, bool);

/// `a=1&b=2`; text is taken as encoded already.
pub(super) fn encoded(body: &Value) -> Result<Value, Wrong> {
    let pairs: Vec<(Value, Value)> = match body {
        Value::Dict(dict) => dict.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        Value::List(items) => items.iter().map(pair).collect::<Result<_, _>>()?,
        other => return Ok(other.clone()),
    };
    let quoted = |value: &Value| quote(&value.to_text(), " ").replace(' ', "+");
    let mut out = Vec::new();
    for (key, values) in pairs {
        let values = match values {
            Value::List(items) => items.to_vec(),
            Value::Dict(dict) => dict.iter().map(|(key, value)| Value::list([key.clone(), value.clone()])).collect(),
            one => vec![one],
        };
        let said = values.iter().filter(|value| !value.is_null());
        out.extend(said.map(|value| format!("{}={}", quoted(&key), quoted(value))));
    }
    Ok(out.join("&").into())
}

/// An item of a list as key and value: Python unpacks it.
fn pair(item: &Value) -> Result<(Value, Value), Wrong> {
    let parts = match item {
        Value::List(parts) => parts.to_vec(),
        Value::Str(text) => text.as_str().chars().map(|c| Value::from(c.to_string())).collect(),
        Value::Dict(dict) => dict.keys().cloned().collect(),
        other => {
            let kind = other.type_name();
            return Err((format!("cannot unpack non-iterable {kind} object"), true));
        }
    };
    match parts.as_slice() {
        [key, value] => Ok((key.clone(), value.clone())),
        few if few.len() < 2 => Err((format!("not enough values to unpack (expected 2, got {})", few.len()), false)),
        _ => Err(("too many values to unpack (expected 2)".into(), false)),
    }
}

/// The header and the bytes of a `multipart/form-data`.
pub(super) fn multipart(body: &Value) -> Result<(String, Vec<u8>), Wrong> {
    let Value::Dict(fields) = body else {
        return Err((format!("Mapping is required, cannot be type {}", name_of(body)), false));
    };
    let mut digits = [0u8; 8];
    getrandom::fill(&mut digits).map_err(|error| (error.to_string(), true))?;
    let boundary = format!("==============={:019}==", u64::from_le_bytes(digits) >> 1);
    let mut sorted: Vec<_> = fields.iter().map(|(name, value)| (name.to_text(), value)).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let mut out = Vec::new();
    for (name, value) in &sorted {
        let (head, content) = part(name, value)?;
        out.extend(format!("--{boundary}\r\n{head}\r\n").into_bytes());
        out.extend(content);
        out.extend(b"\r\n");
    }
    if sorted.is_empty() {
        out.extend(format!("--{boundary}\r\n\r\n").into_bytes());
    }
    out.extend(format!("--{boundary}--\r\n").into_bytes());
    Ok((format!("multipart/form-data; boundary=\"{boundary}\""), out))
}

/// The class of a value as Python names it.
fn name_of(value: &Value) -> &'static str {
    if value.is_null() { "NoneType" } else { value.type_name() }
}

/// The head and the content of one field.
fn part(name: &str, value: &Value) -> Result<(String, Vec<u8>), Wrong> {
    let Value::Dict(field) = value else {
        let Value::Str(text) = value else {
            return Err((format!("value must be a string, or mapping, cannot be type {}", name_of(value)), false));
        };
        let head = format!("Content-Type: text/plain\r\n{}", disposition(name, None));
        return Ok((head, lines(text.as_str().as_bytes())));
    };
    let said = |key: &str| field.get(key).filter(|value| value.truthy()).map(Value::to_text);
    let (filename, content) = (said("filename"), said("content"));
    if filename.is_none() && content.is_none() {
        return Err(("at least one of filename or content must be provided".into(), false));
    }
    let kind = said("mime_type")
        .or_else(|| guess_mime_type(filename.as_deref().unwrap_or("")))
        .unwrap_or_else(|| "application/octet-stream".into());
    let kind = if kind.contains('/') { kind } else { format!("{kind}/") };
    let shown = disposition(name, filename.as_deref().map(basename));
    match (content, filename) {
        (Some(content), _) => Ok((format!("Content-Type: {kind}\r\n{shown}"), lines(content.as_bytes()))),
        (None, filename) => {
            let (encoding, bytes) = file(&filename.unwrap_or_default(), field)?;
            Ok((format!("Content-Transfer-Encoding: {encoding}\r\nContent-Type: {kind}\r\n{shown}"), bytes))
        }
    }
}

/// A file's content as it is sent, and the name of that encoding.
fn file(path: &str, field: &Dict) -> Result<(&'static str, Vec<u8>), Wrong> {
    let wanted = field.get("multipart_encoding").filter(|value| value.truthy()).map(Value::to_text);
    let wanted = wanted.unwrap_or_else(|| "base64".into());
    if !matches!(wanted.as_str(), "base64" | "7or8bit") {
        return Err(("multipart_encoding must be one of dict_keys(['base64', '7or8bit']).".into(), false));
    }
    let bytes = std::fs::read(path).map_err(|error| (crate::host::errors::os_error_bytes(&error, path), true))?;
    if wanted == "7or8bit" {
        return Ok((if bytes.is_ascii() { "7bit" } else { "8bit" }, lines(&bytes)));
    }
    let text = STANDARD.encode(bytes);
    let mut out = Vec::with_capacity(text.len() + text.len() / 38 + 2);
    for line in text.as_bytes().chunks(76) {
        out.extend(line);
        out.extend(b"\r\n");
    }
    Ok(("base64", out))
}

/// Content whose lines end as a mail's do.
fn lines(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'\r' => {
                rest.next_if_eq(&b'\n');
                out.extend(b"\r\n");
            }
            b'\n' => out.extend(b"\r\n"),
            byte => out.push(byte),
        }
    }
    out
}

fn disposition(name: &str, filename: Option<&str>) -> String {
    let parameter = |key: &str, value: &str| {
        if value.is_ascii() {
            format!("; {key}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            format!("; {key}*=utf-8''{}", quote(value, ""))
        }
    };
    let file = filename.map(|filename| parameter("filename", filename)).unwrap_or_default();
    format!("Content-Disposition: form-data{}{file}\r\n", parameter("name", name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse_json;

    #[test]
    fn forms() {
        for (json, wanted) in [
            (r#"{"a": "b c", "d": ["1", null, 2], "é": true}"#, "a=b+c&d=1&d=2&%C3%A9=True"),
            (r#"[["a", "&"], ["a", "="]]"#, "a=%26&a=%3D"),
            (r#""a=b""#, "a=b"),
            ("null", "None"),
        ] {
            let value = encoded(&parse_json(json).expect("json")).expect("encodes");
            assert_eq!(value.to_text(), wanted, "{json}");
        }
        let wrong = encoded(&parse_json(r#"[["a"]]"#).expect("json")).expect_err("too few");
        assert_eq!(wrong, ("not enough values to unpack (expected 2, got 1)".into(), false));
    }

    #[test]
    fn multipart_bodies() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("x.json");
        std::fs::write(&path, "{\"a\":1}\n").expect("write");
        let json = format!(
            r#"{{"t": "val\nue", "f": {{"filename": "{0}"}}, "s": {{"filename": "{0}", "multipart_encoding": "7or8bit"}},
            "c": {{"content": "é", "filename": "fake é.txt", "mime_type": "text/plain"}}}}"#,
            path.display()
        );
        let (kind, bytes) = multipart(&parse_json(&json).expect("json")).expect("packs");
        let boundary = kind.split('"').nth(1).expect("a boundary");
        let wanted = "--B\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name=\"c\"; \
            filename*=utf-8''fake%20%C3%A9.txt\r\n\r\né\r\n--B\r\nContent-Transfer-Encoding: base64\r\nContent-Type: \
            application/json\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.json\"\r\n\r\neyJhIjoxfQo=\r\n\
            \r\n--B\r\nContent-Transfer-Encoding: 7bit\r\nContent-Type: application/json\r\nContent-Disposition: \
            form-data; name=\"s\"; filename=\"x.json\"\r\n\r\n{\"a\":1}\r\n\r\n--B\r\nContent-Type: \
            text/plain\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nval\r\nue\r\n--B--\r\n";
        assert_eq!(String::from_utf8_lossy(&bytes).replace(boundary, "B"), wanted);
        for (json, text) in [
            (r#"{"a": 1}"#, "value must be a string, or mapping, cannot be type int"),
            (r#"{"a": {}}"#, "at least one of filename or content must be provided"),
            ("[1]", "Mapping is required, cannot be type list"),
        ] {
            assert_eq!(multipart(&parse_json(json).expect("json")).expect_err("refused"), (text.into(), false));
        }
    }
}
