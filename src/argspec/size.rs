//! Numbers of bytes and bits as people write them: `10M`, `1.5 GB`, `4Kb`.

use crate::value::Value;

const UNITS: [(char, &str, i32); 9] = [
    ('B', "", 0),
    ('K', "kilo", 10),
    ('M', "mega", 20),
    ('G', "giga", 30),
    ('T', "tera", 40),
    ('P', "peta", 50),
    ('E', "exa", 60),
    ('Z', "zetta", 70),
    ('Y', "yotta", 80),
];

/// The number; bits want a small b (`Kb`), bytes a capital one. None where it is no such number.
pub(super) fn human_to_bytes(value: &Value, bits: bool) -> Option<Value> {
    let text = value.to_text();
    let text = text.trim_end();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim_start();
    if number.ends_with('.') || number.matches('.').count() > 1 || !unit.chars().all(|c| c.is_ascii_alphabetic()) {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    let Some(first) = unit.chars().next() else { return rounded(number) };
    let (letter, name, power) = UNITS.iter().find(|(letter, ..)| *letter == first.to_ascii_uppercase())?;
    if unit.len() > 1 {
        let (long, short) = if bits { ("bit", 'b') } else { ("byte", 'B') };
        let short = if *letter == 'B' { short.to_string() } else { format!("{letter}{short}") };
        if unit.to_lowercase() != format!("{name}{long}") && unit != short {
            return None;
        }
    }
    rounded(number * 2f64.powi(*power))
}

/// Rounds half to even, as Python does.
fn rounded(number: f64) -> Option<Value> {
    format!("{:.0}", number.round_ties_even()).parse().ok().map(Value::big)
}
