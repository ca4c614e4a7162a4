//! `synchronize`: rsync between the controller, or the host that the task is delegated to, and the host.
//!
//! Works out which side is local, and as whom and through which port the other is reached; rsync itself
//! is run by the module of the same name.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::connection::{Ssh, Transport};
use crate::diag::{Error, Result};
use crate::proto::Request;
use crate::value::{Dict, Value};
use std::path::Path;

/// `ansible.posix.synchronize`.
pub static ACTION: ActionDef = ActionDef {
    name: "synchronize",
    fqcn: "ansible.posix.synchronize",
    doc: "A wrapper around rsync to make common tasks in your playbooks quick and easy.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

const LOCALHOST: [&str; 3] = ["127.0.0.1", "::1", "localhost"];

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move {
        let plan = Plan::new(call)?;
        let args = plan.args(call)?;
        let shown = "ansible.posix.synchronize".to_owned();
        let request = Request { module: "synchronize".into(), shown, args, context: call.context.clone() };
        let outcome =
            if plan.here { call.remote.run_here(request).await? } else { call.remote.run(request, None).await? };
        Ok(outcome.into())
    })
}

/// Where rsync runs, and what the other side is.
struct Plan {
    /// Whether rsync runs on the controller.
    here: bool,
    /// Whether both sides are files of the machine that rsync runs on.
    local: bool,
    /// Whether another host than the controller is the near side.
    delegated: bool,
    /// The far side's address.
    host: String,
    /// The port of the far side, where it is known.
    port: Option<i64>,
    /// Whether that port is the one under which the controller itself would be reached.
    own_port: bool,
    ssh: Option<Ssh>,
}

impl Plan {
    fn new(call: &ActionCall<'_>) -> Result<Self> {
        let target = call.remote.target();
        let ssh = match &target.transport {
            Transport::Ssh(ssh) => Some((**ssh).clone()),
            Transport::Local => None,
        };
        let address = call.variable("ansible_host").map_or_else(|| call.host.to_owned(), |v| v.to_text());
        let to_itself = call.delegated.is_some_and(|name| name == call.host || name == address);
        let remote = ssh.is_some();
        let port = ["ansible_port", "ansible_ssh_port"].iter().find_map(|name| call.variable(name));
        let port = port.and_then(|port| port.to_text().trim().parse().ok());
        let delegated = call.delegated.is_some() && (to_itself || remote);
        Ok(Self {
            here: !delegated && remote,
            local: if call.delegated.is_some() { to_itself } else { !remote },
            delegated,
            host: if to_itself { "127.0.0.1".to_owned() } else { address },
            own_port: port.is_none(),
            port,
            ssh,
        })
    }

    fn args(&self, call: &ActionCall<'_>) -> Result<Dict> {
        let mut args = call.args.clone();
        let (Some(src), Some(dest)) = (call.text("src"), call.text("dest")) else {
            return Err(Error::action("synchronize requires both src and dest parameters are set"));
        };
        args.remove("use_ssh_args");
        if let Some(ssh) = self.ssh.as_ref().filter(|_| call.flag("use_ssh_args", false)) {
            let all = [&ssh.args, &ssh.common_args, &ssh.extra_args];
            let given: Vec<&str> = all.iter().map(|text| text.as_str()).filter(|text| !text.is_empty()).collect();
            args.insert("_ssh_args", given.join(" "));
        }
        let rsync = call.variable("ansible_rsync_path").filter(Value::truthy);
        args.insert("_local_rsync_path", rsync.unwrap_or_else(|| "rsync".into()));
        if args.get("dest_port").is_none_or(Value::is_null)
            && let Some(port) = self.port
        {
            args.insert("dest_port", port);
        }
        if self.local {
            args.insert("src", here(call, &src));
            args.insert("dest", here(call, &dest));
            args.insert("_local_rsync_password", Value::Null);
            args.set_default("rsync_path", Value::Null);
            return Ok(args);
        }
        let user = self.user(call);
        let key = self.ssh.as_ref().and_then(|ssh| ssh.private_key_file.clone());
        args.set_default("private_key", key);
        let (near, far) = if call.text("mode").as_deref() == Some("pull") { ("dest", "src") } else { ("src", "dest") };
        let (near_path, far_path) = if near == "src" { (&src, &dest) } else { (&dest, &src) };
        args.insert(near, here(call, near_path));
        let far_path = self.far(call, far_path, user.as_deref(), &mut args);
        args.insert(far, far_path);
        let password = ["ansible_ssh_pass", "ansible_password"].iter().find_map(|name| call.variable(name));
        args.insert("_local_rsync_password", password.unwrap_or_default());
        if args.get("rsync_path").is_none_or(Value::is_null) {
            args.insert("rsync_path", self.rsync_path(call));
        }
        Ok(args)
    }

    /// As whom the far side is reached.
    fn user(&self, call: &ActionCall<'_>) -> Option<String> {
        if !call.flag("set_remote_user", true) {
            return None;
        }
        let own = call.variable("ansible_user").map(|user| user.to_text());
        own.or_else(|| if self.delegated { None } else { self.ssh.as_ref().and_then(|ssh| ssh.user.clone()) })
    }

    fn far(&self, call: &ActionCall<'_>, path: &str, user: Option<&str>, args: &mut Dict) -> String {
        let is_here = LOCALHOST.contains(&self.host.as_str());
        if is_here && self.ssh.is_none() && self.own_port {
            return here(call, path);
        }
        if is_here && self.own_port {
            args.insert("_substitute_controller", true);
        }
        if path.starts_with("rsync://") {
            return path.to_owned();
        }
        let prefix = user.map(|user| format!("{user}@")).unwrap_or_default();
        if self.host.contains(':') {
            return format!("[{prefix}{}]:{path}", self.host);
        }
        match (path.contains(':'), path.contains('@')) {
            (false, _) => format!("{prefix}{}:{path}", self.host),
            (true, false) => format!("{prefix}{path}"),
            (true, true) => path.to_owned(),
        }
    }

    /// The command for rsync on the far side, where the task becomes another user there.
    fn rsync_path(&self, call: &ActionCall<'_>) -> Value {
        match &call.remote.target().escalation {
            Some(wanted) if wanted.method.rsplit('.').next() == Some("sudo") => {
                if wanted.user.is_empty() {
                    Value::str("sudo rsync")
                } else {
                    Value::str(format!("sudo -u {} rsync", wanted.user))
                }
            }
            _ => Value::Null,
        }
    }
}

/// A path on the near side: relative ones are in `files/` of the role or playbook, or beside it.
fn here(call: &ActionCall<'_>, path: &str) -> String {
    if path.contains(':') || path.starts_with('/') {
        return path.to_owned();
    }
    let found = call.find_file("files", path).ok().map(|found| found.to_string_lossy().into_owned());
    let found = found.unwrap_or_else(|| {
        let base = call.scope.search_paths().last().cloned().unwrap_or_default();
        Path::new(&base).join(path).to_string_lossy().into_owned()
    });
    let plain = crate::load::normal(&found);
    if path.ends_with('/') && !plain.ends_with('/') { format!("{plain}/") } else { plain }
}
