//! Replacement templates of `re.sub` and `re.escape`.

use super::{Found, Pattern, PatternError};

/// A parsed replacement.
#[derive(Debug)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Group(usize),
}

impl Template {
    /// Reads a replacement for a pattern, with `re`'s errors.
    pub fn new(template: &str, pattern: &Pattern) -> Result<Self, PatternError> {
        let mut reader =
            Reader { src: template.chars().collect(), pos: 0, pattern, parts: Vec::new(), text: String::new() };
        reader.read()?;
        reader.flush();
        Ok(Self { parts: reader.parts })
    }

    /// A replacement in which nothing is special.
    pub fn literal(text: &str) -> Self {
        Self { parts: vec![Part::Text(text.to_owned())] }
    }

    /// Writes the replacement of one match.
    pub fn expand(&self, found: &Found, text: &str, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(part) => out.push_str(part),
                Part::Group(number) => out.push_str(found.group(text, *number).unwrap_or("")),
            }
        }
    }
}

struct Reader<'p> {
    src: Vec<char>,
    pos: usize,
    pattern: &'p Pattern,
    parts: Vec<Part>,
    text: String,
}

impl Reader<'_> {
    fn error(&self, message: &str, pos: usize) -> PatternError {
        PatternError::at(message, &self.src, pos)
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(Part::Text(std::mem::take(&mut self.text)));
        }
    }

    fn read(&mut self) -> Result<(), PatternError> {
        while let Some(&c) = self.src.get(self.pos) {
            let at = self.pos;
            self.pos += 1;
            if c != '\\' {
                self.text.push(c);
                continue;
            }
            let Some(&c) = self.src.get(self.pos) else {
                return Err(self.error("bad escape (end of pattern)", at));
            };
            self.pos += 1;
            match c {
                'g' => self.named(at)?,
                '0'..='9' => self.number(c, at)?,
                'a' => self.text.push('\u{7}'),
                'b' => self.text.push('\u{8}'),
                'f' => self.text.push('\u{c}'),
                'n' => self.text.push('\n'),
                'r' => self.text.push('\r'),
                't' => self.text.push('\t'),
                'v' => self.text.push('\u{b}'),
                '\\' => self.text.push('\\'),
                c if c.is_ascii_alphabetic() => return Err(self.error(&format!("bad escape \\{c}"), at)),
                c => self.text.extend(['\\', c]),
            }
        }
        Ok(())
    }

    fn group(&mut self, number: usize, at: usize) -> Result<(), PatternError> {
        if number > self.pattern.groups() {
            return Err(self.error(&format!("invalid group reference {number}"), at));
        }
        self.flush();
        self.parts.push(Part::Group(number));
        Ok(())
    }

    fn named(&mut self, at: usize) -> Result<(), PatternError> {
        if self.src.get(self.pos) != Some(&'<') {
            return Err(self.error("missing <", self.pos));
        }
        let start = at + 3;
        let name: String = self.src[start..].iter().take_while(|c| **c != '>').collect();
        let length = name.chars().count();
        if length == 0 {
            return Err(self.error("missing group name", start));
        }
        if start + length >= self.src.len() {
            return Err(self.error("missing >, unterminated name", start));
        }
        self.pos = start + length + 1;
        if name.bytes().all(|b| b.is_ascii_digit()) {
            return self.group(name.parse().unwrap_or(usize::MAX), start);
        }
        if name.starts_with(|c: char| c.is_numeric()) || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return Err(self.error(&format!("bad character in group name '{name}'"), start));
        }
        match self.pattern.named(&name) {
            Some(number) => self.group(number, start),
            None => Err(PatternError(format!("unknown group name '{name}'"))),
        }
    }

    /// `\1` to `\99` are groups; `\0`, and three octal digits, a character.
    fn number(&mut self, first: char, at: usize) -> Result<(), PatternError> {
        let rest: String = self.src[self.pos..].iter().take(2).take_while(|c| c.is_ascii_digit()).collect();
        let octal = rest.chars().take_while(|c| c.is_digit(8)).count();
        if first == '0' || (first.is_digit(8) && octal == 2) {
            let digits: String = self.src[at + 1..self.pos + octal].iter().collect();
            self.pos += octal;
            let value = u32::from_str_radix(&digits, 8).unwrap_or(0);
            if value > 0o377 {
                let text = format!("octal escape value \\{digits} outside of range 0-0o377");
                return Err(self.error(&text, at));
            }
            self.text.extend(char::from_u32(value));
            return Ok(());
        }
        let mut number = first.to_digit(10).unwrap_or(0) as usize;
        if let Some(second) = rest.chars().next().and_then(|c| c.to_digit(10)) {
            number = number * 10 + second as usize;
            self.pos += 1;
        }
        self.group(number, at + 1)
    }
}

/// `re.escape`.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::re::Flags;

    #[track_caller]
    fn refused(pattern: &str, template: &str, want: &str) {
        let pattern = Pattern::new(pattern, Flags::default()).unwrap();
        assert_eq!(Template::new(template, &pattern).unwrap_err().to_string(), want);
    }

    #[test]
    fn errors_are_pythons() {
        refused("a", "\\q", "bad escape \\q at position 0");
        refused("a", "\\1", "invalid group reference 1 at position 1");
        refused("(a)", "\\2", "invalid group reference 2 at position 1");
        refused("a", "\\g<x>", "unknown group name 'x'");
        refused("a", "\\g<", "missing group name at position 3");
        refused("a", "\\g", "missing < at position 2");
        refused("a", "\\g<5>", "invalid group reference 5 at position 3");
        refused("a", "\\", "bad escape (end of pattern) at position 0");
        refused("a", "\\400", "octal escape value \\400 outside of range 0-0o377 at position 0");
    }
}
