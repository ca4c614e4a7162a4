//! Whether a version fits what a collection asks for: `>=2.15.0,<2.20`.

use crate::value::str_repr;
use std::cmp::Ordering;

/// Whether a version satisfies all specifiers, which have commas between them; an error where one is none.
pub(super) fn satisfies(version: &str, specifiers: &str) -> Result<bool, String> {
    let all: Vec<&str> = specifiers.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    match all.iter().find(|one| !is_specifier(one)) {
        Some(wrong) => Err(format!("Invalid specifier: {}", str_repr(wrong))),
        None => Ok(all.iter().all(|one| fits(version, one))),
    }
}

fn is_specifier(text: &str) -> bool {
    let signs = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"];
    let Some(rest) = signs.iter().find_map(|sign| text.strip_prefix(sign)) else { return false };
    let version = rest.trim_start();
    let of_version = |c: char| c.is_ascii_alphanumeric() || ".+-_!*".contains(c);
    version.starts_with(|c: char| c.is_ascii_digit() || c == 'v') && version.chars().all(of_version)
}

fn fits(version: &str, specifier: &str) -> bool {
    let at = specifier.find(|c: char| c.is_ascii_digit()).unwrap_or(specifier.len());
    let (sign, wanted) = (specifier[..at].trim(), specifier[at..].trim());
    let order = compare(version, wanted.trim_end_matches(".*"));
    match sign {
        ">=" => order != Ordering::Less,
        ">" => order == Ordering::Greater,
        "<=" => order != Ordering::Greater,
        "<" => order == Ordering::Less,
        "==" if wanted.ends_with(".*") => starts(version, wanted.trim_end_matches(".*")),
        "!=" if wanted.ends_with(".*") => !starts(version, wanted.trim_end_matches(".*")),
        "==" | "===" => order == Ordering::Equal,
        "!=" => order != Ordering::Equal,
        "~=" => {
            let line = wanted.rsplit_once('.').map_or(wanted, |(line, _)| line);
            order != Ordering::Less && starts(version, line)
        }
        _ => false,
    }
}

/// The numbers of a release; what is before a final one counts as that one.
fn numbers(version: &str) -> Vec<u64> {
    let of = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    let mut all: Vec<u64> = version.split('.').map(of).collect();
    while all.last() == Some(&0) {
        all.pop();
    }
    all
}

fn compare(a: &str, b: &str) -> Ordering {
    numbers(a).cmp(&numbers(b))
}

fn starts(version: &str, with: &str) -> bool {
    let with: Vec<&str> = with.split('.').collect();
    let version: Vec<&str> = version.split('.').collect();
    version.get(..with.len()).is_some_and(|start| start == with)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers() {
        for (specifier, want) in [
            (">=2.15.0", true),
            (">=2.9,<2.19", false),
            (">=2.9.10, <2.20.0", true),
            ("==2.19.*", true),
            ("!=2.19.*", false),
            ("~=2.19.3", true),
            ("~=2.18.3", false),
            (">2.19.14", false),
            ("==2.19.14", true),
            ("", true),
        ] {
            assert_eq!(satisfies("2.19.14", specifier), Ok(want), "{specifier}");
        }
        for wrong in ["what", "2.9", ">=", ">= x"] {
            let want = format!("Invalid specifier: '{wrong}'");
            assert_eq!(satisfies("2.19.14", &format!(">=2,{wrong}")), Err(want));
        }
    }
}
