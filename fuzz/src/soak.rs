//! Feeds a target with random changes of known inputs: `soak template|yaml [seconds] [seed]`.

use std::time::{Duration, Instant};

const TEMPLATES: &str = include_str!("../../tests/baselines/templates.txt");
const FUZZED: &str = include_str!("../../tests/baselines/fuzzed.jsonl");
const DOCUMENTS: &str = include_str!("../../tests/baselines/yaml_load.jsonl");

/// Pieces that matter to either grammar.
const PIECES: [&str; 40] = [
    "{{", "}}", "{%", "%}", "{#", "#}", " | ", "(", ")", "[", "]", "{", "}", "'", "\"", "\\", "\n", " ", ":", "- ", "&a ", "*a",
    "!!", "? ", "...", "---", "for x in ", "endfor", "if ", "range(10**12)", "* 10**9", "**", "~", "-1", "0x", "1e999", "é", "\u{0}",
    "loop", "macro m()",
];

/// A small generator: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// The text with a few changes, some of them pieces of another text.
fn changed(text: &str, other: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(chars.len() + 1);
        let end = (at + random.below(8)).min(chars.len());
        let piece: Vec<char> = match random.below(4) {
            0 => Vec::new(),
            1 => PIECES[random.below(PIECES.len())].chars().collect(),
            2 => chars[at..end].to_vec(),
            _ => other.chars().skip(random.below(other.chars().count())).take(random.below(12)).collect(),
        };
        let until = if random.below(2) == 0 { at } else { end };
        chars.splice(at..until, piece);
    }
    chars.into_iter().collect()
}

/// The texts of JSON strings in lines: enough of JSON for seeds.
fn seeds(target: &str) -> Vec<String> {
    let lines = match target {
        "yaml" => DOCUMENTS.lines().collect::<Vec<_>>(),
        _ => TEMPLATES.lines().chain(FUZZED.lines().filter(|line| line.contains("\"source\""))).collect(),
    };
    let text = |line: &str| {
        let start = line.find("\"source\": \"").map_or_else(|| line.find('"').map_or(0, |at| at + 1), |at| at + 11);
        line[start..].replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\")
    };
    lines.into_iter().map(text).collect()
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let target = args.get(1).map_or("template", String::as_str);
    let number = |at: usize, default: u64| args.get(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (seconds, mut random) = (number(2, 60), Random(number(3, 88_172_645_463_325_252)));
    let run = if target == "yaml" { targets::yaml } else { targets::template };
    let seeds = seeds(target);
    let (start, mut count, mut slow) = (Instant::now(), 0u64, 0);
    while start.elapsed() < Duration::from_secs(seconds) {
        let text = changed(&seeds[random.below(seeds.len())], &seeds[random.below(seeds.len())], &mut random);
        let begun = Instant::now();
        if std::panic::catch_unwind(|| run(text.as_bytes())).is_err() {
            eprintln!("a panic with {text:?}");
            std::process::exit(1);
        }
        if begun.elapsed() > Duration::from_secs(10) {
            eprintln!("{:?} for {text:?}", begun.elapsed());
            slow += 1;
        }
        count += 1;
    }
    println!("{target}: {count} inputs in {seconds} s, {slow} slow");
    std::process::exit(i32::from(slow > 0));
}
