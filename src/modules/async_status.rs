//! `async_status`: how far a job in the background is, from the file that it keeps.
//!
//! The file may be that of another Ansible: its results have warnings and errors as tagged objects, which
//! become plain here.

use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::errors;
use crate::proto::Outcome;
use crate::value::{Dict, Value, parse_json};
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "async_status",
    doc: "Obtain status of asynchronous task.",
    spec: &Spec::new(&[
        Arg::new("jid", Kind::Str).required(),
        Arg::new("mode", Kind::Str).default(Default::Str("status")).choices(&["cleanup", "status"]),
        // The controller's half says where jobs are.
        Arg::new("_async_dir", Kind::Path).required(),
    ]),
    check: Support::Full,
    diff: Support::None,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let id = call.args.str("jid").to_owned();
    let path = Path::new(call.args.str("_async_dir")).join(&id);
    let shown = path.to_string_lossy().into_owned();
    let cleanup = call.args.str("mode") == "cleanup";
    let about = |outcome: Outcome| {
        let key = if cleanup { "erased" } else { "results_file" };
        outcome.with("ansible_job_id", id.as_str()).with(key, shown.as_str())
    };
    if !path.exists() {
        return Err(about(Outcome::failed("could not find job")).with("started", true).with("finished", true));
    }
    if cleanup {
        std::fs::remove_file(&path).map_err(|error| Outcome::crashed(errors::os_error(&error, &path)))?;
        return Ok(about(Outcome::changed(false)));
    }
    match std::fs::read(&path).ok().and_then(|bytes| parse_json(&String::from_utf8_lossy(&bytes)).ok()) {
        Some(Value::Dict(state)) => Ok(about(Outcome { result: told(state) }).with(Outcome::CRASHED, true)),
        // Not written yet: it goes on.
        _ => Ok(about(Outcome::changed(false)).with("started", true).with("finished", false)),
    }
}

/// A job's state with what says whether it is over.
fn told(mut state: Dict) -> Dict {
    match (state.contains("started"), state.contains("finished")) {
        (false, _) => {
            state.insert("started", true);
            state.insert("finished", true);
        }
        (true, false) => {
            state.insert("finished", false);
        }
        (true, true) => {}
    }
    state
}

#[cfg(test)]
mod tests {
    use crate::modules::testing::{has, outcome};
    use crate::proto::Outcome;
    use std::path::Path;

    fn look(folder: &Path, mode: &str) -> Outcome {
        outcome("async_status", &format!(r#"{{"jid": "j1", "mode": "{mode}", "_async_dir": "{}"}}"#, folder.display()))
    }

    #[test]
    fn tells_what_the_file_says() {
        let dir = tempfile::tempdir().expect("dir");
        let file = dir.path().join("j1");
        let none = look(dir.path(), "status");
        has(&none, "msg", "'could not find job'");
        has(&none, "finished", "True");
        for (text, finished) in [
            ("", "False"),
            ("{\"star", "False"),
            (r#"{"started": true, "finished": false}"#, "False"),
            (r#"{"started": 1}"#, "False"),
            (r#"{"rc": 0, "changed": true}"#, "True"),
        ] {
            std::fs::write(&file, text).expect("write");
            let told = look(dir.path(), "status");
            has(&told, "finished", finished);
            has(&told, "ansible_job_id", "'j1'");
        }
        has(&look(dir.path(), "status"), "changed", "True");
        has(&look(dir.path(), "cleanup"), "erased", &format!("'{}'", file.display()));
        assert!(!file.exists());
        has(&look(dir.path(), "cleanup"), "msg", "'could not find job'");
    }
}
