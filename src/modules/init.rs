//! What the modules of services share: init scripts and their links, what manages the host, processes by `ps`.

use super::Call;
use crate::host::glob::glob;
use crate::proto::Outcome;
use std::path::Path;

/// The script that a service's name stands for.
pub(super) fn script(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("/etc/init.d/{name}") }
}

/// Whether there is an init script of this name.
pub(super) fn has_script(name: &str) -> bool {
    Path::new(&script(name)).exists()
}

/// Whether a runlevel, or any of them, starts the init script: it has a link `S00name`.
pub(super) fn is_enabled(name: &str, runlevel: Option<&str>) -> bool {
    let base = if Path::new("/etc/rc0.d/").is_dir() { "/etc" } else { "/etc/init.d" };
    !glob(&format!("{base}/rc{}.d/S??{name}", runlevel.unwrap_or("?")), None).is_empty()
}

/// The result where there is no such service.
pub(super) fn missing(name: &str, place: &str) -> Outcome {
    Outcome::failed(format!("Could not find the requested service {name}: {place}"))
}

/// Whether systemd is the host's first process, and can be talked to.
pub(super) fn is_systemd(call: &Call<'_>) -> bool {
    // As sd_booted(3) tells it.
    const BOOTED: [&str; 3] = ["/run/systemd/system/", "/dev/.run/systemd/", "/dev/.systemd/"];
    if call.env.find_program("systemctl").is_none() {
        return false;
    }
    let first = || std::fs::read_to_string("/proc/1/comm").unwrap_or_default();
    BOOTED.iter().any(|path| Path::new(path).exists()) || first().lines().next().map(str::trim) == Some("systemd")
}

/// Whether a line of `ps` has this text.
pub(super) fn has_process(call: &Call<'_>, text: &str) -> Result<bool, Outcome> {
    let argv = [call.need_program("ps")?.to_string_lossy().into_owned(), "auxww".to_owned()];
    let output = call.command(&argv).run().map_err(|error| super::command::not_started(&argv, &error))?;
    Ok(output.rc == 0 && output.out().lines().any(|line| line.contains(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_of_scripts() {
        assert_eq!(script("cron"), "/etc/init.d/cron");
        assert_eq!(script("/opt/x"), "/opt/x");
        assert!(!has_script("no-such-service") && !is_enabled("no-such-service", None));
    }
}
