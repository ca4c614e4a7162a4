//! Users and groups: /etc/passwd and /etc/group first, `getent` on a miss.
//!
//! Never getpwnam(3) and its kin, which crash in a static glibc program. The running system's files are
//! read anew each time, since a task before may have added a user.

use super::env::Env;
use std::fs;
use std::process::{Command, Stdio};

/// A line of /etc/passwd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The password field.
    pub password: String,
    /// The number.
    pub uid: u32,
    /// The number of the primary group.
    pub gid: u32,
    /// The comment.
    pub gecos: String,
    /// The home.
    pub home: String,
    /// The shell.
    pub shell: String,
}

/// A line of /etc/group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name.
    pub name: String,
    /// The number.
    pub gid: u32,
    /// The names of the members.
    pub members: Vec<String>,
}

/// The user of a name.
pub fn user_by_name(name: &str) -> Option<User> {
    look_up("/etc/passwd", "passwd", name, parse_user, |user| user.name == name)
}

/// The user of a number.
pub fn user_by_id(uid: u32) -> Option<User> {
    look_up("/etc/passwd", "passwd", &uid.to_string(), parse_user, |user| user.uid == uid)
}

/// The group of a name.
pub fn group_by_name(name: &str) -> Option<Group> {
    look_up("/etc/group", "group", name, parse_group, |group| group.name == name)
}

/// The group of a number.
pub fn group_by_id(gid: u32) -> Option<Group> {
    look_up("/etc/group", "group", &gid.to_string(), parse_group, |group| group.gid == gid)
}

/// All groups of /etc/group.
pub fn groups() -> Vec<Group> {
    text("/etc/group").lines().filter_map(parse_group).collect()
}

/// All groups that the system knows: those of /etc/group, and of other sources where these can be listed.
pub fn all_groups() -> Vec<Group> {
    let listed = getent("group", None).map(|text| text.lines().filter_map(parse_group).collect::<Vec<_>>());
    listed.filter(|groups| !groups.is_empty()).unwrap_or_else(groups)
}

/// A line of /etc/shadow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// The name.
    pub name: String,
    /// The password's hash, or what stands in for one.
    pub password: String,
    /// Days between changes at least; -1 where nothing is said.
    pub min: i64,
    /// Days until the password must be changed; -1 where nothing is said.
    pub max: i64,
    /// Days of warning before that; -1 where nothing is said.
    pub warn: i64,
    /// The day since 1970 when the account ends; -1 where it does not.
    pub expire: i64,
}

/// The shadow entry of a name; None too where this user may not read it.
pub fn shadow(name: &str) -> Option<Shadow> {
    look_up("/etc/shadow", "shadow", name, parse_shadow, |entry| entry.name == name)
}

/// All users of /etc/passwd.
pub fn users() -> Vec<User> {
    text("/etc/passwd").lines().filter_map(parse_user).collect()
}

fn text(path: &str) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn look_up<T>(
    path: &str,
    database: &str,
    key: &str,
    parse: fn(&str) -> Option<T>,
    wanted: impl Fn(&T) -> bool,
) -> Option<T> {
    let found = text(path).lines().filter_map(parse).find(&wanted);
    found.or_else(|| getent(database, Some(key))?.lines().filter_map(parse).find(&wanted))
}

fn getent(database: &str, key: Option<&str>) -> Option<String> {
    // A key that looks like an option, or an empty one, can be no account.
    if key.is_some_and(|key| key.is_empty() || key.starts_with('-') || key.contains('\0')) {
        return None;
    }
    let program = Env::default().find_program("getent")?;
    let output =
        Command::new(program).arg(database).args(key).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn parse_user(line: &str) -> Option<User> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, password, uid, gid, gecos, home, shell] = fields.as_slice() else { return None };
    Some(User {
        name: (*name).into(),
        password: (*password).into(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        gecos: (*gecos).into(),
        home: (*home).into(),
        shell: (*shell).into(),
    })
}

fn parse_group(line: &str) -> Option<Group> {
    let mut fields = line.split(':');
    let (name, _, gid) = (fields.next()?, fields.next()?, fields.next()?);
    let members = fields.next().unwrap_or("").split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Some(Group { name: name.into(), gid: gid.parse().ok()?, members })
}

fn parse_shadow(line: &str) -> Option<Shadow> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, password, _, min, max, warn, _, expire, ..] = fields.as_slice() else { return None };
    let number = |text: &str| if text.is_empty() { Some(-1) } else { text.parse().ok() };
    Some(Shadow {
        name: (*name).into(),
        password: (*password).into(),
        min: number(min)?,
        max: number(max)?,
        warn: number(warn)?,
        expire: number(expire)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let entry = parse_shadow("bob:!$6$x:19000:0:99999:7:::").expect("an entry");
        assert_eq!((entry.password.as_str(), entry.max, entry.warn, entry.expire), ("!$6$x", 99999, 7, -1));
        assert_eq!(parse_shadow("bob:x"), None);
        let user = parse_user("bob:x:1000:100:Bob B,,,:/home/bob:/bin/sh").expect("a user");
        assert_eq!((user.uid, user.gid, user.home.as_str()), (1000, 100, "/home/bob"));
        assert_eq!(parse_user("+::::::"), None);
        assert_eq!(parse_group("sudo:x:27:a,b").map(|g| g.members), Some(vec!["a".into(), "b".into()]));
        assert_eq!(parse_group("bad:x:y:"), None);
    }
}
