//! `uri`: talks to a web service; headers, cookies, JSON and content of its answer are the result.
//!
//! One thing differs from the real module, which puts what came of a body that was cut off in the place of `dest` and
//! calls it a change: here that fails, and the old file stays.

mod answer;
mod form;

use super::web;
use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::errors;
use crate::http::{Content, Request};
use crate::proto::Outcome;
use crate::value::{Dict, JsonStyle, Value, write_json};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "uri",
    doc: "Interacts with webservices.",
    spec: &Spec {
        file_common: true,
        mutually_exclusive: &[&["body", "src"]],
        ..Spec::new(&[
            Arg::new("url", Kind::Str).required(),
            Arg::new("force", Kind::Bool).default(Default::Bool(false)),
            Arg::new("http_agent", Kind::Str).default(Default::Str("ansible-httpget")),
            Arg::new("use_proxy", Kind::Bool).default(Default::Bool(true)),
            Arg::new("validate_certs", Kind::Bool).default(Default::Bool(true)),
            Arg::new("url_username", Kind::Str).aliases(&["user"]),
            Arg::new("url_password", Kind::Str).aliases(&["password"]).no_log(),
            Arg::new("force_basic_auth", Kind::Bool).default(Default::Bool(false)),
            Arg::new("client_cert", Kind::Path),
            Arg::new("client_key", Kind::Path),
            Arg::new("use_gssapi", Kind::Bool).default(Default::Bool(false)),
            Arg::new("follow_redirects", Kind::Str)
                .default(Default::Str("safe"))
                .choices(&["all", "no", "none", "safe", "urllib2", "yes"]),
            Arg::new("dest", Kind::Path),
            Arg::new("body", Kind::Raw),
            Arg::new("body_format", Kind::Str).default(Default::Str("raw")).choices(&[
                "form-urlencoded",
                "json",
                "raw",
                "form-multipart",
            ]),
            Arg::new("src", Kind::Path),
            Arg::new("method", Kind::Str).default(Default::Str("GET")),
            Arg::new("return_content", Kind::Bool).default(Default::Bool(false)),
            Arg::new("creates", Kind::Path),
            Arg::new("removes", Kind::Path),
            Arg::new("status_code", Kind::List).default(Default::Ints(&[200])).elements(Kind::Int),
            Arg::new("timeout", Kind::Int).default(Default::Int(30)),
            Arg::new("headers", Kind::Dict).default(Default::EmptyDict),
            Arg::new("unix_socket", Kind::Path),
            Arg::new("remote_src", Kind::Bool).default(Default::Bool(false)),
            Arg::new("ca_path", Kind::Path),
            Arg::new("unredirected_headers", Kind::List).default(Default::List(&[])).elements(Kind::Str),
            Arg::new("decompress", Kind::Bool).default(Default::Bool(true)),
            Arg::new("ciphers", Kind::List).elements(Kind::Str),
            Arg::new("use_netrc", Kind::Bool).default(Default::Bool(true)),
        ])
    },
    check: Support::None,
    diff: Support::None,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let method = call.args.str("method").to_uppercase();
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let text = "Parameter 'method' needs to be a single word in uppercase, like GET or POST.";
        return Err(Outcome::failed(text));
    }
    let body = body(call)?;
    for (name, unwanted, words) in [("creates", true, "exists"), ("removes", false, "does not exist")] {
        if let Some(path) = call.args.opt_str(name)
            && Path::new(path).exists() == unwanted
        {
            let text = format!("skipped, since '{path}' {words}");
            return Ok(Outcome::changed(false).with("stdout", text));
        }
    }
    let call = &*call;
    let request = with_source(call, Request { method, ..web::request(call, call.args.str("url")) })?;
    let start = Instant::now();
    let request = match (request.content.is_some(), content(&body)) {
        (true, _) => Ok(request),
        (false, Ok(content)) => Ok(Request { content, ..request }),
        (false, Err(text)) => Err(text),
    };
    let outcome = answer::told(call, request, start);
    let word = call.args.str("follow_redirects");
    if !matches!(word, "yes" | "no") {
        return outcome;
    }
    let mut old = Dict::from([
        ("msg", "Using 'yes' or 'no' for 'follow_redirects' parameter is deprecated."),
        ("version", "2.22"),
        ("collection_name", "ansible.builtin"),
    ]);
    old.insert("deprecator", Dict::from([("resolved_name", "ansible.builtin.uri"), ("type", "module")]));
    let warned = |outcome: Outcome| outcome.with("deprecations", vec![Value::from(old.clone())]);
    outcome.map(warned).map_err(warned)
}

/// The body as it is sent; sets the header that says what it is, which `invocation` shows too.
fn body(call: &mut Call<'_>) -> Result<Value, Outcome> {
    let body = call.args.value("body").clone();
    let (body, kind, always) = match call.args.str("body_format") {
        "json" if body.as_str().is_some() => (body, "application/json".to_owned(), false),
        "json" => (write_json(&body, JsonStyle::default()).into(), "application/json".to_owned(), false),
        "form-urlencoded" => {
            let body = form::encoded(&body).map_err(|(text, crash)| {
                if crash {
                    Outcome::crashed(text)
                } else {
                    Outcome::failed(format!("failed to parse body as form_urlencoded: {text}")).with("elapsed", 0)
                }
            })?;
            (body, "application/x-www-form-urlencoded".to_owned(), false)
        }
        "form-multipart" => {
            let (kind, body) = form::multipart(&body).map_err(|(text, crash)| {
                if crash {
                    Outcome::crashed(text)
                } else {
                    Outcome::failed(format!("failed to parse body as form-multipart: {text}"))
                }
            })?;
            (Value::Bytes(body.into()), kind, true)
        }
        _ => return Ok(body),
    };
    let mut headers = call.args.opt_dict("headers").cloned().unwrap_or_default();
    let given = headers.keys().any(|name| name.to_text().eq_ignore_ascii_case("content-type"));
    if always || !given {
        headers.insert("Content-Type", kind);
        call.args.set("headers", headers);
    }
    Ok(body)
}

/// The body's bytes. What is none fails where it would be sent, in Python's words.
fn content(body: &Value) -> Result<Option<Content>, String> {
    let first = match body {
        Value::Null => return Ok(None),
        Value::Bytes(bytes) => return Ok(Some(Content::Bytes(bytes.to_vec()))),
        Value::Str(text) => return Ok(Some(Content::Bytes(text.as_str().as_bytes().to_vec()))),
        Value::List(items) => items.first().cloned(),
        Value::Dict(dict) => dict.keys().next().cloned(),
        other => {
            let kind = other.type_name();
            return Err(format!("message_body should be a bytes-like object or an iterable, got <class '{kind}'>"));
        }
    };
    match first {
        None => Ok(Some(Content::Bytes(Vec::new()))),
        Some(Value::Str(_)) => Err("can't concat str to bytes".into()),
        Some(other) => Err(format!("object of type '{}' has no len()", other.type_name())),
    }
}

/// With the file that is sent, and the date of the one that is there.
fn with_source(call: &Call<'_>, mut request: Request) -> Result<Request, Outcome> {
    if let Some(src) = call.args.opt_str("src").filter(|src| !src.is_empty()) {
        let meta = fs::File::open(src).and_then(|file| file.metadata());
        let length =
            meta.map_err(|_| Outcome::failed(format!("Unable to open source file {src}")).with("elapsed", 0))?;
        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        request.headers.push(("Content-Length".into(), length.len().to_string()));
        request.content = Some(Content::File(PathBuf::from(src)));
    }
    if let Some(dest) = call.args.opt_str("dest")
        && let Ok(meta) = fs::metadata(dest)
        && meta.is_file()
    {
        request.modified_since = Some(meta.mtime());
    }
    Ok(request)
}

/// The words of an error of the system about a path.
fn about(error: &std::io::Error, path: impl AsRef<Path>) -> String {
    errors::os_error(error, path)
}
