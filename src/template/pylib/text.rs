//! Methods of Python's `str`, `shlex` and `textwrap`.

/// Python's notion of whitespace, which knows the four separators of ASCII as well.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// What ends a line.
fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// `str.splitlines(True)`: lines with their ends.
pub fn whole_lines(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.char_indices().find(|(_, c)| ends_line(*c)).map_or(rest.len(), |(at, c)| {
            let pair = rest.get(at..).is_some_and(|tail| tail.starts_with("\r\n"));
            at + if pair { 2 } else { c.len_utf8() }
        });
        let (line, tail) = rest.split_at(end);
        out.push(line);
        rest = tail;
    }
    out
}

/// `str.splitlines`.
pub fn lines(text: &str) -> Vec<&str> {
    let bare =
        |line: &'_ str| line.strip_suffix("\r\n").or_else(|| line.strip_suffix(ends_line)).map_or(line.len(), str::len);
    whole_lines(text).into_iter().map(|line| &line[..bare(line)]).collect()
}

/// A letter as it begins a word: of one that is more in upper case (`ß`, `ﬁ`) only the first is upper.
pub fn title_char(c: char) -> String {
    match c {
        'Ǆ'..='ǆ' => return 'ǅ'.into(),
        'Ǉ'..='ǉ' => return 'ǈ'.into(),
        'Ǌ'..='ǌ' => return 'ǋ'.into(),
        'Ǳ'..='ǳ' => return 'ǲ'.into(),
        'ŉ' => return "ʼN".into(),
        _ => {}
    }
    let mut upper = c.to_uppercase();
    let first: String = upper.next().into_iter().collect();
    first + &upper.flat_map(char::to_lowercase).collect::<String>()
}

/// `str.capitalize`.
pub fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => title_char(first) + &chars.as_str().to_lowercase(),
        None => String::new(),
    }
}

/// jinja2's `title`: words begin after space, `-` and opening brackets.
pub fn title(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let capitalize = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase())
    };
    let breaks = |c: char| c.is_whitespace() || "-({[<".contains(c);
    for c in text.chars() {
        if breaks(c) {
            out.extend(capitalize(&word));
            word.clear();
            out.push(c);
        } else {
            word.push(c);
        }
    }
    out.extend(capitalize(&word));
    out
}

/// `str.split()` without a separator.
pub fn split_space(text: &str, most: Option<usize>) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        if most.is_some_and(|most| out.len() >= most) {
            out.push(rest);
            break;
        }
        let (word, after) = rest.split_at(rest.find(is_space).unwrap_or(rest.len()));
        out.push(word);
        rest = after.trim_start_matches(is_space);
    }
    out
}

/// `shlex.quote`.
pub fn shell_quote(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

/// `textwrap.wrap` as jinja2 calls it: without tabs expanded, white space kept.
pub fn wrap(text: &str, width: usize, break_long: bool, hyphens: bool) -> Vec<String> {
    let whole: Vec<String> = chunks(text, hyphens);
    let mut chunks: Vec<&str> = whole.iter().rev().map(String::as_str).collect();
    // No more of a long word is looked at than fits.
    let length = |s: &str| s.chars().take(width.saturating_add(1)).count();
    let mut out: Vec<String> = Vec::new();
    while let Some(first) = chunks.last() {
        let mut line: Vec<&str> = Vec::new();
        let (mut used, mut nothing_more) = (0, false);
        if first.trim().is_empty() && !out.is_empty() {
            chunks.pop();
        }
        while let Some(chunk) = chunks.pop() {
            if used + length(chunk) > width {
                chunks.push(chunk);
                break;
            }
            used += length(chunk);
            line.push(chunk);
        }
        if let Some(chunk) = chunks.last().copied().filter(|c| length(c) > width) {
            chunks.pop();
            let space = width.saturating_sub(used);
            if break_long && space > 0 {
                let cut = hyphen_cut(chunk, space, hyphens);
                let (head, tail) = chunk.split_at(chunk.char_indices().nth(cut).map_or(chunk.len(), |(at, _)| at));
                line.push(head);
                chunks.push(tail);
            } else if line.is_empty() {
                line.push(chunk);
            } else {
                // Python breaks nothing off then, which stands where white space would be looked for.
                nothing_more = break_long;
                chunks.push(chunk);
            }
        }
        if !nothing_more && line.last().is_some_and(|l| l.trim().is_empty()) {
            line.pop();
        }
        if !line.is_empty() {
            out.push(line.concat());
        }
    }
    out
}

/// Where a long word is cut: after a hyphen within the space, if it may be.
fn hyphen_cut(chunk: &str, space: usize, hyphens: bool) -> usize {
    let chars: Vec<char> = chunk.chars().take(space.saturating_add(1)).collect();
    if hyphens && chars.len() > space {
        let head = &chars[..space];
        let last = head.iter().rposition(|c| *c == '-');
        if let Some(at) = last.filter(|at| head[..*at].iter().any(|c| *c != '-')) {
            return at + 1;
        }
    }
    space
}

/// Words and the white space between them; words also end after a hyphen between letters.
fn chunks(text: &str, hyphens: bool) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let letter = |i: usize| chars.get(i).is_some_and(|c| c.is_alphabetic());
    for (i, c) in chars.iter().enumerate() {
        let joins = match out.last().and_then(|last| last.chars().last()) {
            None => false,
            Some(last) if last.is_whitespace() != c.is_whitespace() => false,
            // The break stands between a hyphen after two letters and two letters more.
            Some('-') if hyphens => !(i >= 3 && letter(i - 2) && letter(i - 3) && letter(i) && letter(i + 1)),
            Some(_) => true,
        };
        match out.last_mut() {
            Some(last) if joins => last.push(*c),
            _ => out.push(c.to_string()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_python() {
        assert_eq!(lines("a\r\nb\n\nc"), ["a", "b", "", "c"]);
        assert_eq!(title("foo-bar (baz) it's"), "Foo-Bar (Baz) It's");
        assert_eq!(shell_quote("it's"), "'it'\"'\"'s'");
        assert_eq!(split_space(" a b  c ", Some(1)), ["a", "b  c "]);
        assert_eq!(wrap("hello big world", 7, true, true), ["hello", "big", "world"]);
        assert_eq!(wrap("abcdefghij k", 4, true, true), ["abcd", "efgh", "ij k"]);
    }
}
