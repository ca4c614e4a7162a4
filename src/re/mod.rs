//! Regular expressions as Python's `re` has them, for templates and for modules on the host.
//!
//! Patterns run on `regex`, which cannot blow up, or on `fancy-regex` where they need look-around
//! or back-references. Offsets are in bytes of the text.

mod bytes;
mod escapes;
mod replace;
mod translate;

pub use bytes::{BytesFound, BytesPattern};
pub use replace::{Template, escape};
pub use translate::PatternError;

use translate::{DOLLAR, translate};

/// The flags of `re.compile`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `re.I`
    pub ignore_case: bool,
    /// `re.M`
    pub multiline: bool,
    /// `re.S`
    pub dot_all: bool,
    /// `re.X`
    pub verbose: bool,
    /// `re.A`
    pub ascii: bool,
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Pattern {
    /// Runs on text without a newline at its end, where `$` needs no look-ahead.
    main: Engine,
    /// Runs on text that ends with a newline, where that makes a difference.
    last_line: Option<Engine>,
    names: Vec<(String, usize)>,
    groups: usize,
}

#[derive(Debug)]
enum Engine {
    Plain(regex::Regex),
    Fancy(Box<fancy_regex::Regex>),
}

/// Where a pattern matched: the whole and its groups, as byte offsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    spans: Vec<Option<(usize, usize)>>,
}

impl Found {
    /// Where the match begins.
    pub fn start(&self) -> usize {
        self.spans.first().copied().flatten().map_or(0, |s| s.0)
    }

    /// Where the match ends.
    pub fn end(&self) -> usize {
        self.spans.first().copied().flatten().map_or(0, |s| s.1)
    }

    /// The text of a group; None where it took no part.
    pub fn group<'t>(&self, text: &'t str, number: usize) -> Option<&'t str> {
        let (start, end) = self.spans.get(number).copied().flatten()?;
        text.get(start..end)
    }

    /// Where a group matched; None where it took no part.
    pub fn span(&self, number: usize) -> Option<(usize, usize)> {
        self.spans.get(number).copied().flatten()
    }
}

/// How much memory a compiled pattern may take.
const SIZE: usize = 64 << 20;

impl Engine {
    fn new(text: &str, fancy: bool) -> Result<Self, PatternError> {
        if fancy {
            let built = fancy_regex::RegexBuilder::new(text).delegate_size_limit(SIZE).build();
            built.map(|r| Self::Fancy(Box::new(r))).map_err(|e| PatternError(e.to_string()))
        } else {
            let built = regex::RegexBuilder::new(text).size_limit(SIZE).build();
            built.map(Self::Plain).map_err(|e| PatternError(e.to_string()))
        }
    }

    fn search(&self, text: &str, from: usize) -> Result<Option<Found>, PatternError> {
        Ok(match self {
            Self::Plain(regex) => regex
                .captures_at(text, from)
                .map(|c| Found { spans: c.iter().map(|m| m.map(|m| (m.start(), m.end()))).collect() }),
            Self::Fancy(regex) => {
                let found = regex.captures_from_pos(text, from).map_err(|e| PatternError(e.to_string()))?;
                found.map(|c| Found { spans: c.iter().map(|m| m.map(|m| (m.start(), m.end()))).collect() })
            }
        })
    }
}

/// No text that a replacement makes is longer: it would be a mistake or an attack.
const MOST_BYTES: usize = 1 << 28;

impl Pattern {
    /// Compiles a pattern, as `re.compile`.
    pub fn new(pattern: &str, flags: Flags) -> Result<Self, PatternError> {
        let translated = translate(pattern, flags)?;
        let text = &translated.text;
        let main = Engine::new(&text.replace(DOLLAR, "\\z"), translated.fancy)?;
        let last_line = match translated.dollar {
            true => Some(Engine::new(&text.replace(DOLLAR, "(?=\\n?\\z)"), true)?),
            false => None,
        };
        Ok(Self { main, last_line, names: translated.names, groups: translated.groups })
    }

    /// Compiles what must match from the start: `re.match`, or `re.fullmatch`.
    pub fn anchored(pattern: &str, flags: Flags, full: bool) -> Result<Self, PatternError> {
        // Compiled alone first, so that errors name its own positions.
        Self::new(pattern, flags)?;
        let flag_end = flag_prefix(pattern);
        let (head, body) = pattern.split_at(flag_end);
        let break_ = if flags.verbose || head.contains('x') { "\n" } else { "" };
        Self::new(&format!("{head}\\A(?:{body}{break_}){}", if full { "\\Z" } else { "" }), flags)
    }

    /// How many groups the pattern has.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The number of a named group.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.names.iter().find(|(n, _)| n == name).map(|(_, number)| *number)
    }

    /// The first match at or after a byte offset.
    pub fn search(&self, text: &str, from: usize) -> Result<Option<Found>, PatternError> {
        match &self.last_line {
            Some(engine) if text.ends_with('\n') => engine.search(text, from),
            _ => self.main.search(text, from),
        }
    }

    /// All matches, as `re.finditer`: an empty one may follow another match directly.
    pub fn find_all(&self, text: &str) -> Result<Vec<Found>, PatternError> {
        let mut all = Vec::new();
        let mut from = 0;
        while let Some(found) = (from <= text.len()).then(|| self.search(text, from)).transpose()?.flatten() {
            let (start, end) = (found.start(), found.end());
            from = if end > start { end } else { next_char(text, end) };
            all.push(found);
        }
        Ok(all)
    }

    /// `re.findall`: the whole matches, the only group, or all groups of each match.
    pub fn findall(&self, text: &str) -> Result<Vec<Vec<String>>, PatternError> {
        let wanted = if self.groups == 0 { 0..=0 } else { 1..=self.groups };
        let all = self.find_all(text)?;
        Ok(all.iter().map(|f| wanted.clone().map(|g| f.group(text, g).unwrap_or("").to_owned()).collect()).collect())
    }

    /// `re.subn`: the new text and how often the pattern was replaced; a count of 0 is without limit.
    pub fn replace(&self, text: &str, template: &Template, count: usize) -> Result<(String, usize), PatternError> {
        let mut out = String::new();
        let (mut done, mut last) = (0, 0);
        for found in self.find_all(text)? {
            if count > 0 && done == count {
                break;
            }
            out.push_str(text.get(last..found.start()).unwrap_or(""));
            template.expand(&found, text, &mut out);
            if out.len() > MOST_BYTES {
                return Err(PatternError("the result is too long".into()));
            }
            last = found.end();
            done += 1;
        }
        out.push_str(text.get(last..).unwrap_or(""));
        Ok((out, done))
    }

    /// `re.split`: the parts, and between them the groups; None is a group that took no part.
    pub fn split(&self, text: &str) -> Result<Vec<Option<String>>, PatternError> {
        let mut out = Vec::new();
        let mut last = 0;
        for found in self.find_all(text)? {
            out.push(Some(text.get(last..found.start()).unwrap_or("").to_owned()));
            out.extend((1..=self.groups).map(|g| found.group(text, g).map(str::to_owned)));
            last = found.end();
        }
        out.push(Some(text.get(last..).unwrap_or("").to_owned()));
        Ok(out)
    }
}

fn next_char(text: &str, at: usize) -> usize {
    at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}

/// The length of `(?im)` at the start of a pattern.
fn flag_prefix(pattern: &str) -> usize {
    let mut end = 0;
    while let Some(rest) = pattern.get(end..).and_then(|p| p.strip_prefix("(?")) {
        let letters = rest.chars().take_while(|c| "aimsux".contains(*c)).count();
        if letters == 0 || rest.as_bytes().get(letters) != Some(&b')') {
            break;
        }
        end += letters + 3;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn sub(pattern: &str, replacement: &str, text: &str, want: &str) {
        let pattern = Pattern::new(pattern, Flags::default()).unwrap();
        let template = Template::new(replacement, &pattern).unwrap();
        assert_eq!(pattern.replace(text, &template, 0).unwrap().0, want);
    }

    #[track_caller]
    fn refused(pattern: &str, want: &str) {
        assert_eq!(Pattern::new(pattern, Flags::default()).unwrap_err().to_string(), want, "{pattern}");
    }

    #[test]
    fn replaces_like_python() {
        sub("x*", "-", "abxd", "-a-b--d-");
        sub("(a)|b", "[\\1]", "ab", "[a][]");
        sub("a$", "x", "a\n", "x\n");
        sub("$", "x", "a\n", "ax\nx");
        sub("(?<=a)b", "x", "abb", "axb");
        sub(r"(\w)\1", r"<\g<1>>", "aabc", "<a>bc");
        sub("(?P<n>a+)", r"\g<n>\g<n>", "caat", "caaaat");
        sub("a", r"\n\0", "a", "\n\0");
        sub("a{,2}b", "x", "aaab", "ax");
        sub("{a}", "x", "{a}", "x");
        sub("[]a]", "x", "a]b", "xxb");
        sub("(?i)A", "x", "aA", "xx");
        sub("(?x) a # c\n b", "x", "ab", "x");
        sub("a++b", "x", "aab", "x");
        sub("[^\\s]+", "x", "a b", "x x");
        sub("[\\w.-]+", "x", "a.b-c d", "x x");
    }

    #[test]
    fn errors_are_pythons() {
        for (pattern, want) in [
            ("(", "missing ), unterminated subpattern at position 0"),
            (")", "unbalanced parenthesis at position 0"),
            ("[a", "unterminated character set at position 0"),
            ("[z-a]", "bad character range z-a at position 1"),
            ("a**", "multiple repeat at position 2"),
            ("*a", "nothing to repeat at position 0"),
            ("(*)", "nothing to repeat at position 1"),
            ("(?P<a>x)(?P<a>y)", "redefinition of group name 'a' as group 2; was group 1 at position 12"),
            ("\\", "bad escape (end of pattern) at position 0"),
            ("\\q", "bad escape \\q at position 0"),
            ("(\\1)", "cannot refer to an open group at position 1"),
            ("\\1", "invalid group reference 1 at position 1"),
            ("(?P=x)", "unknown group name 'x' at position 4"),
            ("(?P<1a>x)", "bad character in group name '1a' at position 4"),
            ("(?P<a", "missing >, unterminated name at position 4"),
            ("(?Z)", "unknown extension ?Z at position 1"),
            ("a(?i)", "global flags not at the start of the expression at position 1"),
            ("(?<=a+)b", "look-behind requires fixed-width pattern"),
            ("x{3,2}", "min repeat greater than max repeat at position 2"),
            ("(?", "unexpected end of pattern at position 2"),
            ("(?P", "unexpected end of pattern at position 3"),
            ("(?<x)", "unknown extension ?<x at position 1"),
            ("(?P<>a)", "missing group name at position 4"),
            ("\\x1", "incomplete escape \\x1 at position 0"),
            ("(?(1)a|b)", "invalid group reference 1 at position 3"),
            ("(?-i)", "missing : at position 4"),
            ("(?i", "missing -, : or ) at position 3"),
            ("(?#abc", "missing ), unterminated comment at position 0"),
            ("[\\d-z]", "bad character range \\d-z at position 1"),
            ("a\n(", "missing ), unterminated subpattern at position 2 (line 2, column 1)"),
            ("(?i-i:x)", "bad inline flags: flag turned on and off at position 5"),
            ("x*+*", "multiple repeat at position 3"),
            ("a{99999999999}", "the repetition number is too large"),
        ] {
            refused(pattern, want);
        }
    }

    #[test]
    fn splits_and_finds() {
        let pattern = Pattern::new("(,)", Flags::default()).unwrap();
        assert_eq!(pattern.split("a,b").unwrap(), [Some("a".into()), Some(",".into()), Some("b".into())]);
        let pattern = Pattern::new("(a)(b)?", Flags::default()).unwrap();
        assert_eq!(pattern.findall("aba").unwrap(), [["a", "b"], ["a", ""]]);
        let full = Pattern::anchored("a|ab", Flags::default(), true).unwrap();
        assert!(full.search("ab", 0).unwrap().is_some());
        assert!(full.search("abc", 0).unwrap().is_none());
    }
}
