//! `slurp`: a file's content, in base64.

use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Kind, Spec};
use crate::host::errors;
use crate::proto::Outcome;
use base64::Engine as _;
use std::io::ErrorKind;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "slurp",
    doc: "Slurps a file from remote nodes.",
    spec: &Spec::new(&[Arg::new("src", Kind::Path).required().aliases(&["path"])]),
    check: Support::Full,
    diff: Support::None,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let source = call.args.str("src");
    let data = std::fs::read(source).map_err(|error| {
        let msg = match error.kind() {
            ErrorKind::NotFound => format!("File not found: {source}"),
            ErrorKind::PermissionDenied => format!("File is not readable: {source}"),
            ErrorKind::IsADirectory => format!("Source is a directory and must be a file: {source}"),
            // The braces are the real one's.
            _ => "Unable to slurp file: {source}".to_owned(),
        };
        Outcome::failed(msg).caused_by(errors::os_error(&error, source))
    })?;
    let content = base64::engine::general_purpose::STANDARD.encode(data);
    Ok(Outcome::default().with("content", content).with("source", source).with("encoding", "base64"))
}

#[cfg(test)]
mod tests {
    use crate::modules::testing::{has, outcome};

    #[test]
    fn contents() {
        has(&outcome("slurp", r#"{"src": "/dev/null"}"#), "content", "''");
        has(&outcome("slurp", r#"{"path": "/nope"}"#), "msg", "'File not found: /nope'");
        has(&outcome("slurp", r#"{"src": "/"}"#), "msg", "'Source is a directory and must be a file: /'");
    }
}
