//! `checksum`: an algorithm and a sum, or the URL of a file of sums.

use super::{Told, get, name_of};
use crate::host::digest;
use crate::http::url::{self, Url};
use crate::modules::{Call, web};
use crate::proto::Outcome;
use regex::Regex;
use std::path::Path;

/// The sum that the content must have.
pub(super) struct Wanted {
    algorithm: String,
    /// Hexadecimal digits.
    pub(super) sum: String,
}

impl Wanted {
    /// What the arguments say; a file of sums is downloaded.
    pub(super) fn of(call: &Call<'_>, told: &Told) -> Result<Option<Self>, Outcome> {
        let given = call.args.str("checksum");
        if given.is_empty() {
            return Ok(None);
        }
        let Some((algorithm, sum)) = given.split_once(':') else {
            return Err(told.failed("The checksum parameter has to be in format <algorithm>:<checksum>"));
        };
        let sum = if is_url(sum) { from_url(call, sum, &told.dest)? } else { sum.to_owned() };
        // Some have invisible characters from a web page among them.
        let sum: String = sum.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect::<String>().to_lowercase();
        if !is_number(&sum) {
            return Err(told.failed("The checksum format is invalid"));
        }
        Ok(Some(Self { algorithm: algorithm.to_owned(), sum }))
    }

    /// The sum of a file.
    pub(super) fn sum_of(&self, path: &str) -> Result<String, Outcome> {
        match digest::of_file(Path::new(path), &self.algorithm) {
            Ok(Some(sum)) => Ok(sum),
            Ok(None) => {
                let (algorithm, all) = (&self.algorithm, digest::ALGORITHMS.join(", "));
                let text =
                    format!("Could not hash file '{path}' with algorithm '{algorithm}'. Available algorithms: {all}");
                Err(Outcome::failed(text))
            }
            Err(error) => Err(Outcome::crashed(crate::host::os_error(&error, path))),
        }
    }
}

fn is_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme.as_str(), "http" | "https" | "ftp" | "file"))
}

/// Whether Python's `int(text, 16)` takes it.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    digits.split('_').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn from_url(call: &Call<'_>, sums: &str, dest: &str) -> Result<String, Outcome> {
    let mut request = web::request(call, sums);
    request.decompress = true;
    let (temp, _) = get(call, &request, dest)?;
    let bytes = std::fs::read(&temp.0).map_err(|e| Outcome::crashed(crate::host::os_error(&e, &temp.0)))?;
    let name = name_of(call.args.str("url"));
    find(&String::from_utf8_lossy(&bytes), &name).map_err(Outcome::crashed)?.ok_or_else(|| {
        let sums = url::mask(sums);
        Outcome::failed(format!("Unable to find a checksum for file '{name}' in '{sums}'"))
    })
}

/// The first sum for a name: in lines of BSD's or GNU's programs, or alone.
fn find(text: &str, name: &str) -> Result<Option<String>, regex::Error> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.split_terminator('\n').collect();
    if let [line] = lines.as_slice()
        && line.split_whitespace().count() == 1
    {
        return Ok(Some((*line).to_owned()));
    }
    let bsd = Regex::new(r"^\w+ ?\((?<path>.+)\) ?= (?<digest>[\w.]+)$")?;
    let gnu = Regex::new(r"^(?<digest>[\w.]+)\s+(?:\*|\./|\.)?(?<path>.+)$")?;
    for line in lines {
        let (found, path) = match (bsd.captures(line), gnu.captures(line)) {
            (Some(found), _) => (found["digest"].to_owned(), found["path"].to_owned()),
            (None, Some(found)) => {
                (found["digest"].to_owned(), found["path"].trim_start_matches(['.', '/']).to_owned())
            }
            (None, None) => continue,
        };
        if path == name {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_sums() {
        let sum = |text: &str| find(text, "27617.txt").expect("patterns are good");
        for (text, wanted) in [
            ("a97e6837\n", Some("a97e6837")),
            ("a97e6837  27617.txt\nb 28.txt\n", Some("a97e6837")),
            ("b  other\na97e6837 *27617.txt\n", Some("a97e6837")),
            ("b  other\na97e6837  ./27617.txt\n", Some("a97e6837")),
            ("b  other\na97e6837  .27617.txt\r\n", Some("a97e6837")),
            ("SHA256 (27617.txt) = a97e6837\nSHA256 (x) = b\n", Some("a97e6837")),
            ("b  not27617.txt\nc  x\n", None),
            ("b  d/27617.txt\nc  x\n", None),
        ] {
            assert_eq!(sum(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn numbers() {
        for (text, good) in [("a9", true), ("0xa", true), ("a_b", true), ("", false), ("x", false), ("_a", false)] {
            assert_eq!(is_number(text), good, "{text}");
        }
    }
}
