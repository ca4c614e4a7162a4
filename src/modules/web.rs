//! What modules that speak HTTP share: their common arguments as a request, and downloads into temporary files.

use super::Call;
use super::attributes::FileArgs;
use crate::host::{Replace, Unwritten, replace};
use crate::http::{Fetched, Info, Redirects, Request, Response, World, fetch, url};
use crate::proto::Outcome;
use crate::value::Value;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A temporary file that goes with this, unless it was moved away before.
#[derive(Debug)]
pub struct Temp(pub PathBuf);

impl Drop for Temp {
    fn drop(&mut self) {
        // Mostly it was moved to its place.
        drop(fs::remove_file(&self.0));
    }
}

impl Temp {
    /// The path as results show it.
    pub fn shown(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }

    /// Moves it to its place, which keeps its owner and mode where it existed.
    pub fn move_to(&self, call: &Call<'_>, dest: &str) -> Result<(), Unwritten> {
        let replace = Replace {
            unsafe_writes: call.args.bool("unsafe_writes"),
            mode: FileArgs::of(call, dest).plain_mode(),
            ..Replace::new(Path::new(dest))
        };
        replace.move_of(&self.0)
    }
}

/// Where a request is made from.
pub fn world<'a>(call: &'a Call<'_>) -> World<'a> {
    World { env: &call.env, cancelled: call.cancelled }
}

/// A request with what a module's arguments say, those of `url_argument_spec` and the like.
pub fn request(call: &Call<'_>, url: &str) -> Request {
    let args = &call.args;
    let text = |name: &str| args.opt_str(name).map(str::to_owned);
    let yes = |name: &str, default: bool| args.opt_bool(name).unwrap_or(default);
    let mut request = Request::new(url);
    request.user = text("url_username");
    request.password = text("url_password");
    request.force = args.bool("force");
    request.force_basic_auth = args.bool("force_basic_auth");
    request.use_netrc = yes("use_netrc", true);
    request.use_gssapi = args.bool("use_gssapi");
    request.use_proxy = yes("use_proxy", true);
    request.validate_certs = yes("validate_certs", true);
    request.decompress = yes("decompress", true);
    request.ca_path = text("ca_path");
    request.client_cert = text("client_cert");
    request.client_key = text("client_key");
    request.unix_socket = text("unix_socket");
    request.ciphers = args.opt_list("ciphers").unwrap_or_default();
    request.unredirected = args.opt_list("unredirected_headers").unwrap_or_default();
    if args.has("http_agent") {
        request.agent = text("http_agent");
    }
    if let Some(word) = args.opt_str("follow_redirects") {
        request.redirects = Redirects::of(word);
    }
    if let Some(seconds) = args.opt_int("timeout") {
        request.timeout = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    }
    if let Some(headers) = args.opt_dict("headers") {
        request.headers = headers.iter().map(|(name, value)| (name.to_text(), value.to_text())).collect();
    }
    request
}

/// What [`fetch`] tells, good or bad; where the module must fail at once, that failure.
pub fn fetched<'a>(call: &'a Call<'_>, request: &Request) -> Result<(Info, Option<Response<'a>>), Outcome> {
    match fetch(request, world(call)) {
        Fetched::Good(info, response) => Ok((info, Some(*response))),
        Fetched::Bad(info) => Ok((info, None)),
        Fetched::Failed { msg, told: true } => {
            Err(Outcome::failed(msg).with("url", url::mask(&request.url)).with("status", -1))
        }
        Fetched::Failed { msg, told: false } => Err(Outcome::failed(msg)),
    }
}

/// The folder for a module's temporary files: `remote_tmp`, made where it is missing, else the system's.
pub fn temp_folder(call: &Call<'_>) -> PathBuf {
    let named = call.context.remote_tmp.as_deref().map(|path| PathBuf::from(call.env.expand(path)));
    let made = named.filter(|path| path.is_dir() || DirBuilder::new().recursive(true).mode(0o700).create(path).is_ok());
    made.unwrap_or_else(|| call.env.temp_dir())
}

/// A new temporary file.
pub fn temp_file(folder: &Path, prefix: &str, suffix: &str) -> std::io::Result<(File, Temp)> {
    replace::temp_in(folder, prefix, suffix).map(|(file, path)| (file, Temp(path)))
}

/// Downloads a URL into a temporary file (`fetch_file`): the arguments of the call say how, as far as it has them.
///
/// The file keeps the end of the URL's name, such as `.tar.gz`, and goes when what is returned goes.
pub fn download(call: &Call<'_>, url: &str) -> Result<Temp, Outcome> {
    let failed = |why: &str| Outcome::failed(format!("Failure downloading {}, {why}", url::mask(url)));
    // Its one caller's redirects and timeout are those of `fetch_url`.
    let request = request(call, url);
    let (info, response) = fetched(call, &request)?;
    let Some(mut response) = response else { return Err(failed(&info.msg)) };
    let path = url::Url::parse(url).map(|url| url.path).unwrap_or_default();
    let (stem, end) = split_ends(url::basename(&path));
    let folder = temp_folder(call);
    let made = temp_file(&folder, stem, end).map_err(|error| failed(&crate::host::os_error(&error, &folder)))?;
    let (mut file, temp) = made;
    response.save(&mut file).map_err(|error| failed(&error.text))?;
    Ok(temp)
}

/// A name and its last one or two ends of up to three letters: `a` and `.tar.gz`.
fn split_ends(name: &str) -> (&str, &str) {
    let mut at = name.len();
    for _ in 0..2 {
        let Some(stem) = name.get(..at) else { break };
        match stem.rfind('.') {
            Some(dot) if dot > 0 && (3..=4).contains(&(at - dot)) => at = dot,
            _ => break,
        }
    }
    name.split_at(at)
}

/// Text for a result's value that may be missing.
pub fn or_null(value: Option<String>) -> Value {
    value.map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use super::split_ends;

    #[test]
    fn ends_of_names() {
        for (name, stem, end) in [
            ("a.tar.gz", "a", ".tar.gz"),
            ("a-1.2.3.zip", "a-1.2.3", ".zip"),
            ("a.b.tar", "a.b", ".tar"),
            ("a", "a", ""),
            (".gz", ".gz", ""),
            ("", "", ""),
        ] {
            assert_eq!(split_ends(name), (stem, end), "{name}");
        }
    }
}
