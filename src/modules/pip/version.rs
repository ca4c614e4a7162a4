//! Versions and requirements of Python packages, as PEP 440 and PEP 508 define them.

use std::cmp::Ordering;

/// A package to install: its requirement, or text that is none, such as a path or an address.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Package {
    /// The canonical name; for other text the text itself.
    pub name: String,
    /// What pip is told.
    pub text: String,
    specifiers: Vec<Specifier>,
    plain: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Specifier {
    operator: String,
    version: String,
}

/// A name as PEP 503 compares it.
pub(super) fn canonical(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        let c = if matches!(c, '-' | '_' | '.') { '-' } else { c.to_ascii_lowercase() };
        if !(c == '-' && out.ends_with('-')) {
            out.push(c);
        }
    }
    out
}

impl Package {
    /// From a name, and the version or specifiers that stand apart from it.
    pub fn new(text: &str, version: Option<&str>) -> Self {
        let full = match version.map(str::trim_start).filter(|version| !version.is_empty()) {
            Some(version) if version.starts_with(|c: char| c.is_ascii_digit()) => format!("{text}=={version}"),
            Some(version) => format!("{text} {version}"),
            None => text.to_owned(),
        };
        Self::parse(&full).unwrap_or_else(|| Self {
            name: text.into(),
            text: text.into(),
            specifiers: Vec::new(),
            plain: false,
        })
    }

    /// Whether it says which versions.
    pub fn has_specifier(&self) -> bool {
        !self.specifiers.is_empty()
    }

    /// Whether a version that is installed is enough.
    pub fn is_satisfied_by(&self, version: &str) -> bool {
        self.plain && self.specifiers.iter().all(|specifier| specifier.allows(version))
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (text, marker) = match text.split_once(';') {
            Some((text, marker)) => (text.trim_end(), Some(marker.trim())),
            None => (text, None),
        };
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        let ends_well = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if !ends_well(name.chars().next()) || !ends_well(name.chars().last()) {
            return None;
        }
        rest = rest.trim_start();
        let mut shown = name.to_owned();
        if let Some(inner) = rest.strip_prefix('[') {
            let (extras, after) = inner.split_once(']')?;
            let mut extras: Vec<&str> = extras.split(',').map(str::trim).filter(|extra| !extra.is_empty()).collect();
            extras.sort_unstable();
            if !extras.is_empty() {
                shown.push_str(&format!("[{}]", extras.join(",")));
            }
            rest = after.trim_start();
        }
        let mut specifiers = Vec::new();
        if let Some(url) = rest.strip_prefix('@') {
            let url = url.trim();
            if url.is_empty() || url.contains(' ') {
                return None;
            }
            shown.push_str(&format!(" @ {url}"));
        } else {
            let inner = rest.strip_prefix('(').map_or(Some(rest), |rest| rest.strip_suffix(')'))?.trim();
            for part in inner.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                specifiers.push(Specifier::parse(part)?);
            }
            let mut texts: Vec<String> = specifiers.iter().map(|s| format!("{}{}", s.operator, s.version)).collect();
            texts.sort();
            shown.push_str(&texts.join(","));
        }
        if let Some(marker) = marker {
            let space = if rest.starts_with('@') { " " } else { "" };
            shown.push_str(&format!("{space}; {}", marker.replace('\'', "\"")));
        }
        Some(Self { name: canonical(name), text: shown, specifiers, plain: true })
    }
}

impl Specifier {
    fn parse(text: &str) -> Option<Self> {
        let operators = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"];
        let operator = operators.into_iter().find(|operator| text.starts_with(operator))?;
        let version = text[operator.len()..].trim();
        let bare = match version.strip_suffix(".*") {
            Some(bare) if matches!(operator, "==" | "!=") => bare,
            Some(_) => return None,
            None => version,
        };
        if operator == "===" {
            return (!version.is_empty()).then(|| Self { operator: operator.into(), version: version.into() });
        }
        let parsed = Version::parse(bare)?;
        if operator == "~=" && parsed.release.len() < 2 {
            return None;
        }
        Some(Self { operator: operator.into(), version: version.into() })
    }

    fn allows(&self, version: &str) -> bool {
        if self.operator == "===" {
            return self.version.eq_ignore_ascii_case(version);
        }
        let Some(have) = Version::parse(version) else { return false };
        if let Some(prefix) = self.version.strip_suffix(".*").and_then(Version::parse) {
            return (have.epoch == prefix.epoch && have.has_prefix(&prefix.release)) == (self.operator == "==");
        }
        let Some(want) = Version::parse(&self.version) else { return false };
        // A local label (`1.0+deb1`) counts only where one is asked for.
        let public = Version { local: Vec::new(), ..have.clone() };
        let order = if want.local.is_empty() { public.cmp(&want) } else { have.cmp(&want) };
        match self.operator.as_str() {
            "==" => order == Ordering::Equal,
            "!=" => order != Ordering::Equal,
            "<=" => public.cmp(&want) != Ordering::Greater,
            ">=" => public.cmp(&want) != Ordering::Less,
            // `<3` excludes 3's own pre-releases, `>3` its post-releases.
            "<" => order == Ordering::Less && (want.is_pre() || !have.is_pre() || have.base() != want.base()),
            ">" => {
                public.cmp(&want) == Ordering::Greater
                    && (want.post.is_some() || have.post.is_none() || have.base() != want.base())
            }
            _ => order != Ordering::Less && have.has_prefix(&want.release[..want.release.len() - 1]),
        }
    }
}

/// A version in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    epoch: u64,
    release: Vec<u64>,
    /// `a`, `b` or `rc` with a number.
    pre: Option<(u8, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Vec<Result<u64, String>>,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_prefix('v').unwrap_or(&text);
        let (text, local) = text.split_once('+').map_or((text, None), |(text, local)| (text, Some(local)));
        let (epoch, text) = match text.split_once('!') {
            Some((epoch, text)) => (epoch.parse().ok()?, text),
            None => (0, text),
        };
        let mut rest = text;
        let mut release = vec![take_number(&mut rest)?];
        while let Some(mut after) = rest.strip_prefix('.') {
            let Some(number) = take_number(&mut after) else { break };
            release.push(number);
            rest = after;
        }
        let mut version = Self { epoch, release, pre: None, post: None, dev: None, local: Vec::new() };
        version.suffixes(rest)?;
        for part in local.into_iter().flat_map(|local| local.split(['.', '-', '_'])) {
            if part.is_empty() || !part.chars().all(|c| c.is_ascii_alphanumeric()) {
                return None;
            }
            version.local.push(part.parse().map_err(|_| part.to_owned()));
        }
        Some(version)
    }

    fn suffixes(&mut self, mut rest: &str) -> Option<()> {
        const PRE: [(&str, u8); 7] =
            [("alpha", 0), ("a", 0), ("beta", 1), ("b", 1), ("preview", 2), ("pre", 2), ("rc", 2)];
        while !rest.is_empty() {
            let word = rest.trim_start_matches(['.', '-', '_']);
            if word.len() + 1 < rest.len() {
                return None;
            }
            let number = |word: &mut &str| {
                let mut after = word.trim_start_matches(['.', '-', '_']);
                match take_number(&mut after) {
                    Some(number) => {
                        *word = after;
                        number
                    }
                    None => 0,
                }
            };
            let pre = PRE.into_iter().chain([("c", 2)]).find(|(name, _)| word.starts_with(name));
            let post = ["post", "rev", "r"].into_iter().find(|name| word.starts_with(name));
            if let Some((name, rank)) = pre.filter(|_| self.pre.is_none() && self.post.is_none() && self.dev.is_none())
            {
                rest = &word[name.len()..];
                self.pre = Some((rank, number(&mut rest)));
            } else if let Some(name) = post.filter(|_| self.post.is_none() && self.dev.is_none()) {
                rest = &word[name.len()..];
                self.post = Some(number(&mut rest));
            } else if let Some(after) = word.strip_prefix("dev").filter(|_| self.dev.is_none()) {
                rest = after;
                self.dev = Some(number(&mut rest));
            } else if let Some(mut after) = rest.strip_prefix('-').filter(|_| self.post.is_none()) {
                // `1.0-1` is a post-release.
                self.post = Some(take_number(&mut after)?);
                rest = after;
            } else {
                return None;
            }
        }
        Some(())
    }

    fn is_pre(&self) -> bool {
        self.pre.is_some() || self.dev.is_some()
    }

    /// The release without trailing zeros.
    fn base(&self) -> (u64, &[u64]) {
        let end = self.release.iter().rposition(|n| *n != 0).map_or(0, |i| i + 1);
        (self.epoch, &self.release[..end])
    }

    fn has_prefix(&self, prefix: &[u64]) -> bool {
        prefix.iter().enumerate().all(|(i, n)| self.release.get(i).copied().unwrap_or(0) == *n)
    }

    /// Where it stands among those of the same release: dev, then pre-releases, the release, post-releases.
    fn rank(&self) -> (u8, u8, u64, i128, u64) {
        let dev = self.dev.unwrap_or(u64::MAX);
        let post = self.post.map_or(-1, i128::from);
        match self.pre {
            Some((kind, number)) => (1, kind, number, post, dev),
            None if self.post.is_none() && self.dev.is_some() => (0, 0, 0, post, dev),
            None => (2, 0, 0, post, dev),
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let local = |version: &Self| -> Vec<(bool, u64, String)> {
            version
                .local
                .iter()
                .map(|part| match part {
                    Ok(number) => (true, *number, String::new()),
                    Err(word) => (false, 0, word.clone()),
                })
                .collect()
        };
        self.base()
            .cmp(&other.base())
            .then_with(|| self.rank().cmp(&other.rank()))
            .then_with(|| local(self).cmp(&local(other)))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn take_number(text: &mut &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number = text[..end].parse().ok()?;
    *text = &text[end..];
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn satisfied(requirement: &str, version: &str, want: bool) {
        assert_eq!(Package::new(requirement, None).is_satisfied_by(version), want, "{requirement} {version}");
    }

    #[test]
    fn requirements_as_packaging_prints_them() {
        for (text, version, want) in [
            ("Django>=1.0, <2", None, "Django<2,>=1.0"),
            ("django", Some("1.2"), "django==1.2"),
            ("django", Some(">1, <2"), "django<2,>1"),
            ("a[z,b] ==1", None, "a[b,z]==1"),
            ("a@ https://x/y", None, "a @ https://x/y"),
            ("a>1;python_version < '3'", None, "a>1; python_version < \"3\""),
            ("git+https://x/y", None, "git+https://x/y"),
            ("/tmp/x.whl", None, "/tmp/x.whl"),
        ] {
            assert_eq!(Package::new(text, version).text, want);
        }
        assert_eq!(Package::new("Foo_.Bar", None).name, "foo-bar");
        assert!(Package::new("a>1", None).has_specifier());
    }

    #[test]
    fn versions_that_satisfy() {
        satisfied("a", "1", true);
        satisfied("a==1.0", "1", true);
        satisfied("a==1.*", "1.9.2", true);
        satisfied("a!=1.*", "1.9.2", false);
        satisfied("a~=1.4.2", "1.4.9", true);
        satisfied("a~=1.4.2", "1.5", false);
        satisfied("a>=1.0", "1.0rc1", false);
        satisfied("a<1.0", "1.0rc1", false);
        satisfied("a>1.0", "1.0.post1", false);
        satisfied("a>=1.0", "1.0.post1", true);
        satisfied("a==1.0", "1.0+deb1", true);
        satisfied("a<2", "1!1", false);
        satisfied("a>1.0.dev1", "1.0a1", true);
        satisfied("a>=2", "10.1", true);
    }
}
