//! Tar archives, plain or compressed, by GNU tar alone.

use super::{Job, Refusal, State, execute};
use crate::host::{glob, words};
use crate::modules::Call;
use crate::proto::Outcome;

/// The handlers' names and what they add to tar's options, in the order in which they are tried.
pub(super) const KINDS: &[(&str, &str)] = &[
    ("TgzArchive", "-z"),
    ("TarArchive", ""),
    ("TarBzipArchive", "-j"),
    ("TarXzArchive", "-J"),
    ("TarZstdArchive", "--use-compress-program=zstd"),
];

/// The ends of lines of `tar --diff` that tell a difference whatever was asked for.
const DIFFERENCES: [&str; 5] = [
    ": Mod time differs",
    ": Warning: Cannot stat: No such file or directory",
    ": Symlink differs",
    ": Contents differ",
    ": Size differs",
];

/// A tar archive that can be read.
pub(super) struct Tar {
    kind: &'static (&'static str, &'static str),
    program: String,
    exclude: Vec<String>,
    files: Vec<String>,
}

impl Tar {
    /// Takes an archive, if tar can list it.
    pub(super) fn new(
        call: &Call<'_>,
        job: &Job,
        kind: &'static (&'static str, &'static str),
    ) -> Result<Self, Refusal> {
        if call.check() {
            let msg = format!("remote module ({}) does not support check mode when using gtar", call.name);
            return Err(Refusal::End(Outcome::changed(false).with("skipped", true).with("msg", msg)));
        }
        let Some(program) = ["gtar", "tar"].into_iter().find_map(|name| call.env.find_program(name)) else {
            return Err(Refusal::Reason("Unable to find required 'gtar' or 'tar' binary in the path".into()));
        };
        let program = program.to_string_lossy().into_owned();
        let version = execute(call, &[program.clone(), "--version".into()], false, None)?.out();
        let found = match () {
            () if version.starts_with("bsdtar") => "bsd",
            () if version.starts_with("tar") && version.contains("GNU") => "gnu",
            () => "None",
        };
        if found != "gnu" {
            let reason = format!("Command \"{program}\" detected as tar type {found}. GNU tar required.");
            return Err(Refusal::Reason(reason));
        }
        let exclude = job.exclude.iter().map(|path| path.trim_end_matches('/').to_owned()).collect();
        let mut tar = Self { kind, program, exclude, files: Vec::new() };
        tar.list(call, job)?;
        if tar.files.is_empty() {
            return Err(Refusal::Reason(format!(
                "Command \"{}\" found no files in archive. Empty archive files are not supported.",
                tar.program
            )));
        }
        Ok(tar)
    }

    pub(super) fn name(&self) -> &'static str {
        self.kind.0
    }

    /// The names in the archive that are not excluded.
    pub(super) fn files(&self) -> &[String] {
        &self.files
    }

    fn command(&self, job: &Job, action: &str) -> Vec<String> {
        let mut cmd = vec![self.program.clone(), action.to_owned(), "-C".to_owned(), job.dest.clone()];
        if !self.kind.1.is_empty() {
            cmd.push(self.kind.1.to_owned());
        }
        if !job.opts.is_empty() {
            cmd.push("--show-transformed-names".to_owned());
            cmd.extend(job.opts.iter().cloned());
        }
        if action != "--list" {
            let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
            cmd.extend(filled(&job.file.owner).map(|owner| format!("--owner={}", words::quote(&owner))));
            cmd.extend(filled(&job.file.group).map(|group| format!("--group={}", words::quote(&group))));
            if job.keep_newer {
                cmd.push("--keep-newer-files".to_owned());
            }
        }
        cmd.extend(self.exclude.iter().map(|path| format!("--exclude={path}")));
        cmd.extend(["-f".to_owned(), job.src.clone()]);
        cmd.extend(job.include.iter().cloned());
        cmd
    }

    fn list(&mut self, call: &Call<'_>, job: &Job) -> Result<(), Refusal> {
        let output = execute(call, &self.command(job, "--list"), true, Some(&job.dest))?;
        if output.rc != 0 {
            return Err(Refusal::Reason(format!(
                "Command \"{}\" could not handle archive: Unable to list files in the archive: {}",
                self.program,
                output.err()
            )));
        }
        for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let name = unescaped(line);
            // Nothing is unpacked outside the folder; tar strips the slash too.
            let name = name.strip_prefix('/').unwrap_or(&name);
            if !self.exclude.iter().any(|pattern| glob::matches(pattern, name)) {
                self.files.push(name.to_owned());
            }
        }
        Ok(())
    }

    /// Compares the archive with the tree.
    pub(super) fn state(&self, call: &Call<'_>, job: &Job) -> Result<State, Outcome> {
        let output = execute(call, &self.command(job, "--diff"), true, Some(&job.dest))?;
        let root = rustix::process::getuid().is_root();
        let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
        let (owner, group) = (given(&job.file.owner), given(&job.file.group));
        let differs = |line: &str| {
            // With `--strip-components` tar tells of empty names, which mean nothing.
            if line.ends_with(": : Warning: Cannot stat: No such file or directory") {
                return false;
            }
            // What is set afterwards anyway is no difference here.
            (root && !owner && line.ends_with(": Uid differs"))
                || (root && !group && line.ends_with(": Gid differs"))
                || (!job.file.mode.truthy() && line.ends_with(": Mode differs"))
                || DIFFERENCES.iter().any(|end| line.ends_with(end))
                || line.contains(": Invalid owner")
                || line.contains(": Invalid group")
        };
        let (out, err) = (output.out(), output.err());
        Ok(State { unarchived: !out.lines().chain(err.lines()).any(differs), diff: String::new() })
    }

    /// The command that unpacks.
    pub(super) fn extract(&self, job: &Job) -> Vec<String> {
        self.command(job, "--extract")
    }
}

/// A name as tar lists it, with its C escapes decoded.
fn unescaped(line: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let Some((&kind, after)) = rest.split_first().filter(|_| byte == b'\\') else {
            bytes.push(byte);
            continue;
        };
        rest = after;
        let plain = match kind {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\\' | b'\'' | b'"' => kind,
            b'0'..=b'7' => {
                let mut value = u32::from(kind - b'0');
                for _ in 0..2 {
                    let Some((digit @ b'0'..=b'7', after)) = rest.split_first() else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    rest = after;
                }
                value.to_le_bytes()[0]
            }
            other => {
                bytes.push(b'\\');
                other
            }
        };
        bytes.push(plain);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn names_as_tar_escapes_them() {
        for (listed, name) in [
            (r"a/b c", "a/b c"),
            (r"\343\201\217", "く"),
            (r"back\\slash\t\n", "back\\slash\t\n"),
            (r"odd\q end\", r"odd\q end\"),
            (r"\0601", "01"),
        ] {
            assert_eq!(unescaped(listed.as_bytes()), name);
        }
    }
}
