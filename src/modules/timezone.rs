//! `community.general.timezone`: the time zone, and whether the hardware clock keeps UTC.
//!
//! Where systemd answers, `timedatectl` does it; elsewhere the files of the distribution, and its tools.

use super::attributes::real_path;
use super::setup::os_release::Release;
use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Kind, Spec, boolean};
use crate::host::Replace;
use crate::proto::Outcome;
use crate::re::{Flags, Pattern};
use crate::value::{Dict, Value, repr};
use std::fs;
use std::io;
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "timezone",
    doc: "Configure timezone setting.",
    spec: &Spec {
        required_one_of: &[&["hwclock", "name"]],
        ..Spec::new(&[
            Arg::new("hwclock", Kind::Str).choices(&["local", "UTC"]).aliases(&["rtc"]),
            Arg::new("name", Kind::Str),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

/// How it is done on this host.
enum Way {
    Systemd { timedatectl: String },
    Files(Files),
}

/// The files and tools of a distribution without systemd.
struct Files {
    name_file: &'static str,
    hwclock_file: Option<&'static str>,
    /// Where the zone's name stands in its file, and the line that sets it.
    name_pattern: &'static str,
    name_line: fn(&str) -> String,
    /// What is run once the file names the zone.
    update: Vec<Vec<String>>,
    hwclock: String,
}

struct Job<'a> {
    call: &'a Call<'a>,
    messages: Vec<String>,
}

const ADJTIME: &str = "/etc/adjtime";
const LOCALTIME: &str = "/etc/localtime";
const ZONES: &str = "/usr/share/zoneinfo/";

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let mut job = Job { call, messages: Vec::new() };
    let way = job.way()?;
    let planned: Vec<(&str, String)> =
        ["hwclock", "name"].into_iter().filter_map(|key| Some((key, call.args.opt_str(key)?.to_owned()))).collect();
    let dict =
        |pairs: &[(&str, String)]| Dict::from_iter(pairs.iter().map(|(k, v)| (Value::from(*k), v.as_str().into())));
    let before = job.state(&way, &planned, true)?;
    let mut after = planned.clone();
    if !call.check() {
        for ((key, wanted), (_, now)) in planned.iter().zip(&before) {
            if wanted != now {
                job.set(&way, key, wanted)?;
            }
        }
        after = job.state(&way, &planned, false)?;
        if after != planned {
            let show = |pairs: &[(&str, String)]| repr(&Value::from(dict(pairs)));
            let (planned, after) = (show(&planned), show(&after));
            return Err(job.abort(format!(
                "still not desired state, though changes have made - planned: {planned}, after: {after}"
            )));
        }
    }
    let diff = Dict::from([("before", dict(&before)), ("after", dict(&after))]);
    let mut outcome = Outcome::changed(before != after).with("diff", diff);
    if !job.messages.is_empty() {
        outcome.set("msg", job.messages.join("\n"));
    }
    Ok(outcome)
}

fn first(pattern: &str, text: &str) -> Result<Option<String>, Outcome> {
    let flags = Flags { multiline: true, ..Flags::default() };
    let found = Pattern::new(pattern, flags).and_then(|pattern| pattern.search(text, 0)).map_err(Outcome::crashed)?;
    Ok(found.and_then(|found| found.group(text, 1).map(str::to_owned)))
}

impl Job<'_> {
    fn abort(&self, msg: impl Into<String>) -> Outcome {
        let mut lines = vec!["Error message:".to_owned(), msg.into()];
        if !self.messages.is_empty() {
            lines.push("Other message(s):".into());
            lines.extend(self.messages.clone());
        }
        Outcome::failed(lines.join("\n"))
    }

    fn execute(&self, argv: &[String]) -> Result<String, Outcome> {
        let output = self.call.command(argv).run().map_err(|error| command::not_started(argv, &error))?;
        if output.rc == 0 {
            return Ok(output.out());
        }
        Err(command::refused(argv, &output))
    }

    fn program(&self, name: &str) -> Result<String, Outcome> {
        Ok(self.call.need_program(name)?.to_string_lossy().into_owned())
    }

    fn has(&self, name: &str) -> bool {
        self.call.env.find_program(name).is_some()
    }

    fn way(&self) -> Result<Way, Outcome> {
        let timedatectl = self.call.env.find_program("timedatectl").map(|path| path.to_string_lossy().into_owned());
        if let Some(timedatectl) = timedatectl {
            let argv = [timedatectl.clone()];
            let output = self.call.command(&argv).run().map_err(|error| command::not_started(&argv, &error))?;
            if output.rc == 0 {
                self.zone_file()?;
                return Ok(Way::Systemd { timedatectl });
            }
        }
        self.files().map(Way::Files)
    }

    /// The file of the wanted zone; empty where none is asked for.
    fn zone_file(&self) -> Result<String, Outcome> {
        let Some(zone) = self.call.args.opt_str("name") else { return Ok(String::new()) };
        let path = format!("{ZONES}{zone}");
        match Path::new(&path).is_file() {
            true => Ok(path),
            false => Err(self.abort(format!("given timezone \"{zone}\" is not available"))),
        }
    }

    fn files(&self) -> Result<Files, Outcome> {
        let zone_file = self.zone_file()?;
        let named = !zone_file.is_empty();
        let zone = self.call.args.str("name");
        let mut update = Vec::new();
        if named {
            let cp = self.program("cp")?;
            // Where the file is a link, the link itself is replaced.
            update = vec![vec![cp, "--remove-destination".into(), zone_file.clone(), LOCALTIME.into()]];
        }
        let hwclock = self.program("hwclock")?;
        let mut files = Files {
            name_file: "/etc/timezone",
            hwclock_file: None,
            name_pattern: r"^([^\s]+)",
            name_line: |zone| format!("{zone}\n"),
            update,
            hwclock,
        };
        let id = Release::system().id();
        if self.has("dpkg-reconfigure") {
            files.hwclock_file = Some("/etc/default/rcS");
            if named {
                files.update = vec![
                    vec![self.program("ln")?, "-sf".into(), zone_file, LOCALTIME.into()],
                    ["dpkg-reconfigure", "--frontend", "noninteractive", "tzdata"].map(str::to_owned).to_vec(),
                ];
                if let Some(first) = files.update.get_mut(1).and_then(|argv| argv.first_mut()) {
                    *first = self.program("dpkg-reconfigure")?;
                }
            }
        } else if matches!(id.as_str(), "alpine" | "gentoo") {
            files.hwclock_file = Some("/etc/conf.d/hwclock");
            if id == "alpine" {
                files.update = vec![vec![self.program("setup-timezone")?, "-z".into(), zone.to_owned()]];
            }
        } else {
            self.red_hat(&mut files, &id)?;
        }
        Ok(files)
    }

    /// RHEL and SUSE, which call the zone by different keys of one file.
    fn red_hat(&self, files: &mut Files, id: &str) -> Result<(), Outcome> {
        if self.has("tzdata-update") && !Path::new(LOCALTIME).is_symlink() {
            files.update = vec![vec![self.program("tzdata-update")?]];
        }
        files.name_file = "/etc/sysconfig/clock";
        files.hwclock_file = Some(files.name_file);
        let suse = match fs::read_to_string(files.name_file) {
            Ok(text) => first(r"^(TIMEZONE)\s*=", &text)?.is_some(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => id == "suse",
            Err(_) => {
                return Err(self.abort(format!("could not read configuration file \"{}\"", files.name_file)));
            }
        };
        if suse {
            files.name_pattern = r#"^TIMEZONE\s*=\s*"?([^"\s]+)"?"#;
            files.name_line = |zone| format!("TIMEZONE=\"{zone}\"\n");
        } else {
            files.name_pattern = r#"^ZONE\s*=\s*"?([^"\s]+)"?"#;
            files.name_line = |zone| format!("ZONE=\"{zone}\"\n");
        }
        Ok(())
    }

    /// What the host has for each key that is asked for.
    fn state<'k>(
        &self,
        way: &Way,
        planned: &[(&'k str, String)],
        before: bool,
    ) -> Result<Vec<(&'k str, String)>, Outcome> {
        let status = match way {
            Way::Systemd { timedatectl } => self.execute(&[timedatectl.clone(), "status".into()])?,
            Way::Files(_) => String::new(),
        };
        planned
            .iter()
            .map(|(key, wanted)| {
                let value = match (way, *key) {
                    (Way::Systemd { .. }, "hwclock") => {
                        let word = first(r"^\s*RTC in local TZ\s*:\s*([^\s]+)", &status)?.ok_or_else(no_match)?;
                        clock(truth(&word))
                    }
                    (Way::Systemd { .. }, _) => {
                        first(r"^\s*Time ?zone\s*:\s*([^\s]+)", &status)?.ok_or_else(no_match)?
                    }
                    (Way::Files(files), "hwclock") => self.clock_in_files(files, wanted)?,
                    (Way::Files(files), _) => self.zone_in_files(files, wanted, before)?,
                };
                Ok((*key, value))
            })
            .collect()
    }

    fn read(&self, path: &str, key: &str) -> Result<Option<String>, Outcome> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(_) => {
                Err(self.abort(format!("tried to configure {key} using a file \"{path}\", but could not read it")))
            }
        }
    }

    fn clock_in_files(&self, files: &Files, wanted: &str) -> Result<String, Outcome> {
        let path = files.hwclock_file.unwrap_or("");
        let text = self.read(path, "hwclock")?.unwrap_or_default();
        let Some(word) = first(r"^UTC\s*=\s*([^\s]+)", &text)? else { return Ok("n/a".into()) };
        let value = clock(!truth(&word));
        if value != wanted {
            return Ok(value);
        }
        let text = self.read(ADJTIME, "adjtime")?.unwrap_or_default();
        Ok(match first("^(UTC|LOCAL)$", &text)?.as_deref() {
            Some("LOCAL") => "local".into(),
            _ => "UTC".into(),
        })
    }

    fn zone_in_files(&self, files: &Files, wanted: &str, before: bool) -> Result<String, Outcome> {
        let path = files.name_file;
        let Some(text) = self.read(path, "name")? else { return Ok("n/a".into()) };
        let value = match first(files.name_pattern, &text)? {
            Some(value) => value,
            None if before => return Ok("n/a".into()),
            None => {
                return Err(self.abort(format!(
                    "tried to configure name using a file \"{path}\", but could not find a valid value in it"
                )));
            }
        };
        if value != wanted {
            return Ok(value);
        }
        Ok(linked_zone(wanted).unwrap_or_else(|| "n/a".into()))
    }

    fn set(&mut self, way: &Way, key: &str, value: &str) -> Result<(), Outcome> {
        match (way, key) {
            (Way::Systemd { timedatectl }, _) => {
                let (verb, value) = match key {
                    "hwclock" => ("set-local-rtc", if value == "local" { "yes" } else { "no" }),
                    _ => ("set-timezone", value),
                };
                self.logged(&[timedatectl.clone(), verb.into(), value.into()])
            }
            (Way::Files(files), "hwclock") => {
                let (option, utc) = if value == "local" { ("--localtime", "no") } else { ("--utc", "yes") };
                if let Some(path) = files.hwclock_file {
                    self.edit(path, r"^UTC\s*=\s*([^\s]+)", &format!("UTC={utc}\n"), "hwclock")?;
                }
                self.logged(&[files.hwclock.clone(), "--systohc".into(), option.into()])
            }
            (Way::Files(files), _) => {
                self.edit(files.name_file, files.name_pattern, &(files.name_line)(value), "name")?;
                files.update.iter().try_for_each(|argv| self.execute(argv).map(drop))
            }
        }
    }

    fn logged(&mut self, argv: &[String]) -> Result<(), Outcome> {
        self.execute(argv)?;
        self.messages.push(format!("executed `{}`", argv.join(" ")));
        Ok(())
    }

    /// Puts a line in the place of the first that matches, and removes the others that do.
    fn edit(&mut self, path: &str, pattern: &str, new: &str, key: &str) -> Result<(), Outcome> {
        let text = self.read(path, key)?.unwrap_or_default();
        let (text, removed) = edited(&text, pattern, new)?;
        let real = real_path(path);
        let replace = Replace { unsafe_writes: true, ..Replace::new(Path::new(&real)) };
        replace.bytes(text.as_bytes()).map_err(|_| {
            self.abort(format!("tried to configure {key} using a file \"{path}\", but could not write to it"))
        })?;
        self.messages.push(format!("Added 1 line and deleted {removed} line(s) on {path}"));
        Ok(())
    }
}

fn edited(text: &str, pattern: &str, new: &str) -> Result<(String, usize), Outcome> {
    let mut lines: Vec<&str> = Vec::new();
    let mut place = None;
    let mut removed = 0;
    for line in text.split_inclusive('\n') {
        if first(pattern, line)?.is_some() {
            removed += 1;
            place.get_or_insert(lines.len());
        } else {
            lines.push(line);
        }
    }
    lines.insert(place.unwrap_or(0), new);
    Ok((lines.concat(), removed))
}

fn no_match() -> Outcome {
    Outcome::crashed("'NoneType' object has no attribute 'group'")
}

fn truth(word: &str) -> bool {
    boolean(&word.into()).unwrap_or(false)
}

fn clock(local: bool) -> String {
    if local { "local".into() } else { "UTC".into() }
}

/// The zone that /etc/localtime stands for, where it can be told.
fn linked_zone(wanted: &str) -> Option<String> {
    if Path::new(LOCALTIME).is_symlink() {
        let target = fs::read_link(LOCALTIME).ok().filter(|_| Path::new(LOCALTIME).exists())?;
        return zone_of_link(&target.to_string_lossy());
    }
    let same = fs::read(LOCALTIME).ok()? == fs::read(format!("{ZONES}{wanted}")).ok()?;
    same.then(|| wanted.to_owned())
}

fn zone_of_link(target: &str) -> Option<String> {
    let starts = ["/usr/share/zoneinfo/", "/etc/zoneinfo/"];
    let found = starts.iter().filter_map(|start| target.find(start).map(|at| at + start.len())).min();
    found.map(|at| target[at..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files() {
        let (text, removed) =
            edited("# c\nZONE=\"A/B\"\nZONE=x\nUTC=yes\n", r#"^ZONE\s*=\s*"?([^"\s]+)"?"#, "ZONE=\"C\"\n")
                .expect("edited");
        assert_eq!((text.as_str(), removed), ("# c\nZONE=\"C\"\nUTC=yes\n", 2));
        assert_eq!(edited("", r"^([^\s]+)", "UTC\n").expect("edited").0, "UTC\n");
    }

    #[test]
    fn links() {
        assert_eq!(zone_of_link("/usr/share/zoneinfo/Europe/Rome").as_deref(), Some("Europe/Rome"));
        assert_eq!(zone_of_link("../usr/share/zoneinfo/UTC").as_deref(), Some("UTC"));
        assert_eq!(zone_of_link("/etc/zoneinfo/UTC").as_deref(), Some("UTC"));
        assert_eq!(zone_of_link("/x/y"), None);
    }

    #[test]
    fn words_of_timedatectl() {
        let text = "               Local time: Mon\n                Time zone: Etc/UTC (UTC, +0000)\n          RTC in local TZ: no\n";
        assert_eq!(first(r"^\s*Time ?zone\s*:\s*([^\s]+)", text).expect("read").as_deref(), Some("Etc/UTC"));
        assert_eq!(first(r"^\s*RTC in local TZ\s*:\s*([^\s]+)", text).expect("read").as_deref(), Some("no"));
        assert_eq!(clock(truth("no")), "UTC");
    }
}
