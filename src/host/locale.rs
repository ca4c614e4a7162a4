//! A locale whose messages programs' output can be read in.

use super::{Command, Env};

/// The locales that are asked for, the best first.
const WANTED: [&str; 6] = ["C.utf8", "C.UTF-8", "en_US.utf8", "en_US.UTF-8", "C", "POSIX"];

/// The best parsable locale that the host has; `C` where it cannot say.
pub fn parsable(env: &Env) -> &'static str {
    let Some(program) = env.find_program("locale") else { return "C" };
    let Ok(output) = Command::new(env, [program.as_os_str(), "-a".as_ref()]).run() else { return "C" };
    let out = output.out();
    WANTED.into_iter().find(|wanted| output.rc == 0 && out.lines().any(|line| line == *wanted)).unwrap_or("C")
}
