//! Patterns over bytes, as Python's `re` runs them on a file that was read as such.
//!
//! Bytes stand as the characters of the same numbers, so that every offset is a byte's, a dot is one
//! byte, and text in no known encoding can be searched. Classes such as `\w` are ASCII, as Python's are
//! in patterns of bytes.

use super::{Flags, Found, Pattern, PatternError, Template, flag_prefix};

/// A compiled pattern of bytes.
#[derive(Debug)]
pub struct BytesPattern {
    pattern: Pattern,
    multiline: bool,
}

/// A match within bytes.
#[derive(Debug)]
pub struct BytesFound {
    text: String,
    found: Found,
}

impl BytesPattern {
    /// Compiles a pattern that is the UTF-8 bytes of a text.
    pub fn new(pattern: &str, flags: Flags) -> Result<Self, PatternError> {
        let wide = wide(pattern.as_bytes());
        let multiline = flags.multiline || wide[..flag_prefix(&wide)].contains('m');
        Ok(Self { pattern: Pattern::new(&wide, Flags { ascii: true, ..flags })?, multiline })
    }

    /// Whether `^` and `$` are about lines, by a flag or by `(?m)`.
    pub fn is_multiline(&self) -> bool {
        self.multiline
    }

    /// The first match.
    pub fn search(&self, bytes: &[u8]) -> Result<Option<BytesFound>, PatternError> {
        let text = wide(bytes);
        let found = self.pattern.search(&text, 0)?;
        Ok(found.map(|found| BytesFound { text, found }))
    }

    /// Whether it matches somewhere.
    pub fn is_match(&self, bytes: &[u8]) -> Result<bool, PatternError> {
        Ok(self.pattern.search(&wide(bytes), 0)?.is_some())
    }

    /// `match.expand`: a template with the groups of a match.
    pub fn expand(&self, found: &BytesFound, template: &str) -> Result<Vec<u8>, PatternError> {
        let template = Template::new(&wide(template.as_bytes()), &self.pattern)?;
        let mut out = String::new();
        template.expand(&found.found, &found.text, &mut out);
        Ok(narrow(&out))
    }

    /// `match.groups()`: the bytes of each group; None is one that took no part.
    pub fn groups(&self, found: &BytesFound) -> Vec<Option<Vec<u8>>> {
        (1..=self.pattern.groups()).map(|number| found.found.group(&found.text, number).map(narrow)).collect()
    }

    /// The names of groups with their numbers.
    pub fn names(&self) -> &[(String, usize)] {
        &self.pattern.names
    }

    /// `re.sub`: every match replaced by a template.
    pub fn replace(&self, bytes: &[u8], template: &str) -> Result<Vec<u8>, PatternError> {
        let template = Template::new(&wide(template.as_bytes()), &self.pattern)?;
        Ok(narrow(&self.pattern.replace(&wide(bytes), &template, 0)?.0))
    }
}

impl BytesFound {
    /// The offset of the match's first byte.
    pub fn start(&self) -> usize {
        self.offset(self.found.start())
    }

    /// The offset behind the match's last byte.
    pub fn end(&self) -> usize {
        self.offset(self.found.end())
    }

    fn offset(&self, at: usize) -> usize {
        self.text.get(..at).map_or(0, |before| before.chars().count())
    }
}

fn wide(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn narrow(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_encoding() {
        let pattern = BytesPattern::new("^(.)(.)é(\\w*)", Flags::default()).unwrap();
        let found = pattern.search(b"\xff\xfe\xc3\xa9a\xc3").unwrap().unwrap();
        assert_eq!((found.start(), found.end()), (0, 5));
        assert_eq!(pattern.expand(&found, r"\2ü\3\1").unwrap(), b"\xfe\xc3\xbca\xff");
        assert!(BytesPattern::new("(?m)^a", Flags::default()).unwrap().is_multiline());
        assert!(!BytesPattern::new("m^a", Flags::default()).unwrap().is_multiline());
    }
}
