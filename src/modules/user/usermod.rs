//! `usermod`, and its variant for local accounts: only what differs is set.

use super::useradd::{in_argv, password};
use super::{Done, date, execute, expiry, group, joined_groups, known, memberships, set_hash, tool, wanted_groups};
use crate::host::accounts::{self, User};
use crate::modules::Call;
use crate::proto::Outcome;

/// What else is done for a local account.
#[derive(Default)]
struct Local {
    expires: Option<i64>,
    add: Vec<String>,
    remove: Vec<String>,
}

pub(super) fn modify(call: &Call<'_>) -> Result<Done, Outcome> {
    let is_local = call.args.bool("local");
    let local_tools = match is_local {
        true => Some((tool(call, "lgroupmod")?, tool(call, "lchage")?)),
        false => None,
    };
    let mut local = Local::default();
    let mut argv = tool(call, if is_local { "lusermod" } else { "usermod" })?;
    let user = known(call)?;
    let name = user.name.clone();
    numbers(call, &user, &mut argv)?;
    groups(call, &user, &mut argv, &mut local)?;
    texts(call, &user, &mut argv);
    expires(call, &mut argv, &mut local);
    if let Some(days) = call.args.opt_int("password_expire_account_disable") {
        argv.extend(["-f".into(), days.to_string()]);
    }
    let hash = new_hash(call, &user);
    match &hash {
        Some(hash) if in_argv(call, hash) => argv.extend(["-p".into(), hash.clone()]),
        Some(_) => {}
        None => lock(call, &user, &mut argv),
    }
    let mut done = Done::default();
    if argv.len() > 1 {
        argv.push(name.clone());
        done.then(call, argv)?;
    }
    if let Some(hash) = hash.filter(|hash| !in_argv(call, hash) && !done.is_failed()) {
        set_hash(call, &mut done, &hash)?;
    }
    let Some((lgroupmod, lchage)) = local_tools else { return Ok(done) };
    if let Some(days) = local.expires {
        done.then(call, [lchage, vec!["-E".into(), days.to_string(), name.clone()]].concat())?;
    }
    for (option, groups) in [("-M", local.add), ("-m", local.remove)] {
        for group in groups {
            done.then(call, [lgroupmod.clone(), vec![option.into(), name.clone(), group]].concat())?;
        }
    }
    Ok(done)
}

fn numbers(call: &Call<'_>, user: &User, argv: &mut Vec<String>) -> Result<(), Outcome> {
    if let Some(uid) = call.args.opt_int("uid").filter(|uid| *uid != i64::from(user.uid)) {
        argv.extend(["-u".into(), uid.to_string()]);
        if call.args.bool("non_unique") {
            argv.push("-o".into());
        }
    }
    if let Some(name) = call.args.opt_str("group") {
        let gid = group(name)?.gid;
        if gid != user.gid {
            argv.extend(["-g".into(), gid.to_string()]);
        }
    }
    Ok(())
}

fn groups(call: &Call<'_>, user: &User, argv: &mut Vec<String>, local: &mut Local) -> Result<(), Outcome> {
    let Some(text) = joined_groups(call) else { return Ok(()) };
    let append = call.args.bool("append");
    let current: Vec<String> = memberships(&user.name).into_iter().map(|group| group.name).collect();
    let mut wanted: Vec<String> = Vec::new();
    if !text.is_empty() {
        for (_, group) in wanted_groups(call)? {
            if !wanted.contains(&group.name) {
                wanted.push(group.name);
            }
        }
    }
    let missing = |from: &[String], of: &[String]| -> Vec<String> {
        from.iter().filter(|name| !of.contains(name)).cloned().collect()
    };
    let (add, remove) = (missing(&wanted, &current), missing(&current, &wanted));
    if add.is_empty() && (append || remove.is_empty()) {
        return Ok(());
    }
    if call.args.bool("local") {
        local.add = add;
        local.remove = if append { Vec::new() } else { remove };
    } else if !append {
        argv.extend(["-G".into(), wanted.join(",")]);
    } else if can_append(call)? {
        argv.extend(["-a".into(), "-G".into(), wanted.join(",")]);
    } else {
        argv.extend(["-A".into(), [add, remove].concat().join(",")]);
    }
    Ok(())
}

/// Whether this `usermod` knows `--append`.
fn can_append(call: &Call<'_>) -> Result<bool, Outcome> {
    let mut argv = tool(call, "usermod")?;
    argv.push("--help".into());
    let output = execute(call, &argv, None)?;
    let help = format!("{}{}", output.out(), output.err());
    Ok(help.lines().any(|line| line.trim().starts_with("-a, --append")))
}

fn texts(call: &Call<'_>, user: &User, argv: &mut Vec<String>) {
    let changed = |name: &str, now: &str| call.args.opt_str(name).filter(|text| *text != now).map(str::to_owned);
    if let Some(comment) = changed("comment", &user.gecos) {
        argv.extend(["-c".into(), comment]);
    }
    if let Some(home) = changed("home", &user.home) {
        argv.extend(["-d".into(), home]);
        if call.args.bool("move_home") {
            argv.push("-m".into());
        }
    }
    if let Some(shell) = changed("shell", &user.shell) {
        argv.extend(["-s".into(), shell]);
    }
}

fn expires(call: &Call<'_>, argv: &mut Vec<String>, local: &mut Local) {
    let Some((days, past)) = expiry(call) else { return };
    let current = accounts::shadow(call.args.str("name")).map_or(0, |entry| entry.expire);
    if past && current < 0 || !past && current == days {
        return;
    }
    if call.args.bool("local") {
        local.expires = Some(if past { -1 } else { days });
    } else {
        argv.extend(["-e".into(), if past { String::new() } else { date(days) }]);
    }
}

/// Locks, or unlocks what is locked; usermod may refuse to unlock an account without a password.
fn lock(call: &Call<'_>, user: &User, argv: &mut Vec<String>) {
    match (call.args.opt_bool("password_lock"), user.password.starts_with('!')) {
        (Some(true), false) => argv.push("-L".into()),
        (Some(false), true) => argv.push("-U".into()),
        _ => {}
    }
}

/// The hash to be set, where it is another one than now, locked or not.
fn new_hash(call: &Call<'_>, user: &User) -> Option<String> {
    let wanted = call.args.opt_str("password").filter(|_| call.args.str("update_password") == "always")?;
    let bare = |hash: &str| hash.trim_start_matches('!').to_owned();
    password(call).filter(|_| bare(&user.password) != bare(wanted))
}
