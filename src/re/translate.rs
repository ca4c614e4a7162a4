//! Python's pattern syntax, rewritten for the regex engines.
//!
//! Reads the pattern as Python's `re` does, says what `re` says where it is wrong, and writes the
//! same pattern in the syntax of `regex` and `fancy-regex`. What only the second can do is noted.

use super::Flags;

/// A pattern that `re` refuses, in `re`'s words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(pub String);

impl PatternError {
    /// A message with its offset in characters; the line is told where the pattern has several.
    pub(super) fn at(message: &str, pattern: &[char], pos: usize) -> Self {
        let mut text = format!("{message} at position {pos}");
        if pattern.contains(&'\n') {
            let before = &pattern[..pos.min(pattern.len())];
            let line = before.iter().filter(|c| **c == '\n').count() + 1;
            let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
            text.push_str(&format!(" (line {line}, column {column})"));
        }
        Self(text)
    }
}

/// A pattern in the engines' syntax.
#[derive(Debug, Default)]
pub(super) struct Translated {
    /// The pattern, flags included.
    pub text: String,
    /// Whether only `fancy-regex` can run it.
    pub fancy: bool,
    /// Whether `$` stands in it without the multiline flag: it also matches before a last newline.
    pub dollar: bool,
    /// The names of the groups with their numbers.
    pub names: Vec<(String, usize)>,
    /// How many groups there are.
    pub groups: usize,
}

/// What one `$` is written as while it is unknown which engine runs it.
pub(super) const DOLLAR: char = '\u{f8ff}';

/// The shortest and longest text an expression matches; None is without bound.
pub(super) type Width = (u64, Option<u64>);

fn add(a: Width, b: Width) -> Width {
    (a.0.saturating_add(b.0), a.1.zip(b.1).map(|(x, y)| x.saturating_add(y)))
}

fn either(a: Width, b: Width) -> Width {
    (a.0.min(b.0), a.1.zip(b.1).map(|(x, y)| x.max(y)))
}

/// One character.
pub(super) const ONE: Width = (1, Some(1));
const NONE: Width = (0, Some(0));

/// What reading gives.
pub(super) type Parsed<T> = Result<T, PatternError>;

/// The reader of one pattern, which writes as it reads.
pub(super) struct Parser {
    pub(super) src: Vec<char>,
    pub(super) pos: usize,
    pub(super) flags: Flags,
    out: Translated,
    open: Vec<usize>,
    widths: Vec<Option<Width>>,
    depth: usize,
}

/// How deep groups may nest.
const DEPTH: usize = 100;

/// Rewrites a pattern.
pub(super) fn translate(pattern: &str, flags: Flags) -> Parsed<Translated> {
    let mut parser = Parser {
        src: pattern.chars().collect(),
        pos: 0,
        flags,
        out: Translated::default(),
        open: Vec::new(),
        widths: vec![None],
        depth: 0,
    };
    parser.global_flags()?;
    parser.alternation()?;
    if parser.pos < parser.src.len() {
        return Err(parser.error("unbalanced parenthesis", parser.pos));
    }
    let Parser { mut out, flags, widths, .. } = parser;
    out.groups = widths.len() - 1;
    let letters: String = [(flags.ignore_case, 'i'), (flags.multiline, 'm'), (flags.dot_all, 's')]
        .iter()
        .filter(|f| f.0)
        .map(|f| f.1)
        .collect();
    if !letters.is_empty() {
        out.text = format!("(?{letters}){}", out.text);
    }
    Ok(out)
}

impl Parser {
    pub(super) fn error(&self, message: &str, pos: usize) -> PatternError {
        PatternError::at(message, &self.src, pos)
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.src.get(self.pos).copied()
    }

    fn looking_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.src.get(self.pos + i) == Some(&c))
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.looking_at(text);
        if found {
            self.pos += text.chars().count();
        }
        found
    }

    pub(super) fn push(&mut self, text: &str) {
        self.out.text.push_str(text);
    }

    pub(super) fn literal(&mut self, c: char) {
        push_literal(&mut self.out.text, c);
    }

    /// `(?im)` at the very start.
    fn global_flags(&mut self) -> Parsed<()> {
        while self.looking_at("(?") {
            let letters: String = self.src[self.pos + 2..].iter().take_while(|c| c.is_ascii_alphabetic()).collect();
            let end = self.pos + 2 + letters.len();
            if !letters.starts_with(|c| "aiLmsux".contains(c)) || self.src.get(end) != Some(&')') {
                return Ok(());
            }
            let mut flags = self.flags;
            for (i, letter) in letters.chars().enumerate() {
                let at = self.pos + 3 + i;
                self.set_flag(&mut flags, letter, true, at)?;
            }
            self.flags = flags;
            self.pos = end + 1;
        }
        Ok(())
    }

    fn set_flag(&self, flags: &mut Flags, letter: char, on: bool, after: usize) -> Parsed<()> {
        match letter {
            'i' => flags.ignore_case = on,
            'm' => flags.multiline = on,
            's' => flags.dot_all = on,
            'x' => flags.verbose = on,
            'a' => flags.ascii = on,
            'u' if flags.ascii => {
                return Err(self.error("bad inline flags: flags 'a', 'u' and 'L' are incompatible", after));
            }
            'u' => {}
            'L' => return Err(self.error("bad inline flags: cannot use 'L' flag with a str pattern", after)),
            c if c.is_ascii_alphabetic() => return Err(self.error("unknown flag", after - 1)),
            _ => return Err(self.error("missing -, : or )", after - 1)),
        }
        Ok(())
    }

    fn alternation(&mut self) -> Parsed<Width> {
        let mut width = self.sequence()?;
        while self.eat("|") {
            self.push("|");
            let next = self.sequence()?;
            width = either(width, next);
        }
        Ok(width)
    }

    fn sequence(&mut self) -> Parsed<Width> {
        let mut total = NONE;
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                break;
            }
            if self.flags.verbose && self.skip_verbose(c) {
                continue;
            }
            let start = self.out.text.len();
            let atom = self.atom(c)?;
            let width = self.quantified(atom, start)?;
            total = add(total, width);
        }
        Ok(total)
    }

    fn skip_verbose(&mut self, c: char) -> bool {
        if c.is_ascii_whitespace() || c == '\u{b}' {
            self.pos += 1;
            return true;
        }
        if c == '#' {
            while self.peek().is_some_and(|c| c != '\n') {
                self.pos += 1;
            }
            return true;
        }
        false
    }

    /// One atom; None where it can't be repeated (an anchor, a comment).
    fn atom(&mut self, c: char) -> Parsed<Option<Width>> {
        match c {
            '(' => return self.group(),
            '[' => {
                self.class()?;
                return Ok(Some(ONE));
            }
            '\\' => return self.escape(),
            '*' | '+' | '?' => return Err(self.error("nothing to repeat", self.pos)),
            '{' if self.braces().is_some() => return Err(self.error("nothing to repeat", self.pos)),
            _ => self.pos += 1,
        }
        match c {
            '.' => self.push("."),
            '^' => {
                self.push(if self.flags.multiline { "(?m:^)" } else { "\\A" });
                return Ok(None);
            }
            '$' => {
                if self.flags.multiline {
                    self.push("(?m:$)");
                } else {
                    self.out.dollar = true;
                    self.out.text.push(DOLLAR);
                }
                return Ok(None);
            }
            c => self.literal(c),
        }
        Ok(Some(ONE))
    }

    /// `{m,n}` here: its bounds and its length; None where the brace is a character.
    fn braces(&self) -> Option<(String, Option<String>, usize)> {
        let mut pos = self.pos + 1;
        let digits = |pos: &mut usize| {
            let start = *pos;
            while self.src.get(*pos).is_some_and(char::is_ascii_digit) {
                *pos += 1;
            }
            self.src[start.min(self.src.len())..*pos].iter().collect::<String>()
        };
        if self.src.get(self.pos) != Some(&'{') || self.src.get(pos) == Some(&'}') {
            return None;
        }
        let low = digits(&mut pos);
        let mut high = None;
        if self.src.get(pos) == Some(&',') {
            pos += 1;
            high = Some(digits(&mut pos));
        }
        (self.src.get(pos) == Some(&'}')).then_some((low, high, pos + 1 - self.pos))
    }

    fn quantified(&mut self, atom: Option<Width>, start: usize) -> Parsed<Width> {
        if self.flags.verbose {
            while let Some(c) = self.peek() {
                if !self.skip_verbose(c) {
                    break;
                }
            }
        }
        let here = self.pos;
        let (low, high, text) = match self.peek() {
            Some('*') => (0, None, "*".to_owned()),
            Some('+') => (1, None, "+".to_owned()),
            Some('?') => (0, Some(1), "?".to_owned()),
            Some('{') => match self.braces() {
                Some((low, high, length)) => self.bounds(&low, high.as_deref(), length)?,
                None => return Ok(atom.unwrap_or(NONE)),
            },
            _ => return Ok(atom.unwrap_or(NONE)),
        };
        let Some(width) = atom else {
            return Err(self.error("nothing to repeat", here));
        };
        self.pos += if text.starts_with('{') { 0 } else { 1 };
        if self.out.text.get(start..start + 2) == Some("(?") && self.is_look_around(start) {
            return self.repeated_look_around(start, low);
        }
        // Whatever was written as several characters must repeat as a whole.
        self.push(&text);
        if self.eat("?") {
            self.push("?");
        } else if self.eat("+") {
            self.out.fancy = true;
            self.out.text.insert_str(start, "(?>");
            self.push(")");
        }
        if matches!(self.peek(), Some('*' | '+' | '?')) || self.braces().is_some() {
            return Err(self.error("multiple repeat", self.pos));
        }
        let most = width.1.and_then(|w| if w == 0 { Some(0) } else { high.map(|h| w.saturating_mul(h)) });
        Ok((width.0.saturating_mul(low), most))
    }

    fn is_look_around(&self, start: usize) -> bool {
        let written = self.out.text.get(start..).unwrap_or("");
        ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|open| written.starts_with(open))
    }

    /// A look-around holds or not however often it is asked; the engines want no quantifier on it.
    fn repeated_look_around(&mut self, start: usize, low: u64) -> Parsed<Width> {
        if low == 0 {
            self.out.text.insert_str(start, "(?:");
            self.push("|)");
        }
        let _ = self.eat("?") || self.eat("+");
        if matches!(self.peek(), Some('*' | '+' | '?')) || self.braces().is_some() {
            return Err(self.error("multiple repeat", self.pos));
        }
        Ok(NONE)
    }

    fn bounds(&mut self, low: &str, high: Option<&str>, length: usize) -> Parsed<(u64, Option<u64>, String)> {
        let start = self.pos;
        let number = |text: &str| {
            text.parse::<u64>()
                .ok()
                .filter(|n| *n < u64::from(u32::MAX))
                .ok_or_else(|| PatternError("the repetition number is too large".into()))
        };
        let least = if low.is_empty() { 0 } else { number(low)? };
        let most = match high {
            None => Some(least),
            Some("") => None,
            Some(text) => Some(number(text)?),
        };
        self.pos += length;
        if most.is_some_and(|most| most < least) {
            return Err(self.error("min repeat greater than max repeat", start + 1));
        }
        let text = match most {
            Some(most) if most == least => format!("{{{least}}}"),
            Some(most) => format!("{{{least},{most}}}"),
            None => format!("{{{least},}}"),
        };
        Ok((least, most, text))
    }

    fn group(&mut self) -> Parsed<Option<Width>> {
        let start = self.pos;
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error("groups nested too deeply", start));
        }
        self.pos += 1;
        let saved = self.flags;
        let width = if self.eat("?") { self.extension(start)? } else { self.capture(start, None)? };
        self.flags = saved;
        self.depth -= 1;
        Ok(width)
    }

    fn close(&mut self, start: usize) -> Parsed<()> {
        if !self.eat(")") {
            return Err(self.error("missing ), unterminated subpattern", start));
        }
        self.push(")");
        Ok(())
    }

    fn capture(&mut self, start: usize, name: Option<(String, usize)>) -> Parsed<Option<Width>> {
        let number = self.widths.len();
        self.widths.push(None);
        if let Some((name, at)) = name {
            if let Some((_, before)) = self.out.names.iter().find(|(n, _)| *n == name) {
                let text = format!("redefinition of group name '{name}' as group {number}; was group {before}");
                return Err(self.error(&text, at));
            }
            self.out.names.push((name, number));
        }
        self.push("(");
        self.open.push(number);
        let width = self.alternation()?;
        self.close(start)?;
        self.open.pop();
        self.widths[number] = Some(width);
        Ok(Some(width))
    }

    fn extension(&mut self, start: usize) -> Parsed<Option<Width>> {
        let Some(c) = self.peek() else {
            return Err(self.error("unexpected end of pattern", self.pos));
        };
        self.pos += 1;
        match c {
            'P' => self.python_extension(start),
            ':' => self.plain(start, "(?:", false),
            '>' => {
                self.out.fancy = true;
                self.plain(start, "(?>", false)
            }
            '=' => self.look(start, "(?="),
            '!' => self.look(start, "(?!"),
            '<' => match self.peek() {
                Some('=') => self.look_behind(start, "(?<="),
                Some('!') => self.look_behind(start, "(?<!"),
                None => Err(self.error("unexpected end of pattern", self.pos)),
                Some(c) => Err(self.error(&format!("unknown extension ?<{c}"), start + 1)),
            },
            '#' => {
                while self.peek().is_some_and(|c| c != ')') {
                    self.pos += 1;
                }
                if !self.eat(")") {
                    return Err(self.error("missing ), unterminated comment", start));
                }
                Ok(None)
            }
            '(' => self.conditional(start),
            '-' => self.inline_flags(start),
            c if "aiLmsux".contains(c) => self.inline_flags(start),
            c => Err(self.error(&format!("unknown extension ?{c}"), start + 1)),
        }
    }

    fn plain(&mut self, start: usize, open: &str, zero: bool) -> Parsed<Option<Width>> {
        self.push(open);
        let width = self.alternation()?;
        self.close(start)?;
        Ok(Some(if zero { NONE } else { width }))
    }

    fn look(&mut self, start: usize, open: &str) -> Parsed<Option<Width>> {
        self.out.fancy = true;
        self.plain(start, open, true)
    }

    fn look_behind(&mut self, start: usize, open: &str) -> Parsed<Option<Width>> {
        self.pos += 1;
        self.out.fancy = true;
        let width = self.plain(start, open, false)?.unwrap_or(NONE);
        if width.1 != Some(width.0) {
            return Err(PatternError("look-behind requires fixed-width pattern".into()));
        }
        Ok(Some(NONE))
    }

    fn python_extension(&mut self, start: usize) -> Parsed<Option<Width>> {
        let Some(c) = self.peek() else {
            return Err(self.error("unexpected end of pattern", self.pos));
        };
        self.pos += 1;
        let at = self.pos;
        match c {
            '<' => {
                let name = self.name('>')?;
                self.capture(start, Some((name, at)))
            }
            '=' => {
                let name = self.name(')')?;
                let Some(&(_, number)) = self.out.names.iter().find(|(n, _)| *n == name) else {
                    return Err(self.error(&format!("unknown group name '{name}'"), at));
                };
                self.backreference(number, at, at)
            }
            c => Err(self.error(&format!("unknown extension ?P{c}"), start + 1)),
        }
    }

    /// A group's name up to its closing character.
    fn name(&mut self, end: char) -> Parsed<String> {
        let at = self.pos;
        let name: String = self.src[at..].iter().take_while(|c| **c != end).collect();
        let length = name.chars().count();
        if length == 0 {
            return Err(self.error("missing group name", at));
        }
        if at + length >= self.src.len() {
            let what = if end == '>' { "missing >, unterminated name" } else { "missing ), unterminated name" };
            return Err(self.error(what, at));
        }
        let mut chars = name.chars();
        let good = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && chars.all(|c| c.is_alphanumeric() || c == '_');
        if !good {
            return Err(self.error(&format!("bad character in group name '{name}'"), at));
        }
        self.pos += length + 1;
        Ok(name)
    }

    pub(super) fn backreference(&mut self, number: usize, at: usize, open_at: usize) -> Parsed<Option<Width>> {
        if self.open.contains(&number) {
            return Err(self.error("cannot refer to an open group", open_at));
        }
        let Some(width) = self.widths.get(number).copied().filter(|_| number > 0) else {
            return Err(self.error(&format!("invalid group reference {number}"), at));
        };
        self.out.fancy = true;
        self.push(&format!("(?:\\{number})"));
        Ok(Some(width.unwrap_or(NONE)))
    }

    fn conditional(&mut self, start: usize) -> Parsed<Option<Width>> {
        let at = self.pos;
        let name: String = self.src[at..].iter().take_while(|c| **c != ')').collect();
        let number = match name.parse::<usize>() {
            Ok(number) => {
                if number == 0 {
                    return Err(self.error("bad group number", at));
                }
                if number >= self.widths.len() {
                    return Err(self.error(&format!("invalid group reference {number}"), at));
                }
                self.pos += name.chars().count() + 1;
                number
            }
            Err(_) => {
                let name = self.name(')')?;
                match self.out.names.iter().find(|(n, _)| *n == name) {
                    Some(&(_, number)) => number,
                    None => return Err(self.error(&format!("unknown group name '{name}'"), at)),
                }
            }
        };
        self.out.fancy = true;
        self.push(&format!("(?({number})"));
        let mut width = self.sequence()?;
        let mut other = NONE;
        if self.eat("|") {
            self.push("|");
            other = self.sequence()?;
            if self.peek() == Some('|') {
                return Err(self.error("conditional backref with more than two branches", self.pos));
            }
        }
        width = either(width, other);
        self.close(start)?;
        Ok(Some(width))
    }

    fn inline_flags(&mut self, start: usize) -> Parsed<Option<Width>> {
        self.pos -= 1;
        let (mut on, mut off, mut negative) = (String::new(), String::new(), false);
        let mut flags = self.flags;
        loop {
            let Some(c) = self.peek() else {
                let what = match (negative, off.is_empty()) {
                    (true, true) => "missing flag",
                    (true, false) => "missing :",
                    (false, _) => "missing -, : or )",
                };
                return Err(self.error(what, self.pos));
            };
            self.pos += 1;
            match c {
                ')' if !negative => {
                    return Err(self.error("global flags not at the start of the expression", start));
                }
                ')' if off.is_empty() => return Err(self.error("missing flag", self.pos - 1)),
                ')' => return Err(self.error("missing :", self.pos - 1)),
                ':' if negative && off.is_empty() => return Err(self.error("missing flag", self.pos - 1)),
                ':' => break,
                '-' if !negative => negative = true,
                c => {
                    self.set_flag(&mut flags, c, !negative, self.pos)?;
                    if negative && on.contains(c) {
                        let text = "bad inline flags: flag turned on and off";
                        return Err(self.error(text, self.pos));
                    }
                    if negative { off.push(c) } else { on.push(c) }
                }
            }
        }
        self.flags = flags;
        let wanted = |text: &str| text.chars().filter(|c| "ims".contains(*c)).collect::<String>();
        let (on, off) = (wanted(&on), wanted(&off));
        let open = if off.is_empty() { format!("(?{on}:") } else { format!("(?{on}-{off}:") };
        self.plain(start, &open, false)
    }
}

/// Writes a character that stands for itself.
pub(super) fn push_literal(out: &mut String, c: char) {
    if c == DOLLAR {
        out.push_str("\\x{f8ff}");
        return;
    }
    if "\\.+*?()|[]{}^$#&-~".contains(c) {
        out.push('\\');
    }
    out.push(c);
}
