//! Unified diffs with the very hunks that Python's difflib finds.
//!
//! Like difflib's matcher: the longest run of equal lines first (the earliest of equals), then both
//! sides of it; lines that make up more than a hundredth of 200 or more are too common to start from.

use std::collections::HashMap;
use std::ops::Range;

/// A stretch of both texts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Block {
    equal: bool,
    a: Range<usize>,
    b: Range<usize>,
}

/// The lines as Python's `splitlines(True)` cuts them; a last one without its end says so.
pub fn diff_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line.push(c);
        let ends = match c {
            '\r' => chars.peek() != Some(&'\n'),
            '\n' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}' => true,
            _ => false,
        };
        if ends {
            lines.push(std::mem::take(&mut line));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
        last.push_str("\n\\ No newline at end of file\n");
    }
    lines
}

/// The lines of a unified diff; empty where both are equal. Lines keep their ends.
pub fn unified(before: &[String], after: &[String], names: [&str; 2], context: usize) -> Vec<String> {
    let mut out = Vec::new();
    for hunk in hunks(blocks(before, after), context) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        if out.is_empty() {
            out.push(format!("--- {}\n", names[0]));
            out.push(format!("+++ {}\n", names[1]));
        }
        let a = span(first.a.start..last.a.end);
        let b = span(first.b.start..last.b.end);
        out.push(format!("@@ -{a} +{b} @@\n"));
        for block in hunk {
            if block.equal {
                out.extend(before[block.a].iter().map(|line| format!(" {line}")));
            } else {
                out.extend(before[block.a].iter().map(|line| format!("-{line}")));
                out.extend(after[block.b].iter().map(|line| format!("+{line}")));
            }
        }
    }
    out
}

fn span(range: Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        n => format!("{},{n}", range.start + 1),
    }
}

/// Groups blocks into hunks with some equal lines around the changes.
fn hunks(mut blocks: Vec<Block>, context: usize) -> Vec<Vec<Block>> {
    if let Some(first) = blocks.first_mut().filter(|block| block.equal) {
        *first = tail(first, context);
    }
    if let Some(last) = blocks.last_mut().filter(|block| block.equal) {
        *last = head(last, context);
    }
    let mut hunks = Vec::new();
    let mut hunk = Vec::new();
    for block in blocks {
        if block.equal && block.a.len() > 2 * context {
            hunk.push(head(&block, context));
            hunks.push(std::mem::take(&mut hunk));
            hunk.push(tail(&block, context));
        } else {
            hunk.push(block);
        }
    }
    hunks.push(hunk);
    hunks.retain(|hunk| hunk.iter().any(|block| !block.equal));
    hunks
}

fn head(block: &Block, n: usize) -> Block {
    let n = n.min(block.a.len());
    Block { equal: true, a: block.a.start..block.a.start + n, b: block.b.start..block.b.start + n }
}

fn tail(block: &Block, n: usize) -> Block {
    let n = n.min(block.a.len());
    Block { equal: true, a: block.a.end - n..block.a.end, b: block.b.end - n..block.b.end }
}

/// Both texts cut into equal and changed stretches, in order.
fn blocks(before: &[String], after: &[String]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut a, mut b) = (0, 0);
    for (start_a, start_b, len) in matches(before, after) {
        if a < start_a || b < start_b {
            blocks.push(Block { equal: false, a: a..start_a, b: b..start_b });
        }
        (a, b) = (start_a + len, start_b + len);
        if len > 0 {
            blocks.push(Block { equal: true, a: start_a..a, b: start_b..b });
        }
    }
    blocks
}

/// The equal runs in order, adjacent ones joined, ended by an empty one.
fn matches(before: &[String], after: &[String]) -> Vec<(usize, usize, usize)> {
    let index = Index::new(before, after);
    let mut found = Vec::new();
    let mut todo = vec![(0..before.len(), 0..after.len())];
    while let Some((a, b)) = todo.pop() {
        let (i, j, len) = index.longest(a.clone(), b.clone());
        if len > 0 {
            found.push((i, j, len));
            todo.push((a.start..i, b.start..j));
            todo.push((i + len..a.end, j + len..b.end));
        }
    }
    found.sort_unstable();
    let mut joined: Vec<(usize, usize, usize)> = Vec::new();
    for (i, j, len) in found {
        match joined.last_mut() {
            Some(last) if last.0 + last.2 == i && last.1 + last.2 == j => last.2 += len,
            _ => joined.push((i, j, len)),
        }
    }
    joined.push((before.len(), after.len(), 0));
    joined
}

struct Index<'a> {
    a: &'a [String],
    b: &'a [String],
    places: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Index<'a> {
    fn new(a: &'a [String], b: &'a [String]) -> Self {
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (j, line) in b.iter().enumerate() {
            places.entry(line).or_default().push(j);
        }
        if b.len() >= 200 {
            places.retain(|_, at| at.len() <= b.len() / 100 + 1);
        }
        Self { a, b, places }
    }

    /// The longest run of equal lines within both ranges, the earliest of equals.
    fn longest(&self, a: Range<usize>, b: Range<usize>) -> (usize, usize, usize) {
        let mut best = (a.start, b.start, 0);
        let mut runs: HashMap<usize, usize> = HashMap::new();
        for i in a.clone() {
            let mut next = HashMap::new();
            for &j in self.places.get(self.a[i].as_str()).map(Vec::as_slice).unwrap_or_default() {
                if !b.contains(&j) {
                    continue;
                }
                let len = 1 + j.checked_sub(1).and_then(|j| runs.get(&j)).copied().unwrap_or(0);
                next.insert(j, len);
                if len > best.2 {
                    best = (i + 1 - len, j + 1 - len, len);
                }
            }
            runs = next;
        }
        self.grown(best, &a, &b)
    }

    /// The run with the equal lines on both sides that were too common to start from.
    fn grown(&self, run: (usize, usize, usize), a: &Range<usize>, b: &Range<usize>) -> (usize, usize, usize) {
        let (mut i, mut j, mut len) = run;
        while i > a.start && j > b.start && self.a[i - 1] == self.b[j - 1] {
            (i, j, len) = (i - 1, j - 1, len + 1);
        }
        while i + len < a.end && j + len < b.end && self.a[i + len] == self.b[j + len] {
            len += 1;
        }
        (i, j, len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_inclusive('\n').map(String::from).collect()
    }

    #[track_caller]
    fn check(before: &str, after: &str, want: &str) {
        assert_eq!(unified(&lines(before), &lines(after), ["before", "after"], 3).concat(), want);
    }

    #[test]
    fn like_difflib() {
        check("a\n", "a\n", "");
        check("", "a\n", "--- before\n+++ after\n@@ -0,0 +1 @@\n+a\n");
        check("a\nb\nc\n", "", "--- before\n+++ after\n@@ -1,3 +0,0 @@\n-a\n-b\n-c\n");
        check(
            "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n",
            "1\nx\n3\n4\n5\n6\n7\n8\n9\n10\ny\n",
            "--- before\n+++ after\n@@ -1,5 +1,5 @@\n 1\n-2\n+x\n 3\n 4\n 5\n@@ -8,4 +8,4 @@\n 8\n 9\n 10\n-11\n+y\n",
        );
    }
}
