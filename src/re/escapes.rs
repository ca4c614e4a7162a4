//! Escapes and character classes of Python's patterns.

use super::translate::{ONE, Parsed, Parser, Width, push_literal};

impl Parser {
    pub(super) fn escape(&mut self) -> Parsed<Option<Width>> {
        let at = self.pos;
        let Some(&c) = self.src.get(at + 1) else {
            return Err(self.error("bad escape (end of pattern)", at));
        };
        self.pos += 2;
        let text = match c {
            'A' => Some("\\A"),
            'Z' => Some("\\z"),
            'b' if self.flags.ascii => Some("(?-u:\\b)"),
            'b' => Some("\\b"),
            'B' => Some("\\B"),
            _ => None,
        };
        if let Some(text) = text {
            self.push(text);
            return Ok(None);
        }
        if let Some(class) = class_escape(c, self.flags.ascii) {
            self.push(&format!("[{class}]"));
            return Ok(Some(ONE));
        }
        if let Some(number) = self.group_number(c)? {
            return self.backreference(number, at + 1, at);
        }
        let c = self.character_escape(c, at)?;
        self.literal(c);
        Ok(Some(ONE))
    }

    /// The group that `\1` and the like name; None where it is an octal escape.
    fn group_number(&mut self, c: char) -> Parsed<Option<usize>> {
        let Some(first) = c.to_digit(10).filter(|d| *d > 0) else {
            return Ok(None);
        };
        let Some(second) = self.peek().and_then(|c| c.to_digit(10)) else {
            return Ok(Some(first as usize));
        };
        if first < 8 && second < 8 && self.src.get(self.pos + 1).is_some_and(|c| c.is_digit(8)) {
            return Ok(None);
        }
        self.pos += 1;
        Ok(Some((first * 10 + second) as usize))
    }

    /// An escape that stands for one character.
    fn character_escape(&mut self, c: char, at: usize) -> Parsed<char> {
        Ok(match c {
            'a' => '\u{7}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' => self.hex(at, 2)?,
            'u' => self.hex(at, 4)?,
            'U' => self.hex(at, 8)?,
            '0'..='7' => self.octal(at)?,
            c if c.is_ascii_alphanumeric() => return Err(self.error(&format!("bad escape \\{c}"), at)),
            c => c,
        })
    }

    fn hex(&mut self, at: usize, count: usize) -> Parsed<char> {
        let digits: String = self.src[self.pos..].iter().take(count).take_while(|c| c.is_ascii_hexdigit()).collect();
        self.pos += digits.len();
        let written: String = self.src[at..self.pos].iter().collect();
        if digits.len() < count {
            return Err(self.error(&format!("incomplete escape {written}"), at));
        }
        u32::from_str_radix(&digits, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| self.error(&format!("bad escape {written}"), at))
    }

    fn octal(&mut self, at: usize) -> Parsed<char> {
        let digits: String = self.src[at + 1..].iter().take(3).take_while(|c| c.is_digit(8)).collect();
        self.pos = at + 1 + digits.len();
        let value = u32::from_str_radix(&digits, 8).unwrap_or(0);
        if value > 0o377 {
            let text = format!("octal escape value \\{digits} outside of range 0-0o377");
            return Err(self.error(&text, at));
        }
        Ok(char::from_u32(value).unwrap_or('\0'))
    }

    pub(super) fn class(&mut self) -> Parsed<()> {
        let start = self.pos;
        self.pos += 1;
        let mut text = String::from("[");
        if self.eat("^") {
            text.push('^');
        }
        let first = self.pos;
        loop {
            let Some(c) = self.peek() else {
                return Err(self.error("unterminated character set", start));
            };
            let at = self.pos;
            if c == ']' && at > first {
                self.pos += 1;
                break;
            }
            let low = self.class_item(c)?;
            if self.peek() != Some('-') || matches!(self.src.get(self.pos + 1), Some(']')) {
                low.write(&mut text);
                continue;
            }
            self.pos += 1;
            let Some(c) = self.peek() else {
                return Err(self.error("unterminated character set", start));
            };
            let high = self.class_item(c)?;
            match (&low, &high) {
                (Item::Char(a), Item::Char(b)) if a <= b => {
                    push_literal(&mut text, *a);
                    text.push('-');
                    push_literal(&mut text, *b);
                }
                _ => {
                    let written: String = self.src[at..self.pos].iter().collect();
                    return Err(self.error(&format!("bad character range {written}"), at));
                }
            }
        }
        text.push(']');
        self.push(&text);
        Ok(())
    }

    fn class_item(&mut self, c: char) -> Parsed<Item> {
        let at = self.pos;
        if c != '\\' {
            self.pos += 1;
            return Ok(Item::Char(c));
        }
        let Some(&c) = self.src.get(at + 1) else {
            return Err(self.error("bad escape (end of pattern)", at));
        };
        self.pos += 2;
        if let Some(class) = class_escape(c, self.flags.ascii) {
            return Ok(Item::Class(class));
        }
        if c == 'b' {
            return Ok(Item::Char('\u{8}'));
        }
        self.character_escape(c, at).map(Item::Char)
    }
}

enum Item {
    Char(char),
    Class(&'static str),
}

impl Item {
    fn write(&self, out: &mut String) {
        match self {
            Self::Char(c) => push_literal(out, *c),
            Self::Class(class) => out.push_str(class),
        }
    }
}

/// The members of `\d` and the like, to stand inside brackets.
fn class_escape(c: char, ascii: bool) -> Option<&'static str> {
    Some(match (c, ascii) {
        ('d', false) => "\\d",
        ('D', false) => "\\D",
        ('w', false) => "\\w",
        ('W', false) => "\\W",
        ('s', false) => "\\s\\x1c-\\x1f",
        ('S', false) => "[^\\s\\x1c-\\x1f]",
        ('d', true) => "0-9",
        ('D', true) => "[^0-9]",
        ('w', true) => "0-9A-Za-z_",
        ('W', true) => "[^0-9A-Za-z_]",
        ('s', true) => "\\t-\\r ",
        ('S', true) => "[^\\t-\\r ]",
        _ => return None,
    })
}
