//! `python`: the interpreter that the inventory names, or that Ansible would choose, asked for its version; nothing where there is none.

use super::Host;
use crate::value::{Dict, Value};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The interpreters in the order in which Ansible looks for one.
const NAMES: &[&str] =
    &["python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8", "/usr/bin/python3", "python3"];

/// Prints a line each; imports nothing but what every interpreter has loaded, since that takes most of the time.
const SCRIPT: &str = "import sys
s = any(f.find_spec('_ssl') for f in sys.meta_path)
print(*sys.version_info, sys.implementation.name, s, sys.executable, sep='\\n')";

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    match found(host) {
        Some(python) => Dict::from([("python", python.clone())]),
        None => Dict::new(),
    }
}

/// The interpreter's answer, asked for once.
fn found<'a>(host: &'a Host<'_>) -> Option<&'a Dict> {
    host.python.get_or_init(|| ask_first(host)).as_ref()
}

/// Asks the first interpreter that answers; those that are scripts (version switchers, slow) come last.
fn ask_first(host: &Host<'_>) -> Option<Dict> {
    let ask = |path: &str| parse(&host.output(path, &["-I", "-S", "-c", SCRIPT])?);
    if let Some(answer) = host.interpreter.and_then(ask) {
        return Some(answer);
    }
    let paths = NAMES.iter().filter_map(|name| host.env.find_program(name));
    let (scripts, programs): (Vec<_>, Vec<_>) = paths.partition(|path| is_script(path));
    programs.iter().chain(&scripts).find_map(|path| ask(path.to_str()?))
}

fn parse(out: &str) -> Option<Dict> {
    let mut lines = out.lines();
    let mut number = || lines.next()?.parse::<i64>().ok();
    let (major, minor, micro) = (number()?, number()?, number()?);
    let level = lines.next()?;
    let serial = lines.next()?.parse::<i64>().ok()?;
    let version = Dict::from([
        ("major", Value::from(major)),
        ("minor", minor.into()),
        ("micro", micro.into()),
        ("releaselevel", level.into()),
        ("serial", serial.into()),
    ]);
    Some(Dict::from([
        ("version_info", Value::list(version.values().cloned())),
        ("version", version.into()),
        ("type", lines.next()?.into()),
        ("has_sslcontext", (lines.next()? == "True").into()),
        ("executable", lines.next()?.into()),
    ]))
}

fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"#!"
}

/// The version: `3.11.2`.
pub fn version(host: &Host<'_>) -> Option<String> {
    let version = found(host)?.get("version")?;
    let part = |name: &str| version.get(name).map(Value::to_text);
    Some(format!("{}.{}.{}", part("major")?, part("minor")?, part("micro")?))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::value::repr;

    #[test]
    fn answers() {
        let got = parse("3\n11\n2\nfinal\n0\ncpython\nTrue\n/usr/bin/python3\n").unwrap();
        assert_eq!(repr(got.get("version_info").unwrap()), "[3, 11, 2, 'final', 0]");
        assert_eq!(repr(got.get("has_sslcontext").unwrap()), "True");
        assert!(parse("Python 2\n").is_none());
    }
}
