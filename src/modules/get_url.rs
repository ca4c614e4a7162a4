//! `get_url`: a file from HTTP, HTTPS or this host, put in its place whole.
//!
//! The content goes to a temporary file first, and its checksum is looked at there: what is at `dest` stays as
//! it is until all is well.

mod checksum;

use super::attributes::FileArgs;
use super::web::{self, Temp, or_null};
use super::{Call, ModuleDef, Support, edit};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{digest, errors, replace};
use crate::http::{Info, Request, url};
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use rustix::fs::{Access, access};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "get_url",
    doc: "Downloads files from HTTP, HTTPS, or FTP to node.",
    spec: &Spec {
        file_common: true,
        ..Spec::new(&[
            Arg::new("url", Kind::Str).required(),
            Arg::new("force", Kind::Bool).default(Default::Bool(false)),
            Arg::new("http_agent", Kind::Str).default(Default::Str("ansible-httpget")),
            Arg::new("use_proxy", Kind::Bool).default(Default::Bool(true)),
            Arg::new("validate_certs", Kind::Bool).default(Default::Bool(true)),
            Arg::new("url_username", Kind::Str).aliases(&["username"]),
            Arg::new("url_password", Kind::Str).aliases(&["password"]).no_log(),
            Arg::new("force_basic_auth", Kind::Bool).default(Default::Bool(false)),
            Arg::new("client_cert", Kind::Path),
            Arg::new("client_key", Kind::Path),
            Arg::new("use_gssapi", Kind::Bool).default(Default::Bool(false)),
            Arg::new("dest", Kind::Path).required(),
            Arg::new("backup", Kind::Bool).default(Default::Bool(false)),
            Arg::new("checksum", Kind::Str).default(Default::Str("")),
            Arg::new("timeout", Kind::Int).default(Default::Int(10)),
            Arg::new("headers", Kind::Dict),
            Arg::new("tmp_dest", Kind::Path),
            Arg::new("unredirected_headers", Kind::List).default(Default::List(&[])).elements(Kind::Str),
            Arg::new("decompress", Kind::Bool).default(Default::Bool(true)),
            Arg::new("ciphers", Kind::List).elements(Kind::Str),
            Arg::new("use_netrc", Kind::Bool).default(Default::Bool(true)),
        ])
    },
    check: Support::Partial,
    diff: Support::None,
    run,
};

/// What results say in every case.
struct Told {
    dest: String,
    url: String,
    elapsed: u64,
    changed: bool,
    src: Option<String>,
    sum_src: Option<String>,
    sum_dest: Option<String>,
}

impl Told {
    fn over(&self, mut outcome: Outcome) -> Outcome {
        let mut all = Dict::from([
            ("changed", Value::from(self.changed)),
            ("checksum_dest", or_null(self.sum_dest.clone())),
            ("checksum_src", or_null(self.sum_src.clone())),
            ("dest", self.dest.as_str().into()),
            ("elapsed", self.elapsed.into()),
            ("url", self.url.as_str().into()),
        ]);
        if let Some(src) = &self.src {
            all.insert("src", src.as_str());
        }
        outcome.result.update(&all);
        outcome
    }

    fn failed(&self, msg: impl Into<String>) -> Outcome {
        self.over(Outcome::failed(msg))
    }

    fn done(&self, msg: &str) -> Outcome {
        self.over(Outcome::changed(self.changed).with("msg", msg))
    }
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let call = &*call;
    let url = call.args.str("url");
    let mut told = Told {
        dest: call.args.str("dest").to_owned(),
        url: url::mask(url),
        elapsed: 0,
        changed: false,
        src: None,
        sum_src: None,
        sum_dest: None,
    };
    let folder = Path::new(&told.dest).is_dir();
    let wanted = checksum::Wanted::of(call, &told)?;
    let mut request = web::request(call, url);
    if !folder && let Ok(meta) = fs::metadata(&told.dest) {
        if let Some(wanted) = wanted.as_ref().filter(|_| !request.force) {
            if wanted.sum_of(&told.dest)? == wanted.sum {
                told.changed = FileArgs::of(call, &told.dest).apply(call, false, None)?;
                let but = if told.changed { " but file attributes changed" } else { "" };
                return Ok(told.done(&format!("file already exists{but}")));
            }
            // What is there may be newer than what is wanted.
            request.force = true;
        }
        request.modified_since = Some(meta.mtime());
    }
    if call.check() {
        request.method = "HEAD".into();
    }
    let start = Instant::now();
    let (temp, info) = get(call, &request, &told.dest)?;
    told.elapsed = start.elapsed().as_secs();
    told.src = Some(temp.shown());
    if folder {
        told.dest = within(&told.dest, &info);
    }
    compare(&temp, &mut told)?;
    if call.check() {
        told.changed = told.sum_src != told.sum_dest;
        return Ok(told.done(&info.msg));
    }
    if let Some(wanted) = &wanted {
        let sum = wanted.sum_of(&temp.shown())?;
        if sum != wanted.sum {
            let (temp, wanted) = (temp.shown(), &wanted.sum);
            return Err(told.failed(format!("The checksum for {temp} did not match {wanted}; it was {sum}.")));
        }
    }
    put(call, &temp, told, &info)
}

/// Puts the content in its place, where it differs; then owner, mode and the like.
fn put(call: &Call<'_>, temp: &Temp, mut told: Told, info: &Info) -> Result<Outcome, Outcome> {
    let mut backup = None;
    let dest = Path::new(&told.dest);
    if told.sum_src != told.sum_dest {
        let failed = |why: String| told.failed(format!("failed to copy {} to {}: {why}", temp.shown(), told.dest));
        if call.args.bool("backup") && dest.exists() {
            let made = replace::backup(&call.env, dest).map_err(|error| failed(errors::os_error(&error, dest)))?;
            backup = Some(made.to_string_lossy().into_owned());
        }
        temp.move_to(call, &told.dest).map_err(|why| failed(format!("{}.", why.what)))?;
        told.changed = true;
    }
    told.changed = FileArgs::of(call, &told.dest).apply(call, told.changed, None)?;
    let mut outcome = told.done(&info.msg).with("status_code", info.status.map_or(Value::Null, Value::from));
    outcome.set("md5sum", or_null(digest::of_file(Path::new(&told.dest), "md5").ok().flatten()));
    if let Some(name) = backup {
        outcome.set("backup_file", name);
    }
    Ok(outcome)
}

/// Downloads into a temporary file.
fn get(call: &Call<'_>, request: &Request, dest: &str) -> Result<(Temp, Info), Outcome> {
    let start = Instant::now();
    let (info, response) = web::fetched(call, request)?;
    let elapsed = start.elapsed().as_secs();
    let of_all =
        |outcome: Outcome| outcome.with("url", url::mask(&request.url)).with("dest", dest).with("elapsed", elapsed);
    match info.status {
        Some(304) => {
            return Err(of_all(Outcome::changed(false).with("msg", info.msg.as_str()).with("status_code", 304)));
        }
        Some(-1) => return Err(of_all(Outcome::failed(info.msg))),
        Some(200) => {}
        _ if request.url.starts_with("file:/") => {}
        _ if request.url.starts_with("ftp:/") && info.msg.starts_with("OK") => {}
        status => {
            let status = status.map_or(Value::Null, Value::from);
            let failed = Outcome::failed("Request failed").with("status_code", status);
            return Err(of_all(failed.with("response", info.msg)));
        }
    }
    let failed = |msg: String| Outcome::failed(msg).with("elapsed", elapsed);
    let Some(mut response) = response else { return Err(of_all(Outcome::failed(info.msg))) };
    let folder = temp_folder(call).map_err(failed)?;
    let made = web::temp_file(&folder, "tmp", "").map_err(|e| Outcome::crashed(errors::os_error(&e, &folder)))?;
    let (mut file, temp) = made;
    match response.save(&mut file) {
        Ok(_) => Ok((temp, info)),
        // The real one sees it by comparing sizes.
        Err(error) if error.missing.is_some() && info.header("content-length").is_some() => {
            let (size, missing) = (error.written, error.missing.unwrap_or(0));
            let length = size + missing;
            Err(Outcome::failed(format!(
                "Incomplete read, (rsp.length={missing}, cl={length}, st.st_size={size}) failed to read remaining \
                 {missing} bytes"
            )))
        }
        Err(error) => Err(failed(format!("failed to create temporary content file: {}", error.text))),
    }
}

fn temp_folder(call: &Call<'_>) -> Result<PathBuf, String> {
    let Some(given) = call.args.opt_str("tmp_dest").filter(|path| !path.is_empty()) else {
        return Ok(web::temp_folder(call));
    };
    let path = Path::new(given);
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    Err(if path.exists() {
        format!("{given} is a file but should be a directory.")
    } else {
        format!("{given} directory does not exist.")
    })
}

/// The path within a folder: by the name that the server gives, else by the URL's.
fn within(folder: &str, info: &Info) -> String {
    let given = info.header("content-disposition").and_then(|value| crate::http::param(value, "filename"));
    let given = given.map(|name| url::basename(&name).to_owned()).filter(|name| !name.is_empty());
    let name = given.unwrap_or_else(|| name_of(&info.url));
    format!("{}/{name}", folder.strip_suffix('/').unwrap_or(folder))
}

/// The name that a download of a URL gets.
fn name_of(url: &str) -> String {
    let path = url::Url::parse(url).map(|url| url.path).unwrap_or_default();
    match url::basename(&path) {
        "" => "index.html".to_owned(),
        name => name.to_owned(),
    }
}

/// The sums of both sides, and whether the place can be written to.
fn compare(temp: &Temp, told: &mut Told) -> Result<(), Outcome> {
    told.sum_src = digest::sha1_file(&temp.0).ok();
    let dest = told.dest.clone();
    if Path::new(&dest).exists() {
        for (mode, word) in [(Access::WRITE_OK, "writable"), (Access::READ_OK, "readable")] {
            if access(dest.as_str(), mode).is_err() {
                return Err(told.failed(format!("Destination {dest} is not {word}")));
            }
        }
        if Path::new(&dest).is_dir() {
            return Err(Outcome::failed(format!("attempted to take checksum of directory: {dest}")));
        }
        told.sum_dest = digest::sha1_file(Path::new(&dest)).ok();
        return Ok(());
    }
    let folder = edit::dirname(&dest);
    if !Path::new(folder).exists() {
        return Err(told.failed(format!("Destination {folder} does not exist")));
    }
    if access(folder, Access::WRITE_OK).is_err() {
        return Err(told.failed(format!("Destination {folder} is not writable")));
    }
    Ok(())
}
