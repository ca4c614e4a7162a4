//! A stand-in for sudo that asks for a password, whoever runs it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const SCRIPT: &str = r#"#!/bin/sh
never=
prompt='[sudo] password for root:'
while [ $# -gt 0 ]; do
  case $1 in
    -p) prompt=$2; shift 2 ;;
    -u) shift 2 ;;
    -n) never=1; shift ;;
    -*) shift ;;
    *) break ;;
  esac
done
if [ "$never" ]; then echo 'sudo: a password is required' >&2; exit 1; fi
printf %s "$prompt" >&2
read -r word
if [ "$word" != sesame ]; then
  echo 'Sorry, try again.' >&2
  printf %s "$prompt" >&2
  read -r word
  exit 1
fi
exec "$@"
"#;

/// The same, which works on a terminal alone.
pub fn stand_in_for_terminals(folder: &Path) -> String {
    let demand = "[ -t 0 ] || { echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1; }\n";
    let path = folder.join("sudo-tty");
    fs::write(&path, SCRIPT.replacen('\n', &format!("\n{demand}"), 1)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

/// Puts the stand-in into a folder, and says its path. Its password is `sesame`.
pub fn stand_in(folder: &Path) -> String {
    let path = folder.join("sudo");
    fs::write(&path, SCRIPT).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}
