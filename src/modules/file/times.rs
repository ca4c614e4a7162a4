//! A file's times: kept, now, or what a text says in a format.

use crate::host::{errors, time};
use crate::modules::Call;
use crate::modules::attributes::{is_link, note};
use crate::proto::Outcome;
use crate::value::Dict;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What one time is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stamp {
    Keep,
    Now,
    At(f64),
}

/// What both times are to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    modified: Stamp,
    accessed: Stamp,
}

impl Times {
    /// From a call's arguments: `touch` means now where nothing is said, the other states keep them.
    pub fn of(call: &Call<'_>, state: &str) -> Result<Self, Outcome> {
        let stamp = |name: &str, format: &str| {
            let default = if state == "touch" { "now" } else { "preserve" };
            let text = call.args.opt_str(name).unwrap_or(default);
            let format = call.args.str(format);
            match text {
                "preserve" => Ok(Stamp::Keep),
                "now" => Ok(Stamp::Now),
                text => {
                    time::parse_local(&call.env, text, format).map(|seconds| Stamp::At(seconds as f64)).map_err(|why| {
                        Outcome::failed(format!(
                            "Error while obtaining timestamp for time {text} using format {format}: {why}"
                        ))
                    })
                }
            }
        };
        Ok(Self {
            modified: stamp("modification_time", "modification_time_format")?,
            accessed: stamp("access_time", "access_time_format")?,
        })
    }

    /// Sets what differs; says whether something did.
    pub fn apply(&self, call: &Call<'_>, path: &str, diff: Option<&mut Dict>) -> Result<bool, Outcome> {
        self.set(call, Path::new(path), diff).map_err(|e| {
            let why = errors::plain(&e);
            Outcome::failed(format!("Error while updating modification or access time: {why}")).with("path", path)
        })
    }

    /// The same below a folder, where a link may point to nothing.
    pub fn apply_to_entry(&self, call: &Call<'_>, path: &str) -> Result<bool, Outcome> {
        if is_link(path) && !Path::new(path).exists() {
            return Ok(false);
        }
        self.apply(call, path, None)
    }

    fn set(&self, call: &Call<'_>, path: &Path, mut diff: Option<&mut Dict>) -> std::io::Result<bool> {
        if (self.modified, self.accessed) == (Stamp::Keep, Stamp::Keep) {
            return Ok(false);
        }
        let meta = fs::metadata(path)?;
        let float = |seconds: i64, nanos: i64| seconds as f64 + 1e-9 * nanos as f64;
        let old = (float(meta.mtime(), meta.mtime_nsec()), float(meta.atime(), meta.atime_nsec()));
        let now = time::now_float();
        let new = |stamp, old| match stamp {
            Stamp::Keep => old,
            Stamp::Now => now,
            Stamp::At(seconds) => seconds,
        };
        let (modified, accessed) = (new(self.modified, old.0), new(self.accessed, old.1));
        if (modified, accessed) == old {
            return Ok(false);
        }
        if !call.check() {
            let times = Timestamps {
                last_access: timespec(self.accessed, (meta.atime(), meta.atime_nsec())),
                last_modification: timespec(self.modified, (meta.mtime(), meta.mtime_nsec())),
            };
            utimensat(CWD, path, &times, AtFlags::empty())?;
        }
        if modified != old.0 {
            note(diff.as_deref_mut(), "mtime", old.0, modified);
        }
        if accessed != old.1 {
            note(diff, "atime", old.1, accessed);
        }
        Ok(true)
    }
}

/// Both as `UTIME_NOW` need no ownership of the file, only permission to write.
fn timespec(stamp: Stamp, old: (i64, i64)) -> Timespec {
    match stamp {
        Stamp::Keep => Timespec { tv_sec: old.0, tv_nsec: old.1 as _ },
        Stamp::Now => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        Stamp::At(seconds) => Timespec { tv_sec: seconds as i64, tv_nsec: 0 },
    }
}
