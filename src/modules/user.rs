//! `user`: an account of the host is there and as wished, or is not, by the system's own tools.
//!
//! `useradd`, `usermod`, `userdel`, `chage` and their variants for local accounts do the work; Alpine and
//! Buildroot have `adduser` and its kin. A password's hash goes to `chpasswd` by its standard input, since
//! anybody on the host can read a command line; only the tools for local accounts take it in no other way.

mod busybox;
mod home;
mod ssh_key;
mod useradd;
mod usermod;

use super::setup::os_release::Release;
use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Output, accounts, time};
use crate::proto::Outcome;
use std::path::Path;

const FALSE: Default = Default::Bool(false);

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "user",
    doc: "Manage user accounts.",
    spec: &Spec::new(&[
        Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["absent", "present"]),
        Arg::new("name", Kind::Str).required().aliases(&["user"]),
        Arg::new("uid", Kind::Int),
        Arg::new("non_unique", Kind::Bool).default(FALSE),
        Arg::new("group", Kind::Str),
        Arg::new("groups", Kind::List).elements(Kind::Str),
        Arg::new("comment", Kind::Str),
        Arg::new("home", Kind::Path),
        Arg::new("shell", Kind::Path),
        Arg::new("password", Kind::Str).no_log(),
        Arg::new("login_class", Kind::Str),
        Arg::new("password_expire_max", Kind::Int),
        Arg::new("password_expire_min", Kind::Int),
        Arg::new("password_expire_warn", Kind::Int),
        Arg::new("hidden", Kind::Bool),
        Arg::new("seuser", Kind::Str),
        Arg::new("force", Kind::Bool).default(FALSE),
        Arg::new("remove", Kind::Bool).default(FALSE),
        Arg::new("create_home", Kind::Bool).default(Default::Bool(true)).aliases(&["createhome"]),
        Arg::new("skeleton", Kind::Str),
        Arg::new("system", Kind::Bool).default(FALSE),
        Arg::new("move_home", Kind::Bool).default(FALSE),
        Arg::new("append", Kind::Bool).default(FALSE),
        Arg::new("generate_ssh_key", Kind::Bool),
        Arg::new("ssh_key_bits", Kind::Int).default(Default::Int(0)),
        Arg::new("ssh_key_type", Kind::Str).default(Default::Str("rsa")),
        Arg::new("ssh_key_file", Kind::Path),
        // Its default holds the host's name.
        Arg::new("ssh_key_comment", Kind::Str),
        Arg::new("ssh_key_passphrase", Kind::Str).no_log(),
        Arg::new("update_password", Kind::Str).default(Default::Str("always")).choices(&["always", "on_create"]),
        Arg::new("expires", Kind::Float),
        Arg::new("password_lock", Kind::Bool),
        Arg::new("local", Kind::Bool),
        Arg::new("profile", Kind::Str),
        Arg::new("authorization", Kind::Str),
        Arg::new("role", Kind::Str),
        Arg::new("umask", Kind::Str),
        Arg::new("password_expire_account_disable", Kind::Int),
        Arg::new("uid_min", Kind::Int),
        Arg::new("uid_max", Kind::Int),
    ]),
    check: Support::Full,
    diff: Support::None,
    run,
};

/// Where the accounts of the host itself stand.
const FILE: &str = "/etc/passwd";

/// What the tools answered, one after another.
#[derive(Debug, Default)]
struct Done {
    /// The last exit status; none where nothing had to be run.
    rc: Option<i32>,
    out: String,
    err: String,
}

impl Done {
    /// What a tool said that succeeded in nothing but words.
    fn failed(err: impl Into<String>) -> Self {
        Self { rc: Some(1), err: err.into(), ..Self::default() }
    }

    fn is_failed(&self) -> bool {
        self.rc.is_some_and(|rc| rc != 0)
    }

    /// Runs one more tool, unless one before has failed.
    fn then(&mut self, call: &Call<'_>, argv: Vec<String>) -> Result<(), Outcome> {
        self.feed(call, argv, None)
    }

    fn feed(&mut self, call: &Call<'_>, argv: Vec<String>, stdin: Option<String>) -> Result<(), Outcome> {
        if self.is_failed() {
            return Ok(());
        }
        if call.check() {
            self.rc = Some(0);
            return Ok(());
        }
        self.add(&execute(call, &argv, stdin)?);
        Ok(())
    }

    fn add(&mut self, output: &Output) {
        self.rc = Some(output.rc);
        self.out.push_str(&output.out());
        self.err.push_str(&output.err());
    }

    /// Itself where it has not failed, else the task's failure.
    fn or_fail(self, name: &str) -> Result<Self, Outcome> {
        match self.rc {
            Some(rc) if rc != 0 => Err(Outcome::failed(self.err).with("name", name).with("rc", rc)),
            _ => Ok(self),
        }
    }
}

/// Runs a tool, in check mode too.
fn execute(call: &Call<'_>, argv: &[String], stdin: Option<String>) -> Result<Output, Outcome> {
    let command = call.command(argv).stdin(stdin.map(|text| format!("{text}\n").into_bytes()));
    command.run().map_err(|error| command::not_started(argv, &error))
}

/// The start of a command line: a tool's path.
fn tool(call: &Call<'_>, name: &str) -> Result<Vec<String>, Outcome> {
    Ok(vec![call.need_program(name)?.to_string_lossy().into_owned()])
}

/// Sets a password's hash.
fn set_hash(call: &Call<'_>, done: &mut Done, hash: &str) -> Result<(), Outcome> {
    let mut argv = tool(call, "chpasswd")?;
    argv.push("--encrypted".into());
    done.feed(call, argv, Some(format!("{}:{hash}", call.args.str("name"))))
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    prepare(call)?;
    let name = call.args.str("name").to_owned();
    let mut outcome = Outcome::changed(false).with("name", name.as_str()).with("state", call.args.str("state"));
    let exists = exists(call)?;
    let busybox = matches!(Release::system().id().as_str(), "alpine" | "buildroot");
    let done = match (call.args.str("state") == "absent", exists) {
        (true, false) => Done::default(),
        (true, true) | (false, false) if call.check() => return Ok(Outcome::changed(true)),
        (true, true) => {
            let done = if busybox { busybox::remove(call)? } else { useradd::remove(call)? }.or_fail(&name)?;
            outcome.set("force", call.args.bool("force"));
            outcome.set("remove", call.args.bool("remove"));
            done
        }
        (false, false) => {
            let done = create(call, busybox)?.or_fail(&name)?;
            outcome.set("system", call.args.bool("system"));
            outcome.set("create_home", call.args.bool("create_home"));
            done
        }
        (false, true) => {
            let done = if busybox { busybox::modify(call)? } else { usermod::modify(call)? }.or_fail(&name)?;
            outcome.set("append", call.args.bool("append"));
            outcome.set("move_home", call.args.bool("move_home"));
            done
        }
    };
    if call.args.str("state") != "absent" && call.args.has("password") {
        outcome.set("password", "NOT_LOGGING_PASSWORD");
    }
    outcome.set("changed", done.rc.is_some());
    for (key, text) in [("stdout", done.out), ("stderr", done.err)] {
        if !text.is_empty() {
            outcome.set(key, text);
        }
    }
    if call.args.str("state") == "present" && self::exists(call)? {
        present(call, &mut outcome)?;
    }
    Ok(outcome)
}

/// Checks what the spec cannot, warns, and fills in the comment of a key.
fn prepare(call: &mut Call<'_>) -> Result<(), Outcome> {
    if !call.args.has("ssh_key_comment") {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        call.args.set("ssh_key_comment", format!("ansible-generated on {host}"));
    }
    if call.args.bool("local") {
        for name in ["umask", "uid_min", "uid_max"] {
            if call.args.has(name) {
                return Err(Outcome::failed(format!("'{name}' can not be used with 'local'")));
            }
        }
    }
    if let Some(expires) = call.args.opt_float("expires") {
        let problem = match expires {
            nan if nan.is_nan() => Some("Invalid value NaN (not a number)"),
            // The years that the C library's calendar has.
            far if far.abs() > 6.7e16 => Some("timestamp out of range for platform time_t"),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(Outcome::failed(format!("Invalid value for 'expires' None: {problem}")));
        }
    }
    if call.args.bool("append") && !call.args.has("groups") {
        call.warn(
            "'append' is set, but no 'groups' are specified. Use 'groups' for appending new groups.This will change \
             to an error in Ansible 2.14.",
        );
    }
    if call.args.opt_str("password").is_some_and(looks_plain) {
        call.warn(
            "The input password appears not to have been hashed. The 'password' argument must be encrypted for this \
             module to work properly.",
        );
    }
    Ok(())
}

/// Whether a password is neither a hash nor one of the words that lock an account.
fn looks_plain(password: &str) -> bool {
    if matches!(password, "" | "*" | "!" | "*************") {
        return false;
    }
    let fields: Vec<&str> = password.split('$').collect();
    let (Some(scheme), Some(hash), true) = (fields.get(1), fields.last(), fields.len() >= 3) else { return true };
    let length = match *scheme {
        "1" => Some(22),
        "5" | "y" => Some(43),
        "6" => Some(86),
        _ => None,
    };
    password.contains([':', '*', '!'])
        || !hash.chars().all(|c| c.is_ascii_alphanumeric() || "./=".contains(c))
        || length.is_some_and(|length| hash.chars().count() != length)
}

fn exists(call: &Call<'_>) -> Result<bool, Outcome> {
    let name = call.args.str("name");
    if !call.args.bool("local") {
        return Ok(accounts::user_by_name(name).is_some());
    }
    if !Path::new(FILE).exists() {
        return Err(Outcome::failed(format!(
            "'local: true' specified but unable to find local account file {FILE} to parse."
        )));
    }
    let start = format!("{name}:");
    let bytes = super::edit::read(FILE)?;
    Ok(bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(start.as_bytes())))
}

/// The account, with the hash of its password where this user may read it.
fn info(call: &Call<'_>) -> Result<Option<accounts::User>, Outcome> {
    let name = call.args.str("name");
    if !exists(call)? {
        return Ok(None);
    }
    let mut user = accounts::user_by_name(name);
    if let Some(user) = user.as_mut().filter(|user| user.password.len() <= 1) {
        user.password = accounts::shadow(name).map(|entry| entry.password).unwrap_or_default();
    }
    Ok(user)
}

/// The same, where it surely exists.
fn known(call: &Call<'_>) -> Result<accounts::User, Outcome> {
    info(call)?.ok_or_else(|| Outcome::failed(format!("failed to look up user name: {}", call.args.str("name"))))
}

/// A group by its number, else by its name.
fn group(text: &str) -> Result<accounts::Group, Outcome> {
    let by_number = text.trim().parse().ok().and_then(accounts::group_by_id);
    let found = by_number.or_else(|| accounts::group_by_name(text));
    found.ok_or_else(|| Outcome::failed(format!("Group {text} does not exist")))
}

/// The argument `groups`, each with its group, once.
fn wanted_groups(call: &Call<'_>) -> Result<Vec<(String, accounts::Group)>, Outcome> {
    let mut found: Vec<(String, accounts::Group)> = Vec::new();
    for text in joined_groups(call).unwrap_or_default().split(',').filter(|text| !text.is_empty()) {
        let text = text.trim();
        if !found.iter().any(|(known, _)| known == text) {
            found.push((text.to_owned(), group(text)?));
        }
    }
    Ok(found)
}

/// The argument `groups` as one text.
fn joined_groups(call: &Call<'_>) -> Option<String> {
    call.args.opt_list("groups").map(|groups| groups.join(","))
}

/// The names of the groups that list the account as a member.
fn memberships(name: &str) -> Vec<accounts::Group> {
    accounts::all_groups().into_iter().filter(|group| group.members.iter().any(|member| member == name)).collect()
}

/// Days since 1970 of `expires`, and whether that lies before 1970.
fn expiry(call: &Call<'_>) -> Option<(i64, bool)> {
    let seconds = call.args.opt_float("expires")?.floor();
    Some(((seconds / 86_400.0).floor() as i64, seconds < 0.0))
}

fn date(days: i64) -> String {
    let (year, month, day) = time::civil(days);
    format!("{year}-{month:02}-{day:02}")
}

fn create(call: &Call<'_>, busybox: bool) -> Result<Done, Outcome> {
    let home = call.args.str("home");
    let needs_parents = !home.is_empty() && call.args.bool("create_home") && {
        // Of a relative path the real one finds no folder either.
        !Path::new(super::edit::dirname(home)).is_dir()
    };
    let done = if busybox { busybox::create(call)? } else { useradd::create(call)? };
    if needs_parents && let Some(user) = info(call)? {
        home::own(&user, home)?;
    }
    Ok(done)
}

/// What an account that is there may still lack: its home, a key, dates of its password.
fn present(call: &mut Call<'_>, outcome: &mut Outcome) -> Result<(), Outcome> {
    let user = known(call)?;
    outcome.set("uid", user.uid);
    outcome.set("group", user.gid);
    outcome.set("comment", user.gecos.as_str());
    outcome.set("home", user.home.as_str());
    outcome.set("shell", user.shell.as_str());
    if let Some(groups) = joined_groups(call) {
        outcome.set("groups", groups);
    }
    let home = call.args.opt_str("home").unwrap_or(&user.home).to_owned();
    if call.args.bool("create_home") && !Path::new(&home).exists() {
        if !call.check() {
            home::create(call, &home)?;
            home::own(&user, &home)?;
        }
        outcome.set("changed", true);
    }
    if call.args.bool("generate_ssh_key") {
        ssh_key::ensure(call, &user, outcome)?;
    }
    let done = password_dates(call)?;
    if done.or_fail(&user.name)?.rc.is_some() {
        outcome.set("changed", true);
    }
    Ok(())
}

fn password_dates(call: &Call<'_>) -> Result<Done, Outcome> {
    let mut done = Done::default();
    let Some(entry) = accounts::shadow(call.args.str("name")) else { return Ok(done) };
    let mut options = Vec::new();
    for (name, option, now) in [
        ("password_expire_min", "-m", entry.min),
        ("password_expire_max", "-M", entry.max),
        ("password_expire_warn", "-W", entry.warn),
    ] {
        if let Some(days) = call.args.opt_int(name).filter(|days| *days != now) {
            options.extend([option.to_owned(), days.to_string()]);
        }
    }
    if !options.is_empty() {
        let mut argv = tool(call, "chage")?;
        argv.extend(options);
        argv.push(call.args.str("name").to_owned());
        done.then(call, argv)?;
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::{date, looks_plain};
    use crate::modules::testing::{checked, has, outcome};

    #[test]
    fn what_needs_no_tool() {
        has(&checked("user", r#"{"name": "no-such-user"}"#), "changed", "True");
        has(&checked("user", r#"{"name": "root", "state": "absent"}"#), "changed", "True");
        let out = outcome("user", r#"{"user": "no-such-user", "state": "absent"}"#);
        has(&out, "changed", "False");
        has(&out, "name", "'no-such-user'");
        for name in ["umask", "uid_min", "uid_max"] {
            let out = outcome("user", &format!(r#"{{"name": "x", "local": true, "{name}": 5}}"#));
            has(&out, "msg", &format!("\"'{name}' can not be used with 'local'\""));
        }
        let out = outcome("user", r#"{"name": "x", "expires": 1e300}"#);
        has(&out, "msg", "\"Invalid value for 'expires' None: timestamp out of range for platform time_t\"");
    }

    #[test]
    fn an_account_that_is_as_wished_stays() {
        let out = checked("user", r#"{"name": "root", "uid": 0, "group": "root", "home": "/root", "append": true}"#);
        has(&out, "changed", "False");
        has(&out, "uid", "0");
        has(&out, "home", "'/root'");
        assert!(out.get("warnings").is_some());
    }

    #[test]
    fn hashes_and_plain_passwords() {
        for hash in ["*", "!", "*************", "$1$abc$0123456789abcdefghij./", "$2b$10$abc"] {
            assert!(!looks_plain(hash), "{hash}");
        }
        for plain in ["secret", "$6$salt$short", "a:b", "$1$abc$0123456789abcdefghij.!", "$x", "a$b"] {
            assert!(looks_plain(plain), "{plain}");
        }
    }

    #[test]
    fn dates() {
        assert_eq!((date(0), date(18_993)), ("1970-01-01".to_owned(), "2022-01-01".to_owned()));
    }
}
