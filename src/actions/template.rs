//! `template`: a file of the controller's, rendered, onto the host.

use super::copy::{self, Content};
use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::{Error, Origin, Remarks, Result};
use crate::proto::Outcome;
use crate::template::{Overrides, Scope, Var, World};
use crate::value::{Dict, Value};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

/// `ansible.builtin.template`.
pub static ACTION: ActionDef = ActionDef {
    name: "template",
    fqcn: "ansible.builtin.template",
    doc: "Templates a file out to a target host.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

/// Arguments about rendering alone.
const OWN: [&str; 10] = [
    "block_end_string",
    "block_start_string",
    "comment_end_string",
    "comment_start_string",
    "lstrip_blocks",
    "newline_sequence",
    "output_encoding",
    "trim_blocks",
    "variable_end_string",
    "variable_start_string",
];

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { template(call).await.map(Into::into) })
}

async fn template(call: &ActionCall<'_>) -> Result<Outcome> {
    if call.args.get("state").is_some() {
        return Err(Error::action("'state' cannot be specified on a template"));
    }
    let (Some(source), Some(dest)) = (call.text("src"), call.text("dest")) else {
        return Err(Error::action("src and dest are required"));
    };
    let overrides = overrides(call)?;
    let found = call.find_file("templates", &source).map_err(Error::apart)?;
    let content = rendered(call, &found, &source, &dest, &overrides)?;
    let mut args = copy::remote_args(call);
    for name in OWN {
        args.remove(name);
    }
    if args.get("mode").and_then(Value::as_str) == Some("preserve") {
        let mode = std::fs::metadata(&found).map(|meta| meta.permissions().mode() & 0o7777);
        let mode = mode.map_err(|error| Error::action(format!("{}: {error}", found.display())))?;
        args.insert("mode", format!("0{mode:03o}"));
    }
    args.insert("follow", call.flag("follow", false));
    let name = found.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let label = Value::str(call.temporary_name(&format!("/{name}")));
    let mut outcome = copy::put(call, args, &dest, &name, label, Content::Bytes(content)).await?;
    if outcome.result.remove("_ansible_kept").is_some() {
        return Ok(Outcome::changed(false).with("dest", dest).with("src", found.to_string_lossy().as_ref()));
    }
    Ok(outcome)
}

fn overrides(call: &ActionCall<'_>) -> Result<Overrides> {
    let mut overrides = Overrides::default();
    let set = |target: &mut String, name: &str| {
        if let Some(text) = call.text(name) {
            *target = text;
        }
    };
    set(&mut overrides.variable_start_string, "variable_start_string");
    set(&mut overrides.variable_end_string, "variable_end_string");
    set(&mut overrides.block_start_string, "block_start_string");
    set(&mut overrides.block_end_string, "block_end_string");
    set(&mut overrides.comment_start_string, "comment_start_string");
    set(&mut overrides.comment_end_string, "comment_end_string");
    overrides.trim_blocks = call.flag("trim_blocks", true);
    overrides.lstrip_blocks = call.flag("lstrip_blocks", false);
    if let Some(sequence) = call.text("newline_sequence") {
        overrides.newline_sequence = match sequence.as_str() {
            "\n" | "\\n" => "\n".into(),
            "\r" | "\\r" => "\r".into(),
            "\r\n" | "\\r\\n" => "\r\n".into(),
            _ => return Err(Error::action("newline_sequence needs to be one of: \n, \r or \r\n")),
        };
    }
    Ok(overrides)
}

fn rendered(call: &ActionCall<'_>, found: &Path, source: &str, dest: &str, overrides: &Overrides) -> Result<Vec<u8>> {
    let unreadable = |error: std::io::Error| Error::action(format!("could not read {}: {error}", found.display()));
    let bytes = std::fs::read(found).map_err(unreadable)?;
    let bytes = if bytes.starts_with(b"$ANSIBLE_VAULT") { call.scope.world().vault.decrypt(&bytes)? } else { bytes };
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::action(format!("Template source files must be utf-8 encoded: {}", found.display())))?;
    let scope = FileScope::new(call.scope, found, source, dest);
    let origin = Origin::file(found.to_string_lossy());
    let value = call.templar.render_file(&text, Some(&origin), overrides, &scope)?;
    let text = if value.is_null() { String::new() } else { value.to_text() };
    let encoding = call.text("output_encoding").filter(|name| !name.is_empty());
    crate::template::encode(&text, encoding.as_deref().unwrap_or("utf-8")).map_err(Error::action)
}

/// The host's variables with those about the template itself above them.
struct FileScope<'a> {
    scope: &'a (dyn Scope + Sync),
    vars: Dict,
    paths: Vec<String>,
}

impl<'a> FileScope<'a> {
    fn new(scope: &'a (dyn Scope + Sync), found: &Path, source: &str, dest: &str) -> Self {
        let meta = std::fs::metadata(found).ok();
        let owner = meta.as_ref().map_or(0, MetadataExt::uid);
        let uid = crate::host::accounts::user_by_id(owner).map_or_else(|| owner.to_string(), |user| user.name);
        let seconds = meta.as_ref().map_or(0, MetadataExt::mtime);
        let changed = chrono::DateTime::from_timestamp(seconds, 0).map(|t| t.with_timezone(&chrono::Local));
        let time = |t: chrono::DateTime<chrono::Local>| t.format("%Y-%m-%d %H:%M:%S").to_string();
        let full = found.to_string_lossy();
        let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let mut vars = Dict::from([
            ("template_host", Value::str(node)),
            ("template_path", Value::str(source)),
            ("template_mtime", changed.map(time).into()),
            ("template_uid", Value::str(uid)),
            ("template_run_date", Value::str(time(chrono::Local::now()))),
            ("template_destpath", Value::str(dest)),
            ("template_fullpath", Value::str(full.as_ref())),
        ]);
        if !matches!(scope.get("ansible_managed"), Ok(Some(_))) {
            vars.insert("ansible_managed", "Ansible managed");
        }
        let own = found.parent().map(|folder| folder.to_string_lossy().into_owned());
        let mut paths = Vec::new();
        for path in scope.search_paths().into_iter().chain(own) {
            paths.push(format!("{path}/templates"));
            paths.push(path);
        }
        Self { scope, vars, paths }
    }
}

impl Scope for FileScope<'_> {
    fn get(&self, name: &str) -> Result<Option<Var>> {
        match self.vars.get(name) {
            Some(value) => Ok(Some(Var::Value(value.clone()))),
            None => self.scope.get(name),
        }
    }

    fn names(&self) -> Vec<Arc<str>> {
        let mut names = self.scope.names();
        names.extend(self.vars.keys().filter_map(|k| k.as_str().map(Arc::from)));
        names
    }

    fn search_paths(&self) -> Vec<String> {
        self.paths.clone()
    }

    fn action(&self) -> Option<String> {
        self.scope.action()
    }

    fn hosts(&self, patterns: &[String]) -> Result<(Vec<Arc<str>>, Vec<String>)> {
        self.scope.hosts(patterns)
    }

    fn remarks(&self) -> Option<&Remarks> {
        self.scope.remarks()
    }

    fn world(&self) -> &World {
        self.scope.world()
    }
}
