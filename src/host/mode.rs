//! Permissions as people write them: `0644`, `u=rwX,g-w`.

/// Permission and special bits.
pub const BITS: u32 = 0o7777;

/// Octal text as Python's `int(text, 8)` reads it: `0644`, `644`, `0o644`, `6_44`.
pub fn octal(text: &str) -> Option<u32> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let digits = digits.strip_prefix("0o").or_else(|| digits.strip_prefix("0O")).unwrap_or(digits);
    let digits = digits.replace('_', "");
    if negative || digits.starts_with(['+', '-']) {
        return None;
    }
    u32::from_str_radix(&digits, 8).ok()
}

/// The mode that a symbolic one makes of `current`; the error is Ansible's `details`.
///
/// `X` counts for folders and where some execute bit is already set; a clause without users obeys the umask.
pub fn symbolic(text: &str, current: u32, is_dir: bool, umask: u32) -> Result<u32, String> {
    let mut mode = current & BITS;
    for clause in text.split(',') {
        let bad = || format!("bad symbolic permission for mode: {clause}");
        let is_operator = |c: char| matches!(c, '+' | '=' | '-');
        let start = clause.find(is_operator).unwrap_or(clause.len());
        let (users, mut rest) = clause.split_at(start);
        let use_umask = users.is_empty();
        let users = if users.is_empty() || users == "a" { "ugo" } else { users };
        if !users.chars().all(|c| "ugo".contains(c)) {
            return Err(bad());
        }
        while let Some(operator) = rest.chars().next() {
            rest = &rest[1..];
            let end = rest.find(is_operator).unwrap_or(rest.len());
            let (perms, next) = rest.split_at(end);
            rest = next;
            if !perms.chars().all(|c| "rwxXstugo".contains(c)) {
                return Err(bad());
            }
            for user in users.chars() {
                let bits = bits(user, perms, mode, is_dir, if use_umask { umask } else { 0 });
                mode = match operator {
                    '+' => mode | bits,
                    '-' => mode & !bits,
                    _ => (mode & !own(user)) | bits,
                };
            }
        }
    }
    Ok(mode)
}

fn shift(user: char) -> u32 {
    match user {
        'u' => 6,
        'g' => 3,
        _ => 0,
    }
}

/// All that belongs to a kind of user, the special bit included.
fn own(user: char) -> u32 {
    match user {
        'u' => 0o4700,
        'g' => 0o2070,
        _ => 0o1007,
    }
}

fn bits(user: char, perms: &str, mode: u32, is_dir: bool, umask: u32) -> u32 {
    let any_execute = is_dir || mode & 0o111 != 0;
    perms.chars().fold(0, |bits, perm| {
        bits | match perm {
            'r' => (4 << shift(user)) & !umask,
            'w' => (2 << shift(user)) & !umask,
            'x' => (1 << shift(user)) & !umask,
            'X' if any_execute => 1 << shift(user),
            's' if user != 'o' => own(user) & 0o6000,
            't' if user == 'o' => 0o1000,
            'u' | 'g' | 'o' => ((mode >> shift(perm)) & 7) << shift(user),
            _ => 0,
        }
    })
}

/// The umask of this process, read without changing it.
pub fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|text| u32::from_str_radix(text.trim(), 8).ok()).unwrap_or(0o022)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, current: u32, is_dir: bool, want: u32) {
        let got = symbolic(text, current, is_dir, 0o022).expect("valid");
        assert_eq!(format!("{got:o}"), format!("{want:o}"), "{text}");
    }

    #[test]
    fn symbolic_modes() {
        check("u=rw,g=r,o=r", 0, false, 0o644);
        check("u=rwX,g=rX,o=", 0o644, false, 0o640);
        check("u=rwX,g=rX,o=", 0o644, true, 0o750);
        check("a+x", 0o644, false, 0o755);
        check("+w", 0o444, false, 0o644);
        check("g=u", 0o700, false, 0o770);
        check("u+s,g+s,o+t", 0o755, false, 0o7755);
        check("u=rw-x+X,g=r-x+X,o=r-x+X", 0o755, true, 0o755);
        check("=", 0o777, false, 0);
        assert_eq!(symbolic("q=r", 0, false, 0).expect_err("bad"), "bad symbolic permission for mode: q=r");
        assert_eq!(symbolic("u=q", 0, false, 0).expect_err("bad"), "bad symbolic permission for mode: u=q");
    }

    #[test]
    fn octal_modes() {
        assert_eq!(octal("0644"), Some(0o644));
        assert_eq!(octal("0o1777"), Some(0o1777));
        assert_eq!(octal("u=r"), None);
        assert_eq!(octal("0888"), None);
    }
}
