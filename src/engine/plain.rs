//! What actions ask of a host where no agent runs: native modules are their Python selves there, files go through
//! a shell, and the steps of `copy` are taken one by one, as ansible-core's own action takes them.

use super::python::NEEDS;
use super::remote::HostRemote;
use crate::connection::Upload;
use crate::diag::{Error, Result};
use crate::modules::deliver::{self, Difference, Shown, is_too_large};
use crate::modules::many::Step;
use crate::proto::{Context, Outcome, Request};
use crate::value::{Dict, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::AsyncRead;

impl HostRemote<'_> {
    /// Runs what was asked of an agent, which is not there because of `why`.
    pub(super) async fn plainly(&self, request: Request, upload: Option<Upload>, why: &str) -> Result<Outcome> {
        match request.module.as_str() {
            deliver::NAME => Delivery::new(self, request, why).run(upload).await,
            // Each delivery looks for itself.
            deliver::DIFFERING => {
                let files = request.args.get("files").and_then(Value::as_list).map_or(0, <[Value]>::len);
                Ok(Outcome::default().with("differing", Value::list((0..files).map(Value::from))))
            }
            "async_status" => self.job_state(request, why).await,
            _ => self.python_self(request, why).await,
        }
    }

    /// A job's state; ansible-core's action says where its file is, not the module.
    async fn job_state(&self, request: Request, why: &str) -> Result<Outcome> {
        let text = |name: &str| request.args.get(name).map(Value::to_text).unwrap_or_default();
        let folder = self.expanded(&text("_async_dir")).await?;
        let key = if text("mode") == "cleanup" { "erased" } else { "results_file" };
        let path = format!("{}/{}", folder.trim_end_matches('/'), text("jid"));
        let mut outcome = self.python_self(request, why).await?;
        outcome.result.set_default(key, path);
        Ok(outcome)
    }

    /// The same for many at once; the first that fails is the last.
    pub(super) async fn plainly_many(&self, steps: Vec<Step>, context: &Context, why: &str) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        for Step { module, args, content } in steps {
            let shown = format!("ansible.legacy.{module}");
            let request = Request { module: module.into(), shown, args, context: context.clone() };
            let outcome = self.plainly(request, content.map(Upload::Bytes), why).await?;
            let failed = outcome.is_failed();
            outcomes.push(outcome);
            if failed {
                break;
            }
        }
        Ok(outcomes)
    }

    /// Runs the Python file that a native module stands for.
    async fn python_self(&self, request: Request, why: &str) -> Result<Outcome> {
        let Request { module, shown, mut args, context } = request;
        // There, `shell` is `command` with a shell.
        let name = if module == "shell" {
            args.insert("_uses_shell", true);
            "command"
        } else {
            module.as_str()
        };
        let catalogue = self.task.shared.loader.catalogue();
        match catalogue.file_of(name) {
            Some(path) => {
                let shown = if shown.is_empty() { format!("ansible.legacy.{name}") } else { shown };
                self.file_module(&shown, &path, args, context).await
            }
            None if catalogue.installed().is_some() => {
                Err(Error::unsupported(format!("{why}, and for {module} there is none here")))
            }
            None => Err(Error::unsupported(format!("{why}, and they need {NEEDS}"))),
        }
    }

    /// A path with `~` or `~user` at its start as the host's shell expands it.
    async fn expanded(&self, path: &str) -> Result<String> {
        let (first, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
        let plain = |c: char| c.is_alphanumeric() || "_.-".contains(c);
        match first.strip_prefix('~') {
            Some(user) if user.chars().all(plain) => {
                let said = match self.connection().script(&format!("echo ~{user}\nexit\n")).await {
                    Ok(said) => said,
                    Err(error) => return self.lost(error).map(|_| path.to_owned()),
                };
                let home = String::from_utf8_lossy(&said.stdout).trim().to_owned();
                Ok(if home.starts_with('/') { format!("{}{rest}", home.trim_end_matches('/')) } else { path.into() })
            }
            _ => Ok(path.to_owned()),
        }
    }
}

/// One file of `copy` or `template`: what `modules::deliver` does on a host with an agent.
struct Delivery<'a> {
    remote: &'a HostRemote<'a>,
    context: Context,
    args: Dict,
    label: Value,
    limit: i64,
    of_content: bool,
    /// Whether `copy` runs even where the content is there.
    always: bool,
    why: &'a str,
}

/// What `stat` says of a destination.
struct Seen {
    there: bool,
    folder: bool,
    checksum: String,
    size: u64,
    /// Where a link leads.
    leads_to: Option<String>,
}

impl<'a> Delivery<'a> {
    fn new(remote: &'a HostRemote<'a>, request: Request, why: &'a str) -> Self {
        let Request { mut args, context, .. } = request;
        let label = args.remove("_label").unwrap_or_default();
        let limit = args.remove("_diff_limit").and_then(|limit| limit.as_int()).unwrap_or(deliver::DIFF_LIMIT);
        let of_content = args.remove("_content").is_some();
        let always = args.remove("_always").is_some();
        Self { remote, context, args, label, limit, of_content, always, why }
    }

    async fn run(mut self, upload: Option<Upload>) -> Result<Outcome> {
        let checksum = self.text("checksum");
        let (follow, force) = (self.flag("follow", false), self.flag("force", true));
        let dest = self.remote.expanded(&self.text("dest")).await?;
        self.args.insert("dest", dest.as_str());
        let name = self.text("_original_basename");
        let within = format!("{}/{name}", dest.trim_end_matches('/'));
        let mut file = if dest.ends_with('/') { within.clone() } else { dest };
        let mut seen = match self.look(&file, follow).await? {
            Ok(seen) => seen,
            Err(failed) => return Ok(failed),
        };
        if seen.folder {
            if self.of_content {
                let failed = Outcome::default().with("failed", true).with("diff", Value::list([]));
                return Ok(failed.with("msg", "can not use content with a dir as dest"));
            }
            file = within;
            seen = match self.look(&file, follow).await? {
                Ok(seen) => seen,
                Err(failed) => return Ok(failed),
            };
        }
        if seen.there && !force {
            return Ok(Outcome::changed(false).with("_ansible_kept", true));
        }
        let same = !self.always && seen.checksum == checksum;
        let mut outcome =
            if same { self.attributes(&file, follow).await? } else { self.content(&file, &seen, upload).await? };
        if outcome.get("diff").is_none() {
            outcome.set("diff", Value::list([]));
        }
        let told = same || !self.context.check;
        if told && outcome.get("checksum").is_none_or(|sum| !sum.truthy()) {
            outcome.set("checksum", checksum);
        }
        Ok(outcome)
    }

    fn text(&self, name: &str) -> String {
        self.args.get(name).map(Value::to_text).unwrap_or_default()
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        self.args.get(name).and_then(crate::argspec::boolean).unwrap_or(default)
    }

    async fn ask(&self, module: &str, args: Dict) -> Result<Outcome> {
        let shown = format!("ansible.legacy.{module}");
        let request = Request { module: module.into(), shown, args, context: self.context.clone() };
        self.remote.python_self(request, self.why).await
    }

    /// What is at a path; the failed result where nobody may look.
    async fn look(&self, path: &str, follow: bool) -> Result<std::result::Result<Seen, Outcome>> {
        let mut args = Dict::from([("path", Value::from(path)), ("follow", follow.into())]);
        for name in ["get_mime", "get_attributes"] {
            args.insert(name, false);
        }
        let outcome = self.ask("stat", args).await?;
        if outcome.is_failed() {
            let why = outcome.get("msg").map(Value::to_text).unwrap_or_default();
            let text = format!("Task failed: Failed to get information on remote file ({path}): {why}");
            return Ok(Err(Outcome::failed(text)));
        }
        let stat = outcome.get("stat").cloned().unwrap_or_default();
        let says = |name: &str| stat.get(name).is_some_and(Value::truthy);
        Ok(Ok(Seen {
            there: says("exists"),
            folder: says("isdir"),
            checksum: stat.get("checksum").map(Value::to_text).unwrap_or_default(),
            size: stat.get("size").and_then(Value::as_int).and_then(|size| size.try_into().ok()).unwrap_or_default(),
            leads_to: stat.get("lnk_source").filter(|_| says("islnk")).map(Value::to_text),
        }))
    }

    /// The content is there already: `file` sets what else is asked for.
    async fn attributes(&self, file: &str, follow: bool) -> Result<Outcome> {
        let given =
            deliver::FILE_ARGS.iter().filter_map(|name| Some((Value::str(*name), self.args.get(name)?.clone())));
        let mut args: Dict = given.collect();
        let linked = if follow { self.look(file, false).await?.ok().and_then(|seen| seen.leads_to) } else { None };
        args.insert("dest", linked.as_deref().unwrap_or(file));
        args.insert("_original_basename", self.text("_original_basename"));
        args.insert("recurse", false);
        args.insert("state", "file");
        let outcome = self.ask("file", args).await?;
        Ok(match outcome.get("path").cloned() {
            Some(path) if outcome.get("dest").is_none() => outcome.with("dest", path),
            _ => outcome,
        })
    }

    /// New content: `copy` puts it in place; check mode only says so.
    async fn content(&self, file: &str, seen: &Seen, upload: Option<Upload>) -> Result<Outcome> {
        let Some(upload) = upload else {
            return Err(Error::action(format!("{file} has changed on the host in the meantime")));
        };
        let diff = if self.context.diff { Some(self.difference(file, seen, &upload).await?) } else { None };
        let outcome = if self.context.check { Outcome::changed(true) } else { self.copy(file, upload).await? };
        Ok(match diff {
            Some(diff) => outcome.with("diff", vec![Value::Dict(diff)]),
            None => outcome,
        })
    }

    async fn copy(&self, file: &str, upload: Upload) -> Result<Outcome> {
        let end = file.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
        let end = end.filter(|(start, _)| !start.is_empty()).map(|(_, end)| format!(".{end}")).unwrap_or_default();
        let name = format!(".source{end}");
        let staged = match upload {
            Upload::Bytes(bytes) => self.put(&name, &mut &bytes[..]).await?,
            Upload::File(path) => {
                let unreadable = |error: std::io::Error| Error::action(format!("{}: {error}", path.display()));
                let mut reader = tokio::fs::File::open(&path).await.map_err(unreadable)?;
                self.put(&name, &mut reader).await?
            }
        };
        let mut args = self.args.clone();
        args.insert("src", staged.as_str());
        let outcome = self.ask("copy", args).await;
        self.remote.connection().unstage(&staged).await;
        outcome
    }

    async fn put(&self, name: &str, reader: &mut (dyn AsyncRead + Unpin + Send)) -> Result<String> {
        let put = self.remote.connection().put(name, false, reader).await;
        put.map_err(|error| self.remote.refused(error))
    }

    async fn difference(&self, file: &str, seen: &Seen, upload: &Upload) -> Result<Dict> {
        let before = match seen {
            Seen { there: false, .. } | Seen { folder: true, .. } => None,
            seen if is_too_large(seen.size, self.limit) => Some(Shown::TooLarge),
            _ => {
                let slurped = self.ask("slurp", Dict::from([("src", file)])).await?;
                let content = slurped.get("content").map(Value::to_text).unwrap_or_default();
                Some(Shown::of(&STANDARD.decode(content).unwrap_or_default(), self.limit))
            }
        };
        let after = match upload {
            Upload::Bytes(bytes) => Shown::of(bytes, self.limit),
            Upload::File(path) => {
                let unreadable = |error: std::io::Error| Error::action(format!("{}: {error}", path.display()));
                if is_too_large(std::fs::metadata(path).map_err(unreadable)?.len(), self.limit) {
                    Shown::TooLarge
                } else {
                    Shown::of(&std::fs::read(path).map_err(unreadable)?, self.limit)
                }
            }
        };
        Ok(Difference { before, after, limit: self.limit }.told(file, &self.label, self.context.no_log))
    }
}
