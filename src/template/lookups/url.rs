//! The lookup `url`: the content of URLs, asked for by the controller.

use super::support::{Call, Found, term};
use crate::diag::{Error, Remark};
use crate::host::Env;
use crate::http::{self, Redirects, Request, Response, World, open, url};
use crate::template::filters::support::caused;
use crate::template::raise::Class;
use crate::template::{CallArgs, Cx, Obj, Raise};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Options that variables and settings may set too, with the end of the variable's name.
const SET: [(&str, &str); 10] = [
    ("ca_path", "ca_path"),
    ("ciphers", "ciphers"),
    ("follow_redirects", "follow_redirects"),
    ("force", "force"),
    ("force_basic_auth", "force_basic_auth"),
    ("http_agent", "agent"),
    ("timeout", "timeout"),
    ("unix_socket", "unix_socket"),
    ("unredirected_headers", "unredir_headers"),
    ("use_gssapi", "use_gssapi"),
];

/// The one that is found among these last, since its variable has its own name.
const NETRC: &str = "use_netrc";

pub(super) fn url(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let mut call = Call::new(args);
    for (option, variable) in SET.into_iter().chain([(NETRC, NETRC)]) {
        if call.option(option).is_some() {
            continue;
        }
        let given = cx.variable(&format!("ansible_lookup_url_{variable}"))?;
        let given = given.or_else(|| {
            let name = format!("url.{option}");
            let set = cx.with_world(|world| world.settings.get(&name).cloned());
            set.filter(|(value, _)| !value.is_null()).map(|(value, _)| Obj::from(value))
        });
        if let Some(value) = given {
            call.set(option, value);
        }
    }
    let request = request(cx, &call)?;
    let env = cx.with_world(|world| Env::new(&world.environment).with("HOME", world.home.as_str()));
    let cancelled = AtomicBool::new(false);
    let world = World { env: &env, cancelled: &cancelled };
    let mut out = Vec::new();
    for one in &call.terms {
        let text = term(cx, one)?;
        let request = Request { url: text.clone(), ..request.clone() };
        let mut response = open(&request, world).map_err(|error| raised(error, &text))?;
        let content = content(&mut response)?;
        if call.truth(cx, "split_lines", true)? {
            out.extend(lines(&content).into_iter().map(Obj::from));
        } else {
            out.push(content.into());
        }
    }
    Ok(out)
}

fn request(cx: &mut Cx<'_>, call: &Call) -> Result<Request, Raise> {
    let mut request = Request::new("");
    let optional = |cx: &mut Cx<'_>, name: &str| match call.option(name) {
        None | Some(Obj::None) => Ok(None),
        Some(value) => cx.text(value).map(Some),
    };
    request.user = optional(cx, "username")?;
    request.password = optional(cx, "password")?;
    request.ca_path = optional(cx, "ca_path")?;
    request.unix_socket = optional(cx, "unix_socket")?;
    request.agent = Some(call.text(cx, "http_agent", "ansible-httpget")?);
    let word = call.text(cx, "follow_redirects", "urllib2")?;
    if matches!(word.as_str(), "yes" | "no") {
        let error = Error::user("Using 'yes' or 'no' for 'follow_redirects' parameter is deprecated.");
        cx.remark(Remark::deprecation(error, "2.22").of("lookup", "ansible.builtin.url"));
    }
    request.redirects = Redirects::of(&word);
    request.validate_certs = call.truth(cx, "validate_certs", true)?;
    request.use_proxy = call.truth(cx, "use_proxy", true)?;
    request.use_netrc = call.truth(cx, NETRC, true)?;
    request.use_gssapi = call.truth(cx, "use_gssapi", false)?;
    request.force = call.truth(cx, "force", false)?;
    request.force_basic_auth = call.truth(cx, "force_basic_auth", false)?;
    request.unredirected = call.list(cx, "unredirected_headers")?;
    request.ciphers = call.list(cx, "ciphers")?;
    if let Some(seconds) = optional(cx, "timeout")? {
        let number: f64 = seconds.trim().parse().map_err(|_| {
            let shown = crate::value::str_repr(&seconds);
            Raise::ansible(format!("Invalid value provided for 'float': {shown}"))
        })?;
        request.timeout = Duration::try_from_secs_f64(number.max(0.0)).unwrap_or(Duration::MAX);
    }
    if let Some(headers) = call.option("headers").filter(|value| !matches!(value, Obj::None)).cloned() {
        for (name, value) in cx.items(&headers)? {
            request.headers.push((cx.text(&name)?, cx.text(&value)?));
        }
    }
    Ok(request)
}

/// The error in the words of the real lookup; those that it does not expect are told as they are.
fn raised(error: http::Error, url: &str) -> Raise {
    let url = url::mask(url);
    match error {
        http::Error::Status(_) => caused(error.to_string(), &format!("Received HTTP error for {url}.")),
        http::Error::Url(_) => {
            let below = Error::user(error.to_string()).apart();
            Raise::from(below.context(format!("Failed lookup url for {url}")))
        }
        http::Error::Connection(text) => Raise::python(Class::Os, text),
        http::Error::Lacking(text) => Raise::unsupported(text),
        other => Raise::value_error(other.to_string()),
    }
}

fn content(response: &mut Response<'_>) -> Result<String, Raise> {
    let bytes =
        response.body.read_all().map_err(|error| Raise::python(Class::Os, crate::host::errors::plain(&error)))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The lines of a text, as Python splits bytes.
fn lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.split_terminator('\n').map(str::to_owned).collect()
}
