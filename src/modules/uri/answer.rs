//! The answer as a result, and as a file where `dest` asks for one.

use super::about;
use crate::argspec::Secrets;
use crate::host::digest;
use crate::http::{Info, Request, Response, incomplete, param, url};
use crate::modules::attributes::FileArgs;
use crate::modules::encoding::Encoding;
use crate::modules::{Call, web};
use crate::proto::Outcome;
use crate::value::{Dict, Value, parse_json};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// The type of an answer's content.
struct Kind {
    sub: String,
    charset: String,
}

impl Kind {
    /// By the header, or as Python's `email` takes one that is missing or odd.
    fn of(info: &Info, answered: bool) -> Self {
        let header = info.header("content-type").filter(|_| answered);
        let kind = header.map(|value| value.split(';').next().unwrap_or("").trim().to_lowercase());
        let kind = kind.filter(|kind| kind.matches('/').count() == 1).unwrap_or_else(|| "text/plain".into());
        let sub = kind.split(',').next().and_then(|kind| kind.split_once('/')).map_or("", |(_, sub)| sub);
        let charset = header.and_then(|value| param(value, "charset")).filter(|name| !name.is_empty());
        let charset = charset.unwrap_or_else(|| "utf-8".into()).split(',').next().unwrap_or("").to_owned();
        Self { sub: if answered { sub.to_owned() } else { "octet-stream".into() }, charset }
    }

    fn may_be_json(&self) -> bool {
        let sub = self.sub.split_once('+').map_or(self.sub.as_str(), |(_, suffix)| suffix);
        matches!(sub.to_lowercase().as_str(), "json" | "javascript")
    }

    fn text(&self, bytes: &[u8]) -> Result<String, Outcome> {
        match Encoding::of(&self.charset).map_err(Outcome::crashed)? {
            Encoding::Utf8 => Ok(String::from_utf8_lossy(bytes).into_owned()),
            encoding => encoding.decode(bytes).map(|(text, _)| text).map_err(Outcome::crashed),
        }
    }
}

/// Makes the request, where there is one to be made, and tells what came of it.
pub(super) fn told(call: &Call<'_>, request: Result<Request, String>, start: Instant) -> Result<Outcome, Outcome> {
    let asked = call.args.str("url");
    let (mut info, mut response) = match request {
        Ok(request) => web::fetched(call, &request)?,
        Err(text) => {
            let msg = format!("An unknown error occurred: {text}");
            (Info { url: url::mask(asked), status: Some(-1), msg, ..Info::default() }, None)
        }
    };
    let elapsed = start.elapsed().as_secs();
    let Some(status) = info.status else {
        let text = "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'";
        return Err(Outcome::crashed(text));
    };
    let answered = response.is_some() || info.body.is_some();
    let wanted: Vec<i64> =
        call.args.value("status_code").as_list().unwrap_or_default().iter().filter_map(Value::as_int).collect();
    let good = wanted.contains(&status);
    let kind = Kind::of(&info, answered);
    let returned = call.args.bool("return_content");
    let mut content = None;
    if kind.may_be_json() || returned || !good {
        content = Some(match &mut response {
            Some(response) => whole(response, asked)?,
            None => info.body.take().unwrap_or_default(),
        });
    }
    let mut result = shown(&info, asked, status, elapsed);
    if let Some(dest) = call.args.opt_str("dest").filter(|_| answered) {
        let dest = place(dest, &info, response.as_ref());
        if good && status != 304 {
            let body = content.as_deref();
            write(call, &dest, body, response.as_mut()).map_err(|text| refused(&result, &text))?;
            // The real one calls every answer that it has written a change.
            result.insert("changed", FileArgs::of(call, &dest).apply(call, true, None)?);
        }
        result.insert("path", dest);
    }
    finished(call, renamed(result, asked), content, &kind, &wanted, good)
}

/// The whole body in memory, as the result has it.
fn whole(response: &mut Response<'_>, asked: &str) -> Result<Vec<u8>, Outcome> {
    response.body.read_all().map_err(|error| match incomplete(&error) {
        Some(short) => Outcome::failed(format!("HTTP Error while fetching {}: {short}", url::mask(asked))),
        None => Outcome::crashed(crate::host::errors::plain(&error)),
    })
}

/// What was told about the request, by the names that results have.
fn shown(info: &Info, asked: &str, status: i64, elapsed: u64) -> Dict {
    let masked = url::mask(asked);
    let mut all = Dict::from([("redirected", Value::from(info.url != masked)), ("url", info.url.as_str().into())]);
    all.insert("status", status);
    // A server has no say in what only rplay's halves tell each other.
    for (name, value) in info.headers.iter().filter(|(name, _)| !name.starts_with("_ansible")) {
        all.insert(name.as_str(), value.as_str());
    }
    if let Some(cookies) = &info.cookies {
        let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        all.insert("cookies_string", pairs.join("; "));
        let named = cookies.iter().map(|(name, value)| (Value::from(name.as_str()), Value::from(value.as_str())));
        all.insert("cookies", named.collect::<Dict>());
    }
    all.insert("msg", info.msg.as_str());
    // The URL and status are ours, whatever headers the server sends.
    all.insert("url", info.url.as_str());
    all.insert("status", status);
    if let Some(body) = &info.body {
        all.insert("body", String::from_utf8_lossy(body).into_owned());
    }
    all.insert("elapsed", elapsed);
    all.insert("changed", false);
    all
}

/// The same by names that are good for variables, and with the whole URL that was pointed to.
fn renamed(result: Dict, asked: &str) -> Dict {
    let named =
        |(name, value): (&Value, &Value)| (Value::from(name.to_text().replace('-', "_").to_lowercase()), value.clone());
    let mut all: Dict = result.iter().map(named).collect();
    if let Some(location) = all.get("location").and_then(Value::as_str) {
        let location = url::join(&url::mask(asked), location);
        all.insert("location", location);
    }
    all
}

/// The failure of writing the content; names are as the server sent them, as with the real one.
fn refused(result: &Dict, text: &str) -> Outcome {
    let mut result = result.clone();
    let before = result.remove("msg").map(|msg| msg.to_text()).filter(|msg| !msg.is_empty());
    let msg = before.map_or_else(|| text.to_owned(), |before| format!("{text} {before}"));
    let mut outcome = Outcome { result };
    outcome.result.update(&Outcome::failed(msg).result);
    outcome
}

/// The file's path; within a folder by the name that the server gives, else by the URL's.
fn place(dest: &str, info: &Info, response: Option<&Response<'_>>) -> String {
    if !Path::new(dest).is_dir() {
        return dest.to_owned();
    }
    let given = info.header("content-disposition").and_then(|value| param(value, "filename"));
    let name = match given.filter(|name| !name.is_empty()) {
        Some(name) => url::basename(&name).to_owned(),
        None => {
            let answered = response.map_or(info.url.as_str(), |response| &response.url);
            let path = url::Url::parse(answered).map(|url| url.path).unwrap_or_default();
            url::unquote(url::basename(path.trim_end_matches('/')))
        }
    };
    let name = if name.is_empty() { "index.html".to_owned() } else { name };
    format!("{}/{name}", dest.strip_suffix('/').unwrap_or(dest))
}

/// Writes the content to a temporary file, and that to its place where they differ. The error is a sentence.
fn write(
    call: &Call<'_>,
    dest: &str,
    content: Option<&[u8]>,
    response: Option<&mut Response<'_>>,
) -> Result<(), String> {
    let failed = |text: String| format!("Failed to create temporary content file: {text}");
    let folder = web::temp_folder(call);
    let (mut file, temp) = web::temp_file(&folder, "tmp", "").map_err(|error| failed(about(&error, &folder)))?;
    match (content, response) {
        (Some(bytes), _) => file.write_all(bytes).map_err(|error| failed(crate::host::errors::plain(&error)))?,
        (None, Some(response)) => drop(response.save(&mut file).map_err(|error| failed(error.text))?),
        // An answer that is an error but was asked for: its body has been told already.
        (None, None) => {}
    }
    drop(file);
    let sum = |path: &Path| digest::sha1_file(path).ok();
    if sum(&temp.0) == sum(Path::new(dest)) {
        return Ok(());
    }
    temp.move_to(call, dest).map_err(|why| format!("failed to copy {} to {dest}: {}.", temp.shown(), why.what))
}

/// Adds the content and what it means, and says whether the status is one of those wanted.
fn finished(
    call: &Call<'_>,
    mut result: Dict,
    content: Option<Vec<u8>>,
    kind: &Kind,
    wanted: &[i64],
    good: bool,
) -> Result<Outcome, Outcome> {
    let text = content.map(|bytes| kind.text(&bytes)).transpose()?;
    if let Some(json) = text.as_ref().filter(|_| kind.may_be_json()).and_then(|text| parse_json(text).ok()) {
        result.insert("json", json);
    }
    // Values are masked in every result; a service may use a password as a name too.
    let mut secrets = Secrets::default();
    secrets.add(call.args.value("url_password"));
    if !secrets.is_empty() {
        result = without_secret_names(&result, &secrets);
    }
    if call.args.bool("return_content") {
        result.insert("content", web::or_null(text));
    }
    if good {
        return Ok(Outcome { result });
    }
    let status = result.get("status").map(Value::to_text).unwrap_or_default();
    let before = result.get("msg").map(Value::to_text).unwrap_or_default();
    let wanted = Value::list(wanted.iter().map(|code| Value::from(*code))).to_text();
    let failed = Outcome::failed(format!("Status code was {status} and not {wanted}: {before}"));
    let changed = result.get("changed").cloned().unwrap_or_default();
    result.update(&failed.result);
    result.insert("changed", changed);
    Err(Outcome { result })
}

/// Names that stay as they are, whatever the password is.
const KEPT: [&str; 14] = [
    "msg",
    "exception",
    "warnings",
    "deprecations",
    "failed",
    "skipped",
    "changed",
    "rc",
    "stdout",
    "stderr",
    "elapsed",
    "path",
    "location",
    "content_type",
];

/// The same with a secret's place in names masked, as `sanitize_keys` does it.
fn without_secret_names(dict: &Dict, secrets: &Secrets) -> Dict {
    fn below(value: &Value, secrets: &Secrets) -> Value {
        match value {
            Value::Dict(dict) => without_secret_names(dict, secrets).into(),
            Value::List(items) => Value::list(items.iter().map(|item| below(item, secrets))),
            other => other.clone(),
        }
    }
    let masked = |(name, value): (&Value, &Value)| {
        let kept = name.as_str().is_some_and(|name| KEPT.contains(&name));
        (if kept { name.clone() } else { secrets.mask(name) }, below(value, secrets))
    };
    dict.iter().map(masked).collect()
}
