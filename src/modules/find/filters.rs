//! The filters of `find`, read once from its arguments.

use super::Call;
use crate::host::{glob, mode};
use crate::modules::encoding::Encoding;
use crate::proto::Outcome;
use crate::re::{Flags, Pattern};
use std::fs::{File, Metadata};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;

pub(super) struct Filters {
    age: Option<i64>,
    age_stamp: String,
    now: f64,
    size: Option<i64>,
    patterns: Vec<String>,
    excludes: Vec<String>,
    use_regex: bool,
    mode: Option<String>,
    exact_mode: bool,
}

/// A stamp as the sum that Python makes of seconds and nanoseconds.
pub(super) fn stamp(meta: &Metadata, name: &str) -> f64 {
    let (seconds, nanos) = match name {
        "atime" => (meta.atime(), meta.atime_nsec()),
        "ctime" => (meta.ctime(), meta.ctime_nsec()),
        _ => (meta.mtime(), meta.mtime_nsec()),
    };
    seconds as f64 + 1e-9 * nanos as f64
}

/// A number with a letter for its unit.
fn quantity(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let text = text.to_lowercase();
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let unit = units.iter().find(|(letter, _)| text.ends_with(*letter));
    let digits = unit.map_or(text, |_| text.get(..text.len().saturating_sub(1)).unwrap_or(""));
    let number = digits.strip_prefix('-').unwrap_or(digits);
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().unwrap_or(if digits.starts_with('-') { i64::MIN } else { i64::MAX });
    Some(number.saturating_mul(unit.map_or(1, |(_, factor)| *factor)))
}

fn within(limit: Option<i64>, value: f64) -> bool {
    limit.is_none_or(|limit| {
        let bound = limit.unsigned_abs() as f64;
        if limit >= 0 { value >= bound } else { value <= bound }
    })
}

impl Filters {
    pub(super) fn of(call: &Call<'_>) -> Result<Self, Outcome> {
        let read = |name: &str, units: &[(char, i64)]| match call.args.opt_str(name) {
            None => Ok(None),
            Some(text) => match quantity(text, units) {
                Some(number) => Ok(Some(number)),
                None => Err(Outcome::failed(format!("failed to process {name}")).with(name, text)),
            },
        };
        Ok(Self {
            age: read("age", &[('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)])?,
            size: read("size", &[('b', 1), ('k', 1 << 10), ('m', 1 << 20), ('g', 1 << 30), ('t', 1 << 40)])?,
            age_stamp: call.args.str("age_stamp").to_owned(),
            now: crate::host::time::now_float(),
            patterns: call.args.opt_list("patterns").unwrap_or_default(),
            excludes: call.args.opt_list("excludes").unwrap_or_default(),
            use_regex: call.args.bool("use_regex"),
            mode: call.args.opt_str("mode").filter(|mode| !mode.is_empty()).map(str::to_owned),
            exact_mode: call.args.bool("exact_mode"),
        })
    }

    pub(super) fn name(&self, name: &str) -> Result<bool, String> {
        Ok(self.any(&self.patterns, name)? && !self.any(&self.excludes, name)?)
    }

    fn any(&self, patterns: &[String], name: &str) -> Result<bool, String> {
        for pattern in patterns {
            let matches = if self.use_regex {
                starts(pattern)?.search(name, 0).map_err(|error| error.to_string())?.is_some()
            } else {
                glob::matches(pattern, name)
            };
            if matches {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn age(&self, meta: &Metadata) -> bool {
        within(self.age, self.now - stamp(meta, &self.age_stamp))
    }

    pub(super) fn size(&self, meta: &Metadata) -> bool {
        within(self.size, meta.size() as f64)
    }

    pub(super) fn mode(&self, meta: &Metadata) -> Result<bool, String> {
        let Some(text) = &self.mode else { return Ok(true) };
        let wanted = match mode::octal(text) {
            Some(bits) => bits & mode::BITS,
            None => mode::symbolic(text, 0, false, mode::umask())?,
        };
        let own = meta.mode() & mode::BITS;
        Ok(if self.exact_mode { own == wanted } else { own & wanted != 0 })
    }

    /// Whether a line of the file, or the whole, matches.
    pub(super) fn content(&self, call: &Call<'_>, path: &str) -> Result<bool, String> {
        let Some(pattern) = call.args.opt_str("contains") else { return Ok(true) };
        let whole = call.args.bool("read_whole_file");
        let pattern = if whole {
            Pattern::new(pattern, Flags::default()).map_err(|error| error.to_string())?
        } else {
            starts(pattern)?
        };
        let given = call.args.opt_str("encoding");
        let encoding = Encoding::of(given.unwrap_or("utf-8"))?;
        let wrong = || {
            let shown = given.unwrap_or("None (default determined by the Python built-in function \"open\")");
            format!("Failed to read the file {path} due to an encoding error. current encoding: {shown}")
        };
        let decode = |bytes: &[u8]| match encoding.decode(bytes) {
            Ok((text, false)) => Ok(text),
            _ => Err(wrong()),
        };
        // What cannot be read does not match.
        let Ok(file) = File::open(path) else { return Ok(false) };
        let mut file = BufReader::new(file);
        let mut bytes = Vec::new();
        if whole || encoding.is_wide() {
            if file.read_to_end(&mut bytes).is_err() {
                return Ok(false);
            }
            let text = decode(&bytes)?.replace("\r\n", "\n").replace('\r', "\n");
            return if whole { matches(&pattern, &text) } else { any_line(&pattern, &text) };
        }
        while file.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
            let text = decode(&bytes)?.replace("\r\n", "\n").replace('\r', "\n");
            if any_line(&pattern, &text)? {
                return Ok(true);
            }
            bytes.clear();
        }
        Ok(false)
    }
}

fn starts(pattern: &str) -> Result<Pattern, String> {
    Pattern::anchored(pattern, Flags::default(), false).map_err(|error| error.to_string())
}

fn matches(pattern: &Pattern, text: &str) -> Result<bool, String> {
    pattern.search(text, 0).map(|found| found.is_some()).map_err(|error| error.to_string())
}

fn any_line(pattern: &Pattern, text: &str) -> Result<bool, String> {
    for line in text.split_inclusive('\n') {
        if matches(pattern, line)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::quantity;

    #[test]
    fn quantities() {
        let units = [('k', 1024), ('s', 1)];
        for (text, want) in [
            ("2k", Some(2048)),
            ("-3K", Some(-3072)),
            ("7", Some(7)),
            ("x", None),
            ("", None),
            ("1kk", None),
            ("k", None),
        ] {
            assert_eq!(quantity(text, &units), want, "{text}");
        }
    }
}
