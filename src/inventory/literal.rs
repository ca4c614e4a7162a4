//! Python literals, as `key=value` in INI inventories is read: `5`, `'x'`, `[1, 'a']`, `{'k': None}`.
//!
//! Tuples and sets come out as lists, bytes as text. What is no literal is text as it stands.

use crate::value::{Dict, Value};
use num_bigint::BigInt;

/// How deep containers may nest.
const DEPTH: usize = 90;

/// Reads a literal; None where the text is none. Strings are made by `text`.
pub fn parse(source: &str, text: &dyn Fn(&str) -> Value) -> Option<Value> {
    if source.contains('\0') {
        return None;
    }
    let mut reader = Reader { rest: source.trim_start_matches([' ', '\t']), text };
    let first = reader.item(0)?;
    reader.space();
    let value = if reader.rest.starts_with(',') { reader.sequence(first, None, 0)? } else { first };
    reader.space();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
    text: &'a dyn Fn(&str) -> Value,
}

impl<'a> Reader<'a> {
    fn space(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\u{c}', '\n', '\r']);
            match self.rest.strip_prefix('#') {
                Some(comment) => self.rest = comment.find('\n').map_or("", |at| &comment[at..]),
                None => return,
            }
        }
    }

    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let after = self.rest.strip_prefix(token);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn item(&mut self, depth: usize) -> Option<Value> {
        if depth > DEPTH {
            return None;
        }
        self.space();
        match self.rest.chars().next()? {
            '[' | '(' => self.brackets(depth),
            '{' => self.braces(depth),
            '+' | '-' => self.signed(depth),
            '.' if self.eat("...") => Some((self.text)("...")),
            '0'..='9' | '.' => self.number(),
            '\'' | '"' => self.strings(),
            _ => self.word(),
        }
    }

    fn brackets(&mut self, depth: usize) -> Option<Value> {
        let tuple = self.eat("(");
        let close = if tuple { ')' } else { ']' };
        if !tuple {
            self.eat("[");
        }
        self.space();
        if let Some(after) = self.rest.strip_prefix(close) {
            self.rest = after;
            return Some(Value::list([]));
        }
        let first = self.item(depth + 1)?;
        self.space();
        if tuple && let Some(after) = self.rest.strip_prefix(')') {
            self.rest = after;
            return Some(first);
        }
        self.sequence(first, Some(close), depth)
    }

    /// The items after the first, up to the closing character or the end.
    fn sequence(&mut self, first: Value, close: Option<char>, depth: usize) -> Option<Value> {
        let mut items = vec![first];
        loop {
            let comma = self.eat(",");
            self.space();
            match close {
                Some(close) => {
                    if let Some(after) = self.rest.strip_prefix(close) {
                        self.rest = after;
                        return Some(Value::from(items));
                    }
                }
                None if self.rest.is_empty() => return Some(Value::from(items)),
                None => {}
            }
            if !comma {
                return None;
            }
            items.push(self.item(depth + 1)?);
        }
    }

    fn braces(&mut self, depth: usize) -> Option<Value> {
        self.eat("{");
        let mut dict = Dict::new();
        let mut first = true;
        loop {
            if self.eat("}") {
                return Some(Value::Dict(dict));
            }
            let key = self.item(depth + 1)?;
            if first && !self.eat(":") {
                let set = self.sequence(key, Some('}'), depth)?;
                return Some(unique(&set));
            }
            if !first && !self.eat(":") {
                return None;
            }
            if matches!(key, Value::List(_) | Value::Dict(_)) {
                return None;
            }
            let value = self.item(depth + 1)?;
            dict.insert(key, value);
            first = false;
            if !self.eat(",") {
                return self.eat("}").then_some(Value::Dict(dict));
            }
        }
    }

    fn signed(&mut self, depth: usize) -> Option<Value> {
        let minus = self.eat("-");
        if !minus {
            self.eat("+");
        }
        self.space();
        if !self.rest.starts_with(|c: char| c.is_ascii_digit() || ".+-(".contains(c)) {
            return None;
        }
        match self.item(depth + 1)? {
            Value::Int(i) if minus => Some(i.checked_neg().map_or_else(|| Value::big(-BigInt::from(i)), Value::Int)),
            Value::BigInt(b) if minus => Some(Value::big(-(*b).clone())),
            Value::Float(f) if minus => Some(Value::Float(-f)),
            number @ (Value::Int(_) | Value::BigInt(_) | Value::Float(_)) => Some(number),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<Value> {
        let radix = match self.rest.get(..2).map(str::to_lowercase).as_deref() {
            Some("0x") => 16,
            Some("0o") => 8,
            Some("0b") => 2,
            _ => 10,
        };
        let word_end = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.');
        let mut end = self.rest.find(word_end).unwrap_or(self.rest.len());
        let exponent = radix == 10 && self.rest[..end].ends_with(['e', 'E']);
        if exponent && self.rest[end..].starts_with(['+', '-']) {
            let after = &self.rest[end + 1..];
            end += 1 + after.find(word_end).unwrap_or(after.len());
        }
        let word = &self.rest[..end];
        if word.ends_with('_') || word.contains("__") {
            return None;
        }
        self.rest = &self.rest[end..];
        let plain = word.replace('_', "");
        if radix != 10 {
            return BigInt::parse_bytes(plain.get(2..)?.as_bytes(), radix).map(Value::big);
        }
        if plain.bytes().all(|b| b.is_ascii_digit()) {
            let zeros = plain.bytes().all(|b| b == b'0');
            let good = zeros || !plain.starts_with('0');
            return good.then(|| BigInt::parse_bytes(plain.as_bytes(), 10).map(Value::big)).flatten();
        }
        let float = plain.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
        plain.parse().ok().filter(|_| float).map(Value::Float)
    }

    fn word(&mut self) -> Option<Value> {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let word = &self.rest[..end];
        if self.rest[end..].starts_with(['\'', '"']) {
            return self.strings();
        }
        self.rest = &self.rest[end..];
        match word {
            "None" => Some(Value::Null),
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            "set" if self.eat("(") && self.eat(")") => Some(Value::list([])),
            _ => None,
        }
    }

    /// Strings that stand side by side are one.
    fn strings(&mut self) -> Option<Value> {
        let mut out = String::new();
        let mut bytes = None;
        loop {
            self.space();
            let prefix_end = self.rest.find(['\'', '"']).filter(|at| *at <= 2);
            let Some(end) = prefix_end else { break };
            let prefix = self.rest[..end].to_lowercase();
            if !matches!(prefix.as_str(), "" | "r" | "u" | "b" | "br" | "rb") {
                return None;
            }
            let is_bytes = prefix.contains('b');
            if *bytes.get_or_insert(is_bytes) != is_bytes {
                return None;
            }
            self.rest = &self.rest[end..];
            self.string(&mut out, prefix.contains('r'), is_bytes)?;
        }
        bytes.map(|_| (self.text)(&out))
    }

    fn string(&mut self, out: &mut String, raw: bool, bytes: bool) -> Option<()> {
        let quote = self.rest.get(..3).filter(|q| *q == "'''" || *q == "\"\"\"").or_else(|| self.rest.get(..1))?;
        let mut rest = &self.rest[quote.len()..];
        loop {
            if let Some(after) = rest.strip_prefix(quote) {
                self.rest = after;
                return Some(());
            }
            let c = rest.chars().next()?;
            rest = &rest[c.len_utf8()..];
            match c {
                '\n' if quote.len() == 1 => return None,
                '\\' if raw => {
                    let next = rest.chars().next()?;
                    out.push('\\');
                    out.push(next);
                    rest = &rest[next.len_utf8()..];
                }
                '\\' => rest = escape(rest, out, bytes)?,
                c if bytes && !c.is_ascii() => return None,
                c => out.push(c),
            }
        }
    }
}

fn unique(set: &Value) -> Value {
    let mut items: Vec<Value> = Vec::new();
    for item in set.as_list().unwrap_or_default() {
        if !items.contains(item) {
            items.push(item.clone());
        }
    }
    Value::from(items)
}

/// Decodes what follows a backslash; returns what is left.
fn escape<'a>(rest: &'a str, out: &mut String, bytes: bool) -> Option<&'a str> {
    let c = rest.chars().next()?;
    let after = &rest[c.len_utf8()..];
    let plain = match c {
        'x' => return hex(after, 2, out),
        'u' if !bytes => return hex(after, 4, out),
        'U' if !bytes => return hex(after, 8, out),
        'N' if !bytes => return None,
        '0'..='7' => {
            let end = rest.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            out.push(char::from_u32(u32::from_str_radix(&rest[..end], 8).ok()?)?);
            return Some(&rest[end..]);
        }
        '\n' => return Some(after),
        '\\' | '\'' | '"' => c,
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        other => {
            out.push('\\');
            other
        }
    };
    out.push(plain);
    Some(after)
}

fn hex<'a>(rest: &'a str, digits: usize, out: &mut String) -> Option<&'a str> {
    let code = rest.get(..digits).filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit()))?;
    out.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
    rest.get(digits..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::repr;

    #[track_caller]
    fn reads(source: &str, want: &str) {
        let value = parse(source, &|t| Value::str(t));
        assert_eq!(value.map_or("-".into(), |v| repr(&v)), want);
    }

    #[test]
    fn as_literal_eval_with_lists_for_tuples() {
        reads("5", "5");
        reads("0755", "-");
        reads("00", "0");
        reads("0x1F", "31");
        reads("0o17", "15");
        reads("1_000", "1000");
        reads("-5", "-5");
        reads("- 5.5", "-5.5");
        reads("1e3", "1000.0");
        reads("1e-3", "0.001");
        reads("1.", "1.0");
        reads(".5", "0.5");
        reads("1.2.3", "-");
        reads("99999999999999999999", "99999999999999999999");
        reads("True", "True");
        reads("true", "-");
        reads("None", "None");
        reads("'a\\tb'", "'a\\tb'");
        reads("r'a\\tb'", "'a\\\\tb'");
        reads("'a' \"b\"", "'ab'");
        reads("b'ab'", "'ab'");
        reads("f'ab'", "-");
        reads("[1, 'a', [2]]", "[1, 'a', [2]]");
        reads("[1,]", "[1]");
        reads("[,]", "-");
        reads("(1)", "1");
        reads("(1,)", "[1]");
        reads("()", "[]");
        reads("1,2", "[1, 2]");
        reads("1,", "[1]");
        reads("{1, 2, 1}", "[1, 2]");
        reads("{}", "{}");
        reads("{'a': 1, 2: {'b': None}}", "{'a': 1, 2: {'b': None}}");
        reads("{'a': x}", "-");
        reads("5 # note", "5");
        reads("5 apples", "-");
        reads("", "-");
        reads("# x", "-");
        reads("...", "'...'");
        reads("'open", "-");
        reads("'\\x41\\u00e9\\101'", "'AéA'");
        reads("'''a'b'''", "\"a'b\"");
        reads("set()", "[]");
        reads("-True", "-");
        reads("10.0.0.1", "-");
        reads("a,b", "-");
    }
}
