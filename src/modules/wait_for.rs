//! `wait_for`: a port or a file comes, goes, or says something; or time passes.

mod drained;

use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::errors;
use crate::proto::Outcome;
use crate::re::{BytesPattern, Flags};
use crate::value::{Dict, Value};
use std::io::{ErrorKind, Read};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "wait_for",
    doc: "Waits for a condition before continuing.",
    spec: &Spec::new(&[
        Arg::new("host", Kind::Str).default(Default::Str("127.0.0.1")),
        Arg::new("timeout", Kind::Int).default(Default::Int(300)),
        Arg::new("connect_timeout", Kind::Int).default(Default::Int(5)),
        Arg::new("delay", Kind::Int).default(Default::Int(0)),
        Arg::new("port", Kind::Int),
        Arg::new("active_connection_states", Kind::List)
            .default(Default::List(&["ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "SYN_RECV", "SYN_SENT", "TIME_WAIT"]))
            .elements(Kind::Str),
        Arg::new("path", Kind::Path),
        Arg::new("search_regex", Kind::Str),
        Arg::new("state", Kind::Str)
            .default(Default::Str("started"))
            .choices(&["absent", "drained", "present", "started", "stopped"]),
        Arg::new("exclude_hosts", Kind::List).elements(Kind::Str),
        Arg::new("sleep", Kind::Int).default(Default::Int(1)),
        Arg::new("msg", Kind::Str),
    ]),
    check: Support::None,
    diff: Support::None,
    run,
};

/// What is waited for, and until when.
struct Wait<'a, 'c> {
    call: &'a Call<'c>,
    host: String,
    port: Option<u16>,
    path: Option<String>,
    pattern: Option<BytesPattern>,
    start: Instant,
    end: Instant,
}

fn seconds(number: i64) -> Duration {
    Duration::from_secs(u64::try_from(number).unwrap_or(0))
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let pattern = match call.args.opt_str("search_regex") {
        Some(text) => Some(
            BytesPattern::new(text, Flags { multiline: true, ..Flags::default() })
                .map_err(|e| Outcome::failed(format!("Invalid regular expression: {e}")))?,
        ),
        None => None,
    };
    refuse(call)?;
    let port = call.args.opt_int("port").filter(|port| *port != 0);
    let port = port.map(|port| u16::try_from(port).map_err(|_| Outcome::crashed("connect(): port must be 0-65535.")));
    let start = Instant::now();
    let wait = Wait {
        call,
        host: call.args.str("host").to_owned(),
        port: port.transpose()?,
        path: call.args.opt_str("path").filter(|path| !path.is_empty()).map(str::to_owned),
        pattern,
        start,
        end: start + seconds(call.args.int("timeout")),
    };
    wait.pause(seconds(call.args.int("delay")))?;
    let state = call.args.str("state");
    let mut groups = (Vec::new(), Dict::new());
    match state {
        _ if wait.port.is_none() && wait.path.is_none() && state != "drained" => {
            wait.pause(seconds(call.args.int("timeout")))?;
        }
        "absent" | "stopped" => wait.until(&mut || Ok(wait.is_gone()), &|| wait.stays())?,
        "drained" => {
            let watch = drained::Watch::of(call)?;
            let told = || format!("Timeout when waiting for {} to drain", wait.place());
            wait.until(&mut || Ok(watch.count() == 0), &told)?;
        }
        _ => wait.until(&mut || wait.has_come(&mut groups), &|| wait.is_missing())?,
    }
    let elapsed = start.elapsed().as_secs();
    let mut outcome = Outcome::default().with("state", state).with("elapsed", elapsed);
    for name in ["port", "search_regex", "path"] {
        outcome.set(name, call.args.value(name).clone());
    }
    Ok(outcome.with("match_groups", groups.0).with("match_groupdict", groups.1))
}

fn refuse(call: &Call<'_>) -> Result<(), Outcome> {
    let state = call.args.str("state");
    let path = call.args.opt_str("path").is_some_and(|path| !path.is_empty());
    let failed = |msg: String| Err(Outcome::failed(msg).with("elapsed", 0));
    if path && call.args.int("port") != 0 {
        return failed("port and path parameter can not both be passed to wait_for".into());
    }
    if path && matches!(state, "stopped" | "drained") {
        return failed(format!("state={state} should only be used for checking a port in the wait_for module"));
    }
    if call.args.has("exclude_hosts") && state != "drained" {
        return failed("exclude_hosts should only be with state=drained".into());
    }
    for name in call.args.opt_list("active_connection_states").unwrap_or_default() {
        if drained::state_id(&name).is_none() {
            return failed(format!("unknown active_connection_state ({name}) defined"));
        }
    }
    Ok(())
}

impl Wait<'_, '_> {
    /// Sleeps, but not beyond the end of the task.
    fn pause(&self, time: Duration) -> Result<(), Outcome> {
        let until = Instant::now() + time;
        loop {
            if self.call.is_cancelled() {
                return Err(Outcome::failed("The task was ended before it had finished."));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
    }

    /// Looks again and again; `told` is the message once the time is over.
    fn until(&self, look: &mut dyn FnMut() -> Result<bool, Outcome>, told: &dyn Fn() -> String) -> Result<(), Outcome> {
        while Instant::now() < self.end {
            if look()? {
                return Ok(());
            }
            self.pause(seconds(self.call.args.int("sleep")))?;
        }
        Err(self.failed(told()))
    }

    fn failed(&self, msg: String) -> Outcome {
        let given = self.call.args.opt_str("msg").filter(|text| !text.is_empty()).map(str::to_owned);
        Outcome::failed(given.unwrap_or(msg)).with("elapsed", self.start.elapsed().as_secs())
    }

    /// `host:port` as messages have it.
    fn place(&self) -> String {
        format!("{}:{}", self.host, self.call.args.value("port").to_text())
    }

    fn stays(&self) -> String {
        match &self.path {
            Some(path) => format!("Timeout when waiting for {path} to be absent."),
            None => format!("Timeout when waiting for {} to stop.", self.place()),
        }
    }

    fn is_missing(&self) -> String {
        let regex = self.call.args.opt_str("search_regex").filter(|text| !text.is_empty());
        match (&self.path, regex) {
            (Some(path), Some(regex)) => format!("Timeout when waiting for search string {regex} in {path}"),
            (Some(path), None) => format!("Timeout when waiting for file {path}"),
            (None, Some(regex)) => format!("Timeout when waiting for search string {regex} in {}", self.place()),
            (None, None) => format!("Timeout when waiting for {}", self.place()),
        }
    }

    fn connect(&self, limit: Duration) -> Option<TcpStream> {
        let addresses = crate::http::resolve(&self.call.env, &self.host);
        let port = self.port.unwrap_or(0);
        // A zero limit is an error to the system.
        let limit = limit.max(Duration::from_millis(1));
        addresses.into_iter().find_map(|ip| TcpStream::connect_timeout(&SocketAddr::new(ip, port), limit).ok())
    }

    fn is_gone(&self) -> bool {
        match &self.path {
            Some(path) => !Path::new(path).exists(),
            None => match self.connect(seconds(self.call.args.int("connect_timeout"))) {
                Some(stream) => stream.shutdown(Shutdown::Both).is_err(),
                None => true,
            },
        }
    }

    fn has_come(&self, groups: &mut (Vec<Value>, Dict)) -> Result<bool, Outcome> {
        let Some(path) = &self.path else { return self.port_answers() };
        if let Err(error) = std::fs::metadata(path) {
            if error.kind() == ErrorKind::NotFound {
                return Ok(false);
            }
            return Err(self.failed(format!("Failed to stat {path}, {}", errors::words(&error))));
        }
        let Some(pattern) = &self.pattern else { return Ok(true) };
        let Ok(bytes) = std::fs::read(path) else { return Ok(false) };
        let Some(found) = pattern.search(&bytes).map_err(Outcome::crashed)? else { return Ok(false) };
        let text = |bytes: &Vec<u8>| Value::from(String::from_utf8_lossy(bytes).into_owned());
        groups.0 = pattern.groups(&found).iter().map(|group| group.as_ref().map_or(Value::Null, text)).collect();
        for (name, number) in pattern.names() {
            groups.1.insert(name.as_str(), groups.0.get(number.saturating_sub(1)).cloned().unwrap_or_default());
        }
        Ok(true)
    }

    /// Whether the port takes a connection, and says what is waited for.
    fn port_answers(&self) -> Result<bool, Outcome> {
        let left = self.end.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
        let limit = seconds(self.call.args.int("connect_timeout")).min(Duration::from_secs_f64(left));
        let Some(mut stream) = self.connect(limit) else { return Ok(false) };
        let Some(pattern) = &self.pattern else { return Ok(true) };
        // Short enough to see that the task is to end.
        let set = stream.set_read_timeout(Some(Duration::from_millis(200)));
        set.map_err(|error| Outcome::crashed(errors::plain(&error)))?;
        let (mut data, mut buffer) = (Vec::new(), [0; 1024]);
        while Instant::now() < self.end && !self.call.is_cancelled() {
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(count) => data.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) =>
                {
                    continue;
                }
                Err(error) => return Err(Outcome::crashed(errors::plain(&error))),
            }
            if pattern.is_match(&data).map_err(Outcome::crashed)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::testing::{checked, has, outcome};

    #[test]
    fn files() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("f");
        std::fs::write(&path, "one 12\n").expect("write");
        let at = path.display();
        has(&outcome("wait_for", &format!(r#"{{"path": "{at}"}}"#)), "state", "'file'");
        let out = outcome("wait_for", &format!(r#"{{"path": "{at}", "search_regex": "^(\\w+) (?P<n>\\d+)"}}"#));
        has(&out, "match_groups", "['one', '12']");
        has(&out, "match_groupdict", "{'n': '12'}");
        let out = outcome("wait_for", &format!(r#"{{"path": "{at}", "state": "absent", "timeout": 1}}"#));
        has(&out, "msg", &format!("'Timeout when waiting for {at} to be absent.'"));
        has(&out, "elapsed", "1");
        has(&checked("wait_for", "{}"), "skipped", "True");
    }

    #[test]
    fn ports() {
        let server = std::net::TcpListener::bind("127.0.0.1:0").expect("listens");
        let port = server.local_addr().expect("address").port();
        has(&outcome("wait_for", &format!(r#"{{"port": {port}, "timeout": 2}}"#)), "failed", "(absent)");
        has(
            &outcome(
                "wait_for",
                &format!(r#"{{"port": {port}, "timeout": 1, "host": "127.0.0.1", "state": "stopped"}}"#),
            ),
            "msg",
            &format!("'Timeout when waiting for 127.0.0.1:{port} to stop.'"),
        );
        drop(server);
        has(&outcome("wait_for", &format!(r#"{{"port": {port}, "state": "stopped"}}"#)), "state", "'stopped'");
        has(
            &outcome("wait_for", r#"{"port": 1, "path": "/x"}"#),
            "msg",
            "'port and path parameter can not both be passed to wait_for'",
        );
        has(&outcome("wait_for", r#"{"port": 1, "state": "drained"}"#), "state", "'drained'");
    }
}
