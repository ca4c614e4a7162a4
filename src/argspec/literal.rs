//! Python literals, as `ast.literal_eval` reads them: what `str(dict)` printed is read back.

use crate::value::{Dict, Value};

/// How deep containers may nest.
const DEPTH: usize = 100;

/// Reads a literal of strings, numbers, True, False, None, lists, tuples and dicts.
pub(super) fn parse_literal(text: &str) -> Option<Value> {
    let mut reader = Reader { chars: text.chars().collect(), pos: 0 };
    let value = reader.value(0)?;
    reader.space();
    (reader.pos == reader.chars.len()).then_some(value)
}

struct Reader {
    chars: Vec<char>,
    pos: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.pos).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.pos += 1;
        }
    }

    fn take(&mut self, c: char) -> bool {
        self.space();
        let found = self.peek() == Some(c);
        self.pos += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEPTH {
            return None;
        }
        self.space();
        match self.peek()? {
            '{' => self.dict(depth),
            '[' => self.items(']', depth),
            '(' => self.items(')', depth),
            '\'' | '"' => self.string().map(Value::from),
            _ => self.word(),
        }
    }

    fn dict(&mut self, depth: usize) -> Option<Value> {
        self.pos += 1;
        let mut dict = Dict::new();
        while !self.take('}') {
            let key = self.value(depth + 1)?;
            if !self.take(':') {
                return None;
            }
            let value = self.value(depth + 1)?;
            dict.insert(key, value);
            if !self.take(',') {
                return self.take('}').then(|| dict.into());
            }
        }
        Some(dict.into())
    }

    fn items(&mut self, close: char, depth: usize) -> Option<Value> {
        self.pos += 1;
        let mut items = Vec::new();
        while !self.take(close) {
            items.push(self.value(depth + 1)?);
            if !self.take(',') {
                return self.take(close).then(|| items.into());
            }
        }
        Some(items.into())
    }

    fn string(&mut self) -> Option<String> {
        let quote = self.peek()?;
        self.pos += 1;
        let mut out = String::new();
        loop {
            let c = self.peek()?;
            self.pos += 1;
            match c {
                '\\' => {
                    let escaped = self.peek()?;
                    self.pos += 1;
                    match escaped {
                        'n' => out.push('\n'),
                        't' => out.push('\t'),
                        'r' => out.push('\r'),
                        '\\' | '\'' | '"' => out.push(escaped),
                        'x' => out.push(self.code(2)?),
                        'u' => out.push(self.code(4)?),
                        'U' => out.push(self.code(8)?),
                        other => out.extend(['\\', other]),
                    }
                }
                c if c == quote => return Some(out),
                c => out.push(c),
            }
        }
    }

    fn code(&mut self, length: usize) -> Option<char> {
        let digits: String = self.chars.get(self.pos..self.pos + length)?.iter().collect();
        self.pos += length;
        char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
    }

    fn word(&mut self) -> Option<Value> {
        let start = self.pos;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_')) {
            self.pos += 1;
        }
        let word: String = self.chars[start..self.pos].iter().collect();
        match word.as_str() {
            "None" => Some(Value::Null),
            "True" => Some(true.into()),
            "False" => Some(false.into()),
            // Rust would read `inf` and `nan`, which are names in Python.
            _ if word.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')) => None,
            _ => match word.parse() {
                Ok(big) => Some(Value::big(big)),
                Err(_) => word.parse().ok().map(Value::Float),
            },
        }
    }
}
