//! `useradd` and `userdel`, and their variants for local accounts.

use super::{Done, date, expiry, group, home, joined_groups, set_hash, tool, wanted_groups};
use crate::host::accounts;
use crate::modules::setup::os_release::Release;
use crate::modules::{Call, edit};
use crate::proto::Outcome;
use std::path::Path;

pub(super) fn remove(call: &Call<'_>) -> Result<Done, Outcome> {
    let local = call.args.bool("local");
    let mut argv = tool(call, if local { "luserdel" } else { "userdel" })?;
    if call.args.bool("force") && !local {
        argv.push("-f".into());
    }
    if call.args.bool("remove") {
        argv.push("-r".into());
    }
    argv.push(call.args.str("name").to_owned());
    let mut done = Done::default();
    done.then(call, argv)?;
    Ok(done)
}

pub(super) fn create(call: &Call<'_>) -> Result<Done, Outcome> {
    let local = call.args.bool("local");
    let local_tools = match local {
        true => Some((tool(call, "lgroupmod")?, tool(call, "lchage")?)),
        false => None,
    };
    let mut argv = tool(call, if local { "luseradd" } else { "useradd" })?;
    identity(call, &mut argv)?;
    let groups = added_groups(call)?;
    if !groups.is_empty() && !local {
        argv.extend(["-G".into(), groups.join(",")]);
    }
    details(call, &mut argv)?;
    let password = password(call);
    if let Some(hash) = password.as_ref().filter(|hash| in_argv(call, hash)) {
        argv.extend(["-p".into(), hash.clone()]);
    }
    folders_and_bounds(call, &mut argv);
    let name = call.args.str("name");
    argv.push(name.to_owned());
    let mut done = Done::default();
    done.then(call, argv)?;
    if let Some(hash) = password.filter(|hash| !in_argv(call, hash) && !done.is_failed()) {
        set_hash(call, &mut done, &hash)?;
    }
    let Some((lgroupmod, lchage)) = local_tools else { return Ok(done) };
    if let Some((days, past)) = expiry(call) {
        let days = if past { -1 } else { days };
        done.then(call, [lchage, vec!["-E".into(), days.to_string(), name.to_owned()]].concat())?;
    }
    for group in groups {
        done.then(call, [lgroupmod.clone(), vec!["-M".into(), name.to_owned(), group]].concat())?;
    }
    Ok(done)
}

/// The hash that the account gets, locked where that is asked for.
pub(super) fn password(call: &Call<'_>) -> Option<String> {
    let hash = call.args.opt_str("password")?;
    Some(if call.args.bool("password_lock") { format!("!{hash}") } else { hash.to_owned() })
}

/// Whether a hash must stand in the command line: a line of `chpasswd` cannot carry it, or nothing reads one.
pub(super) fn in_argv(call: &Call<'_>, hash: &str) -> bool {
    call.args.bool("local") || hash.contains(['\n', ':']) || call.env.find_program("chpasswd").is_none()
}

/// Numbers, SELinux user and primary group.
fn identity(call: &Call<'_>, argv: &mut Vec<String>) -> Result<(), Outcome> {
    if let Some(uid) = call.args.opt_int("uid") {
        argv.extend(["-u".into(), uid.to_string()]);
        if call.args.bool("non_unique") {
            argv.push("-o".into());
        }
    }
    if let Some(seuser) = call.args.opt_str("seuser") {
        argv.extend(["-Z".into(), seuser.to_owned()]);
    }
    match call.args.opt_str("group") {
        Some(name) => {
            group(name)?;
            argv.extend(["-g".into(), name.to_owned()]);
        }
        // Else useradd would make a group of the account's name, which is there already.
        None if group(call.args.str("name")).is_ok() => argv.extend(no_own_group(call).map(str::to_owned)),
        None => {}
    }
    Ok(())
}

fn no_own_group(call: &Call<'_>) -> Option<&'static str> {
    let major = || Release::system().get("VERSION_ID").and_then(|text| text.split('.').next()?.parse::<u32>().ok());
    if call.args.bool("local") {
        Some("-n")
    } else if Path::new("/etc/redhat-release").exists() {
        Some(if major().is_some_and(|major| major <= 5) { "-n" } else { "-N" })
    } else if Path::new("/etc/SuSE-release").exists() {
        Some("-N").filter(|_| major().is_some_and(|major| major >= 12))
    } else {
        Some("-N")
    }
}

/// The further groups, without the primary one of an account that a directory has already.
fn added_groups(call: &Call<'_>) -> Result<Vec<String>, Outcome> {
    if joined_groups(call).is_none_or(|text| text.is_empty()) {
        return Ok(Vec::new());
    }
    let info = super::info(call)?;
    let kept = |group: &accounts::Group| info.as_ref().is_none_or(|user| user.gid != group.gid);
    Ok(wanted_groups(call)?.into_iter().filter(|(_, group)| kept(group)).map(|(name, _)| name).collect())
}

fn details(call: &Call<'_>, argv: &mut Vec<String>) -> Result<(), Outcome> {
    let mut text = |option: &str, value: Option<&str>| {
        argv.extend(value.into_iter().flat_map(|value| [option.to_owned(), value.to_owned()]));
    };
    text("-c", call.args.opt_str("comment"));
    if let Some(path) = call.args.opt_str("home") {
        // useradd does not make the folders above a home.
        if call.args.bool("create_home") && !Path::new(edit::dirname(path)).is_dir() {
            home::create(call, path)?;
        }
        text("-d", Some(path));
    }
    text("-s", call.args.opt_str("shell"));
    if let Some((days, past)) = expiry(call).filter(|_| !call.args.bool("local")) {
        text("-e", Some(&if past { String::new() } else { date(days) }));
    }
    if let Some(days) = call.args.opt_int("password_expire_account_disable") {
        text("-f", Some(&days.to_string()));
    }
    Ok(())
}

fn folders_and_bounds(call: &Call<'_>, argv: &mut Vec<String>) {
    if call.args.bool("create_home") {
        if !call.args.bool("local") {
            argv.push("-m".into());
        }
        if let Some(skeleton) = call.args.opt_str("skeleton") {
            argv.extend(["-k".into(), skeleton.to_owned()]);
        }
        if let Some(umask) = call.args.opt_str("umask") {
            argv.extend(["-K".into(), format!("UMASK={umask}")]);
        }
    } else {
        argv.push("-M".into());
    }
    if call.args.bool("system") {
        argv.push("-r".into());
    }
    bounds(call, argv);
}

/// Between which numbers one is chosen.
pub(super) fn bounds(call: &Call<'_>, argv: &mut Vec<String>) {
    for (name, key) in [("uid_min", "UID_MIN"), ("uid_max", "UID_MAX")] {
        if let Some(bound) = call.args.opt_int(name) {
            argv.extend(["-K".into(), format!("{key}={bound}")]);
        }
    }
}
