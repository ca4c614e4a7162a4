//! Sizes in words, as Ansible's `human_readable` and `human_to_bytes` have them.

const UNITS: [(char, u32); 8] =
    [('Y', 80), ('Z', 70), ('E', 60), ('P', 50), ('T', 40), ('G', 30), ('M', 20), ('K', 10)];

/// The size in the largest unit that fits, or in a given one.
pub fn bytes_to_human(size: f64, bits: bool, unit: Option<&str>) -> String {
    let base = if bits { "bits" } else { "Bytes" };
    let wanted = unit.map(str::to_uppercase);
    let found = UNITS.iter().find(|(letter, power)| match &wanted {
        None => size >= 2f64.powi(*power as i32),
        Some(wanted) => wanted.chars().eq([*letter]),
    });
    let (size, unit) = match found {
        Some((letter, power)) => {
            let suffix = if bits { "b" } else { "B" };
            (size / 2f64.powi(*power as i32), format!("{letter}{suffix}"))
        }
        None => (size, base.to_owned()),
    };
    if size.is_nan() { format!("nan {unit}") } else { format!("{size:.2} {unit}") }
}

/// The whole number of bytes (or bits) that a text like `10 M` means.
pub fn human_to_bytes(text: &str, default_unit: Option<&str>, bits: bool) -> Result<f64, String> {
    let trimmed = text.trim_end();
    let split = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = (&trimmed[..split], trimmed[split..].trim_start());
    let number = Some(number)
        .filter(|n| n.ends_with(|c: char| c.is_ascii_digit()) && unit.bytes().all(|b| b.is_ascii_alphabetic()))
        .and_then(|n| n.parse::<f64>().ok())
        .ok_or_else(|| format!("human_to_bytes() can't interpret following string: {text}"))?;
    let unit = if unit.is_empty() { default_unit.unwrap_or("") } else { unit };
    let Some(letter) = unit.chars().next().map(|c| c.to_ascii_uppercase()) else {
        return Ok(number.round_ties_even());
    };
    let power = match UNITS.iter().find(|(name, _)| *name == letter) {
        Some((_, power)) => *power,
        None if letter == 'B' => 0,
        None => {
            let all = "Y, Z, E, P, T, G, M, K, B";
            return Err(format!(
                "human_to_bytes() failed to convert {text} (unit = {unit}). The suffix must be one of {all}"
            ));
        }
    };
    check_unit(text, unit, letter, bits)?;
    Ok((number * 2f64.powi(power as i32)).round_ties_even())
}

/// A unit of several letters must be that of bytes (`KB`, `kilobyte`) or of bits (`Kb`, `kilobit`).
fn check_unit(text: &str, unit: &str, letter: char, bits: bool) -> Result<(), String> {
    let (class, name) = if bits { ("b", "bit") } else { ("B", "byte") };
    let prefix = match letter {
        'K' => "kilo",
        'M' => "mega",
        'G' => "giga",
        'T' => "tera",
        'P' => "peta",
        'E' => "exa",
        'Z' => "zeta",
        'Y' => "yotta",
        _ => "",
    };
    let short = if letter == 'B' { class.to_owned() } else { format!("{letter}{class}") };
    if unit.len() == 1 || unit == short || unit.to_ascii_lowercase() == format!("{prefix}{name}") {
        return Ok(());
    }
    let other = if letter == 'B' { name.to_owned() } else { letter.to_string() };
    Err(format!("human_to_bytes() failed to convert {text}. Value is not a valid string (expect {short} or {other})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_ansible() {
        assert_eq!(human_to_bytes("10 M", None, false), Ok(10485760.0));
        assert_eq!(human_to_bytes("1.5Kb", None, true), Ok(1536.0));
        assert_eq!(human_to_bytes("2", Some("G"), false), Ok(2147483648.0));
        assert_eq!(
            human_to_bytes("1Kb", None, false).unwrap_err(),
            "human_to_bytes() failed to convert 1Kb. Value is not a valid string (expect KB or K)"
        );
        assert_eq!(bytes_to_human(10000000.0, false, None), "9.54 MB");
        assert_eq!(bytes_to_human(1.0, true, None), "1.00 bits");
        assert_eq!(bytes_to_human(102400000.0, false, Some("g")), "0.10 GB");
    }
}
