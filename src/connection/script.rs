//! The shell scripts that find, upload and start an agent.
//!
//! The login shell may be csh or fish: it sees `/bin/sh -c '…'` in one line, in which nothing
//! has a meaning to any shell's single quotes: no backslash, no `!`, no newline.

use super::error::ConnectionError;

/// How the cached agent is named.
const FOLDER: &str = ".rplay-";

/// Quotes a script for any login shell.
pub(super) fn for_login_shell(script: &str) -> Result<String, ConnectionError> {
    if let Some(odd) = script.chars().find(|c| matches!(c, '\\' | '!' | '\n' | '\0')) {
        let text =
            format!("{odd:?} in become_exe, become_flags or become_user cannot be passed through every login shell");
        return Err(ConnectionError::Unsupported(text));
    }
    Ok(format!("/bin/sh -c '{}'", script.replace('\'', r#"'"'"'"#)))
}

/// The folders that may hold the agent, as shell words. A folder in a home serves root and its own user alone.
pub(super) fn folders(remote_tmp: Option<&str>, for_other_user: bool) -> String {
    let plain = |path: &str| path.chars().all(|c| c.is_ascii_alphanumeric() || "/._+-@".contains(c));
    let mut words = Vec::new();
    match remote_tmp {
        Some(path) if path.starts_with("~/") && plain(&path[2..]) && !for_other_user => {
            words.push(format!("\"$HOME/{}\"", path[2..].trim_end_matches('/')));
        }
        Some(path) if path.starts_with('/') && plain(path) => words.push(path.trim_end_matches('/').to_owned()),
        _ => {}
    }
    words.extend(["/var/tmp", "/dev/shm", "\"$XDG_RUNTIME_DIR\""].map(str::to_owned));
    words.join(" ")
}

/// Walks the folders: sets `d`, the login user's own folder in each, and `u`, the user's id.
fn walk(folders: &str, body: &str) -> String {
    format!("u=`id -u`; for d in {folders}; do case $d in \"\"|*\" \"*) continue;; esac; {body} done")
}

/// Skips a folder that is a link, another user's, or writable for others.
fn check_folder() -> &'static str {
    "set -- `ls -ldn $d 2>/dev/null`; case $1:$3 in drwxr-xr-x*:$u) ;; *) continue;; esac;"
}

/// Starts the agent by `command`, which names it `$p`; says `MARKER-SYSTEM MACHINE` where there is none.
pub(super) fn start(folders: &str, hash: &str, marker: &str, command: &str) -> String {
    let check = check_folder();
    let body = format!("d=$d/{FOLDER}$u; p=$d/agent-{hash}; [ -x $p ] || continue; {check} exec {command};");
    format!("{}; echo \"{marker}-`uname -s` `uname -m`\"", walk(folders, &body))
}

/// The same on a terminal, which must pass all bytes as they are.
pub(super) fn on_terminal(script: &str) -> String {
    format!("stty raw -echo; {script}")
}

/// What the upload says where the host cannot unpack.
pub(super) const NO_GZIP: &str = "no gzip";

/// What it says of a folder whose disk is full.
pub(super) const NOT_WHOLE: &str = "it was not stored whole in";

/// Stores standard input as the agent, unpacked where it comes packed; says `MARKER+`, or `MARKER-` and what is wrong.
pub(super) fn upload(folders: &str, hash: &str, marker: &str, packed: bool) -> String {
    let (look, store) = match packed {
        true => (format!("command -v gzip >/dev/null || {{ echo \"{marker}-{NO_GZIP}\"; exit; }}; "), "gzip -dc"),
        false => (String::new(), "cat"),
    };
    let check = check_folder();
    let body = format!(
        "mkdir -p $d 2>/dev/null; d=$d/{FOLDER}$u; [ -d $d ] || mkdir $d 2>/dev/null || continue; {check} \
         t=$d/.{marker}; (set -C; : > $t) 2>/dev/null || continue; chmod 755 $t; \
         [ -x $t ] || {{ rm -f $t; continue; }}; \
         if {store} > $t && $t --check {hash} && mv -f $t $d/agent-{hash}; then echo {marker}+; else rm -f $t; \
         echo \"{marker}-{NOT_WHOLE} $d\"; fi; exit;"
    );
    format!("{look}umask 022; {}; echo \"{marker}-no folder takes it\"", walk(folders, &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_pass_through_any_login_shell() {
        let folders = folders(Some("~/.ansible/tmp"), false);
        assert!(folders.starts_with("\"$HOME/.ansible/tmp\" /var/tmp"));
        for script in
            [start(&folders, "h", "m", "$p m"), upload(&folders, "h", "m", true), upload(&folders, "h", "m", false)]
        {
            let quoted = for_login_shell(&script).unwrap();
            assert_eq!(quoted.matches('\'').count(), 2, "{quoted}");
        }
        assert!(for_login_shell("a\\b").is_err());
        assert_eq!(for_login_shell("echo 'x'").unwrap(), r#"/bin/sh -c 'echo '"'"'x'"'"''"#);
    }

    #[test]
    fn odd_folders_are_left_out() {
        assert!(folders(Some("/a b"), false).starts_with("/var/tmp"));
        assert!(folders(Some("~/.ansible/tmp"), true).starts_with("/var/tmp"));
        assert!(folders(Some("/opt/tmp/"), true).starts_with("/opt/tmp /var/tmp"));
    }
}
