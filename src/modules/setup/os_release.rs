//! Files of `KEY=value` lines such as /etc/os-release and /etc/lsb-release.

use super::read;
use std::collections::HashMap;
use std::path::Path;

/// The values by their keys; later lines win.
#[derive(Debug, Default)]
pub struct Release(HashMap<String, String>);

impl Release {
    /// The system's os-release.
    pub fn system() -> Self {
        ["/etc/os-release", "/usr/lib/os-release"]
            .into_iter()
            .find(|path| read::exists(path))
            .map(Self::read)
            .unwrap_or_default()
    }

    /// Reads a file; an unreadable one has no values.
    pub fn read(path: impl AsRef<Path>) -> Self {
        Self::parse(&read::text(path).unwrap_or_default())
    }

    /// Reads text.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        Self(lines.filter_map(|line| line.split_once('=')).map(|(k, v)| (k.to_owned(), unquoted(v))).collect())
    }

    /// A value.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The identifier of the distribution, in small letters.
    pub fn id(&self) -> String {
        match self.get("ID").unwrap_or_default().to_lowercase().replace(' ', "_").as_str() {
            "ol" => "oracle".into(),
            "opensuse-leap" => "opensuse".into(),
            id => id.to_owned(),
        }
    }
}

/// A value as a shell reads it.
fn unquoted(value: &str) -> String {
    crate::host::words::split(value).map_or_else(|_| value.to_owned(), |words| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::Release;

    #[test]
    fn quotes_are_a_shells() {
        let release = Release::parse("ID=\"rhel\"\nNAME='Red Hat'\n#C=1\n");
        assert_eq!(release.id(), "rhel");
        assert_eq!(release.get("NAME"), Some("Red Hat"));
        assert_eq!(release.get("C"), None);
    }
}
