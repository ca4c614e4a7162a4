//! What kind of module a file is, by its content, as ansible-core tells.

use crate::host::words;
use crate::proto::FileKind;

/// How the text of an old kind asks for `ansible.module_utils.basic`.
const COMMON: &str = "#<<INCLUDE_ANSIBLE_MODULE_COMMON>>";

/// Where a module's text asks for its arguments as JSON.
pub const JSON_ARGS: &str = "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>";

/// A module's file, looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// How it gets its arguments.
    pub kind: FileKind,
    /// What is to be run, in whatever encoding it is; None for a program.
    pub text: Option<Vec<u8>>,
    /// Its first line's interpreter and that one's arguments.
    pub shebang: Vec<String>,
}

/// Looks at a file; None for PowerShell, which no host of rplay's runs.
pub fn look(content: &[u8]) -> Option<Looked> {
    if is_binary(content) {
        return Some(Looked { kind: FileKind::Binary, text: None, shebang: Vec::new() });
    }
    let text = String::from_utf8_lossy(content);
    let mut content = content.to_vec();
    let kind = if text.contains(COMMON) {
        content = replaced(&content, COMMON, "from ansible.module_utils.basic import *");
        FileKind::Packed
    } else if uses_module_utils(&text) {
        FileKind::Packed
    } else if is_powershell(&text) {
        return None;
    } else if text.contains(JSON_ARGS) {
        FileKind::Whole
    } else if text.contains("WANT_JSON") {
        FileKind::Json
    } else {
        FileKind::Words
    };
    let shebang = shebang(&text);
    Some(Looked { kind, text: Some(content), shebang })
}

/// A file's bytes with some words in the place of others.
pub fn replaced(content: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut made = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.windows(from.len().max(1)).position(|window| window == from.as_bytes()) {
        made.extend_from_slice(&rest[..at]);
        made.extend_from_slice(to.as_bytes());
        rest = &rest[at + from.len()..];
    }
    made.extend_from_slice(rest);
    made
}

/// Whether the first kilobyte holds a byte that no text has.
fn is_binary(content: &[u8]) -> bool {
    let of_text = |b: u8| matches!(b, 7..=10 | 12 | 13 | 27) || (b >= 0x20 && b != 0x7f);
    content.iter().take(1024).any(|&b| !of_text(b))
}

/// Whether a line, wherever it stands, imports out of `module_utils`.
fn uses_module_utils(text: &str) -> bool {
    text.lines().any(|line| {
        let mut found = false;
        for (at, _) in line.match_indices("from ") {
            let rest = line[at + 5..].trim_start_matches(' ');
            let import = rest.find(" import ");
            let dots = rest.len() - rest.trim_start_matches('.').len();
            let relative = dots >= 2 && rest[dots..].trim_start_matches(' ').starts_with("module_utils");
            found |= import.is_some() && (relative || rest.starts_with("ansible.module_utils") || of_collection(rest));
        }
        for (at, _) in line.match_indices("import ") {
            let rest = line[at + 7..].trim_start_matches(' ');
            found |= rest.starts_with("ansible.module_utils.") || of_collection(rest);
        }
        found
    })
}

/// `ansible_collections.a.b.plugins.module_utils…`
fn of_collection(name: &str) -> bool {
    let mut parts = name.splitn(5, '.');
    parts.next() == Some("ansible_collections")
        && parts.next().is_some_and(|part| !part.is_empty())
        && parts.next().is_some_and(|part| !part.is_empty())
        && parts.next() == Some("plugins")
        && parts.next().is_some_and(|rest| rest.starts_with("module_utils"))
}

fn is_powershell(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    text.contains("# POWERSHELL_COMMON")
        || ["#requires -module", "#requires -version"].iter().any(|mark| lower.contains(mark))
        || ["#ansiblerequires -osversion", "#ansiblerequires -powershell", "#ansiblerequires -csharputil"]
            .iter()
            .any(|mark| lower.contains(mark))
}

fn shebang(text: &str) -> Vec<String> {
    let line = text.lines().next().unwrap_or_default();
    match line.strip_prefix("#!") {
        Some(words) => words::split(words.trim()).unwrap_or_default(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: FileKind) {
        assert_eq!(look(text.as_bytes()).unwrap().kind, kind, "{text}");
    }

    #[test]
    fn kinds() {
        check("#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\n", FileKind::Packed);
        check("    from ansible.module_utils import basic", FileKind::Packed);
        check("import ansible.module_utils.basic", FileKind::Packed);
        check("from ..module_utils.x import y", FileKind::Packed);
        check("from ansible_collections.a.b.plugins.module_utils.c import d", FileKind::Packed);
        check("#<<INCLUDE_ANSIBLE_MODULE_COMMON>>", FileKind::Packed);
        check("x = '<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>'", FileKind::Whole);
        check("#!/bin/sh\n# WANT_JSON", FileKind::Json);
        check("#!/bin/sh\necho", FileKind::Words);
        check("from ansible.plugins import x", FileKind::Words);
        check("\0ELF", FileKind::Binary);
        assert_eq!(look(b"#Requires -Module x"), None);
    }

    #[test]
    fn encodings_stay() {
        let latin = b"# coding: latin-1\nfrom ansible.module_utils.basic import x\ny = '\xe9'\n";
        assert_eq!(look(latin).unwrap().text.as_deref(), Some(&latin[..]));
        assert_eq!(replaced(b"a\xe9<<x>>b<<x>>", "<<x>>", "y"), b"a\xe9yby");
        assert_eq!(replaced(b"ab", "abc", "y"), b"ab");
    }

    #[test]
    fn shebangs() {
        let words = |text: &str| look(text.as_bytes()).unwrap().shebang;
        assert_eq!(words("#!/usr/bin/env -S perl -w\n"), ["/usr/bin/env", "-S", "perl", "-w"]);
        assert!(words("echo").is_empty());
    }
}
