//! Locales: one whose messages can be read in, and a stand-in for one that the host does not have.

use super::{Command, Env};
use std::path::Path;

/// The locales that are asked for, the best first.
const WANTED: [&str; 6] = ["C.utf8", "C.UTF-8", "en_US.utf8", "en_US.UTF-8", "C", "POSIX"];

/// The best parsable locale that the host has; `C` where it cannot say.
pub fn parsable(env: &Env) -> &'static str {
    best(&known(env))
}

/// The locale to set for children where the environment names one that does not exist.
///
/// Ansible's modules do so, since many programs complain or fail otherwise; a valid one is passed on.
pub fn replacement(env: &Env) -> Option<&'static str> {
    let get = |name: &str| env.get(name).filter(|value| !value.is_empty());
    let names = match get("LC_ALL") {
        Some(all) => vec![all],
        None => ["LC_CTYPE", "LC_COLLATE", "LC_MESSAGES", "LC_NUMERIC", "LC_TIME", "LC_MONETARY", "LANG"]
            .into_iter()
            .filter_map(get)
            .collect(),
    };
    let unsure: Vec<String> = names.into_iter().filter(|name| !is_built_in(name)).collect();
    if unsure.is_empty() {
        return None;
    }
    let known = known(env);
    let normal: Vec<String> = known.iter().map(|name| normal(name)).collect();
    let missing = unsure.iter().any(|name| !normal.contains(&self::normal(name)));
    missing.then(|| best(&known))
}

/// Whether a name needs no look at the list of locales.
fn is_built_in(name: &str) -> bool {
    matches!(name, "C" | "POSIX") || (!name.contains('/') && Path::new("/usr/lib/locale").join(normal(name)).exists())
}

fn best(known: &[String]) -> &'static str {
    WANTED.into_iter().find(|wanted| known.iter().any(|name| name == wanted)).unwrap_or("C")
}

fn known(env: &Env) -> Vec<String> {
    let Some(program) = env.find_program("locale") else { return Vec::new() };
    let output = Command::new(env, [program.as_os_str(), "-a".as_ref()]).run().unwrap_or_default();
    if output.rc == 0 { output.out().lines().map(str::to_owned).collect() } else { Vec::new() }
}

/// The name with its codeset as the C library compares it: `en_US.UTF-8` is `en_US.utf8`.
fn normal(name: &str) -> String {
    match name.split_once('.') {
        Some((language, codeset)) => {
            let (codeset, modifier) = codeset.split_once('@').map_or((codeset, None), |(c, m)| (c, Some(m)));
            let codeset = codeset.replace(['-', '_'], "").to_lowercase();
            let modifier = modifier.map(|modifier| format!("@{modifier}")).unwrap_or_default();
            format!("{language}.{codeset}{modifier}")
        }
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codesets_are_compared_loosely() {
        assert_eq!(normal("en_US.UTF-8"), "en_US.utf8");
        assert_eq!(normal("de_DE.ISO-8859-15@euro"), "de_DE.iso885915@euro");
        assert_eq!(normal("C"), "C");
    }

    #[test]
    fn a_locale_that_is_not_there_is_replaced() {
        let env = Env::default().with("LC_ALL", "xx_YY.UTF-8");
        assert_eq!(replacement(&env), Some(parsable(&env)));
        assert_eq!(replacement(&Env::default().with("LC_ALL", "C")), None);
    }
}
