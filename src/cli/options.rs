//! The options of `ansible-playbook` 2.19.

use clap::{Arg, ArgAction, ArgGroup, Command};

/// The command line, as `--help` lists it.
pub(super) fn command(name: &str) -> Command {
    let arguments = [run_options(), connection_options(), become_options()].concat();
    Command::new("rplay")
        .bin_name(name)
        .about("Runs Ansible playbooks, executing the defined tasks on the targeted hosts.")
        .arg(
            Arg::new("playbook")
                .value_name("playbook")
                .help("Playbook(s)")
                .num_args(1..)
                .required_unless_present("version"),
        )
        .args(arguments)
        .group(ArgGroup::new("connection-password").args(["ask_pass", "connection_password_file"]))
        .group(ArgGroup::new("become-password").args(["become_ask_pass", "become_password_file"]))
        .group(ArgGroup::new("vault-password").args(["ask_vault_pass", "vault_password_files"]).multiple(true))
        .infer_long_args(true)
        .disable_version_flag(true)
        .args_override_self(true)
}

fn flag(id: &'static str, long: &'static str, help: &'static str) -> Arg {
    Arg::new(id).long(long).help(help).action(ArgAction::SetTrue)
}

fn value(id: &'static str, long: &'static str, name: &'static str, help: &'static str) -> Arg {
    Arg::new(id).long(long).value_name(name).help(help).allow_hyphen_values(true)
}

fn list(id: &'static str, long: &'static str, name: &'static str, help: &'static str) -> Arg {
    value(id, long, name, help).action(ArgAction::Append)
}

fn run_options() -> Vec<Arg> {
    vec![
        flag("version", "version", "show program's version number, config file location and exit"),
        Arg::new("verbosity")
            .short('v')
            .long("verbose")
            .action(ArgAction::Count)
            .help("print more debug messages; -vvv is a reasonable level to start, -vvvv shows connections"),
        value("become_password_file", "become-password-file", "BECOME_PASSWORD_FILE", "Become password file")
            .alias("become-pass-file"),
        value(
            "connection_password_file",
            "connection-password-file",
            "CONNECTION_PASSWORD_FILE",
            "Connection password file",
        )
        .alias("conn-pass-file"),
        flag("flush_cache", "flush-cache", "clear the fact cache for every host in inventory"),
        flag("force_handlers", "force-handlers", "run handlers even if a task fails"),
        flag("listhosts", "list-hosts", "outputs a list of matching hosts; does not execute anything else"),
        flag("listtags", "list-tags", "list all available tags"),
        flag("listtasks", "list-tasks", "list all tasks that would be executed"),
        list("skip_tags", "skip-tags", "SKIP_TAGS", "only run plays and tasks whose tags do not match these values"),
        value("start_at_task", "start-at-task", "START_AT_TASK", "start the playbook at the task matching this name"),
        flag("step", "step", "one-step-at-a-time: confirm each task before running"),
        flag("syntax", "syntax-check", "perform a syntax check on the playbook, but do not execute it"),
        list("vault_ids", "vault-id", "VAULT_IDS", "the vault identity to use"),
        list("vault_password_files", "vault-password-file", "VAULT_PASSWORD_FILES", "vault password file")
            .alias("vault-pass-file"),
        flag("check", "check", "don't make any changes; instead, try to predict some of the changes that may occur")
            .short('C'),
        flag(
            "diff",
            "diff",
            "when changing (small) files and templates, show the differences in those files; works great with --check",
        )
        .short('D'),
        flag("ask_vault_pass", "ask-vault-password", "ask for vault password")
            .short('J')
            .alias("ask-vault-pass")
            .conflicts_with("vault_password_files"),
        flag("become_ask_pass", "ask-become-pass", "ask for privilege escalation password").short('K'),
        list("module_path", "module-path", "MODULE_PATH", "prepend colon-separated path(s) to module library")
            .short('M'),
        list(
            "extra_vars",
            "extra-vars",
            "EXTRA_VARS",
            "set additional variables as key=value or YAML/JSON, if filename prepend with @",
        )
        .short('e'),
        value("forks", "forks", "FORKS", "specify number of parallel processes to use (default=50)")
            .short('f')
            .value_parser(clap::value_parser!(i64)),
        list("inventory", "inventory", "INVENTORY", "specify inventory host path or comma separated host list")
            .short('i')
            .alias("inventory-file"),
        flag("ask_pass", "ask-pass", "ask for connection password").short('k'),
        value("subset", "limit", "SUBSET", "further limit selected hosts to an additional pattern").short('l'),
        list("tags", "tags", "TAGS", "only run plays and tasks tagged with these values").short('t'),
    ]
}

fn connection_options() -> Vec<Arg> {
    let options = vec![
        value("private_key_file", "private-key", "PRIVATE_KEY_FILE", "use this file to authenticate the connection")
            .alias("key-file"),
        value(
            "scp_extra_args",
            "scp-extra-args",
            "SCP_EXTRA_ARGS",
            "specify extra arguments to pass to scp only (e.g. -l)",
        ),
        value(
            "sftp_extra_args",
            "sftp-extra-args",
            "SFTP_EXTRA_ARGS",
            "specify extra arguments to pass to sftp only (e.g. -f, -l)",
        ),
        value(
            "ssh_common_args",
            "ssh-common-args",
            "SSH_COMMON_ARGS",
            "specify common arguments to pass to sftp/scp/ssh (e.g. ProxyCommand)",
        ),
        value(
            "ssh_extra_args",
            "ssh-extra-args",
            "SSH_EXTRA_ARGS",
            "specify extra arguments to pass to ssh only (e.g. -R)",
        ),
        value(
            "timeout",
            "timeout",
            "TIMEOUT",
            "override the connection timeout in seconds (default depends on connection)",
        )
        .short('T')
        .value_parser(clap::value_parser!(i64)),
        value("connection", "connection", "CONNECTION", "connection type to use (default=ssh)").short('c'),
        value("remote_user", "user", "REMOTE_USER", "connect as this user (default=None)").short('u'),
    ];
    options.into_iter().map(|arg| arg.help_heading("Connection Options")).collect()
}

fn become_options() -> Vec<Arg> {
    let options = vec![
        value("become_method", "become-method", "BECOME_METHOD", "privilege escalation method to use (default=sudo)"),
        value("become_user", "become-user", "BECOME_USER", "run operations as this user (default=root)"),
        flag("become", "become", "run operations with become (does not imply password prompting)").short('b'),
    ];
    options.into_iter().map(|arg| arg.help_heading("Privilege Escalation Options")).collect()
}
