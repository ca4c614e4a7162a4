//! The fact cache on disk (`fact_caching = jsonfile`): one file for each host.
//!
//! Files are ansible-core 2.19's own, so that both read each other's: the name is folder, prefix,
//! `s1_`, host; the content is JSON in JSON, `{"__payload__": "…"}`, with `__ansible_type` where a
//! value says where it was written. What is read back is data, never a template, whatever its tags
//! say.

use crate::diag::{Error, Result};
use crate::host::errors;
use crate::value::{Dict, JsonStyle, Text, Value, parse_json, write_json};
use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const PAYLOAD: &str = "__payload__";
const TYPE: &str = "__ansible_type";
const STYLE: JsonStyle = JsonStyle { indent: None, sort_keys: false, unicode: false };

/// A folder of files with the facts of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactCache {
    folder: PathBuf,
    prefix: String,
    timeout: Duration,
}

/// What a plugin's name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachePlugin {
    /// Facts last as long as the run.
    Memory,
    /// Files.
    JsonFile,
    /// There is none of that name: the real one warns and goes on in memory.
    Unknown,
}

impl CachePlugin {
    /// The plugin of a name, with or without its collection; refused where rplay lacks it.
    pub fn named(name: &str) -> Result<Self> {
        let short = ["ansible.builtin.", "ansible.legacy."].iter().find_map(|prefix| name.strip_prefix(prefix));
        let short = short.or_else(|| name.strip_prefix("community.general.")).unwrap_or(name);
        match short {
            "memory" => Ok(Self::Memory),
            "jsonfile" if !name.starts_with("community.") => Ok(Self::JsonFile),
            "memcached" | "mongodb" | "pickle" | "redis" | "yaml" => {
                Err(Error::unsupported(format!("rplay has no fact cache '{name}'; it has memory and jsonfile")))
            }
            _ => Ok(Self::Unknown),
        }
    }
}

impl FactCache {
    /// The cache in a folder, which is made where it is missing; files older than `timeout` seconds are
    /// not read, and 0 is for ever.
    pub fn open(folder: &Path, prefix: &str, timeout: i64) -> std::result::Result<Self, String> {
        if let Err(error) = std::fs::create_dir_all(folder) {
            if folder.exists() {
                return Err(unusable(folder));
            }
            let why = errors::os_error(&error, errors::first_missing(folder));
            let shown = folder.display();
            return Err(format!("Error in 'jsonfile' cache plugin while trying to create cache dir '{shown}': {why}"));
        }
        let all = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
        if rustix::fs::access(folder, all).is_err() {
            return Err(unusable(folder));
        }
        let timeout = Duration::from_secs(u64::try_from(timeout).unwrap_or(0));
        Ok(Self { folder: folder.to_owned(), prefix: prefix.to_owned(), timeout })
    }

    fn path(&self, host: &str) -> PathBuf {
        let mut path = self.folder.clone().into_os_string();
        path.push(format!("/{}s1_{host}", self.prefix));
        path.into()
    }

    /// The facts of a host, where there is a file that is not too old; a broken one is removed.
    pub fn load(&self, host: &str) -> std::result::Result<Option<Dict>, String> {
        let path = self.path(host);
        if self.is_too_old(&path) {
            return Ok(None);
        }
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("Error while accessing the cache file '{}': {error}", path.display())),
        };
        let Some(facts) = decoded(&text) else {
            self.delete(host);
            return Err(format!(
                "The cache file {} was corrupt, or did not otherwise contain valid data. It has been removed, so you \
                 can re-run your command now.",
                path.display()
            ));
        };
        Ok(Some(facts))
    }

    fn is_too_old(&self, path: &Path) -> bool {
        let Ok(written) = std::fs::metadata(path).and_then(|meta| meta.modified()) else { return false };
        !self.timeout.is_zero() && SystemTime::now().duration_since(written).unwrap_or_default() > self.timeout
    }

    /// Writes the facts of a host; whoever reads meanwhile sees the file before or after, never half.
    pub fn save(&self, host: &str, facts: &Dict) -> std::result::Result<(), String> {
        let path = self.path(host);
        let write = || -> std::io::Result<()> {
            // Not `tempfile_in`, whose errors have lost the system's number.
            let open = |path: &Path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            let folder = path.parent().unwrap_or(&self.folder);
            let file = tempfile::Builder::new().prefix("tmp").make_in(folder, open)?;
            std::fs::write(file.path(), encoded(facts))?;
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644))?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(|error| {
            format!(
                "Error in 'jsonfile' cache plugin while trying to write to '{}': {}",
                path.display(),
                errors::plain(&error)
            )
        })
    }

    /// Removes the file of a host.
    pub fn delete(&self, host: &str) {
        // One that is not there is what was wanted.
        let _ = std::fs::remove_file(self.path(host));
    }
}

fn unusable(folder: &Path) -> String {
    format!(
        "error in 'jsonfile' cache, configured path ({}) does not have necessary permissions (rwx), disabling plugin",
        folder.display()
    )
}

fn encoded(facts: &Dict) -> String {
    let payload = write_json(&tagged(&Value::Dict(facts.clone())), STYLE);
    write_json(&Value::Dict(Dict::from([(PAYLOAD, payload)])), STYLE)
}

fn decoded(text: &str) -> Option<Dict> {
    let outer = parse_json(text).ok()?;
    let text = outer.get(PAYLOAD)?.as_str()?;
    let payload = parse_json(text).ok()?;
    // Gathered facts have no tags.
    let facts = if text.contains(TYPE) { untagged(&payload)? } else { payload };
    facts.as_dict().cloned()
}

fn of_type(name: &str, entries: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut dict: Dict = entries.into_iter().map(|(key, value)| (Value::str(key), value)).collect();
    dict.insert(TYPE, name);
    dict.into()
}

/// A value with what the file says of its strings.
fn tagged(value: &Value) -> Value {
    match value {
        Value::Str(text) => match tags(text) {
            tags if tags.is_empty() => Value::str(text.as_str()),
            tags => of_type("_AnsibleTaggedStr", [("value", Value::str(text.as_str())), ("tags", Value::list(tags))]),
        },
        Value::Vault(text) => {
            of_type("EncryptedString", [("value", Value::str(text.as_str())), ("tags", Value::list(place(text)))])
        }
        Value::Date(date) => of_type("AnsibleSerializableDate", [("iso8601", Value::str(date.to_string()))]),
        Value::DateTime(time) => {
            of_type("AnsibleSerializableDateTime", [("iso8601", Value::str(time.isoformat())), ("fold", 0.into())])
        }
        Value::Time(time) => {
            of_type("AnsibleSerializableTime", [("iso8601", Value::str(time.to_string())), ("fold", 0.into())])
        }
        Value::Bytes(bytes) => Value::str(String::from_utf8_lossy(bytes).into_owned()),
        Value::List(items) => Value::list(items.iter().map(tagged)),
        Value::Dict(dict) => Value::Dict(dict.iter().map(|(k, v)| (k.clone(), tagged(v))).collect()),
        other => other.clone(),
    }
}

fn tags(text: &Text) -> Vec<Value> {
    let mut tags = place(text);
    if text.is_trusted() {
        tags.push(of_type("TrustedAsTemplate", []));
    }
    tags
}

fn place(text: &Text) -> Vec<Value> {
    let Some(origin) = text.origin() else { return Vec::new() };
    let Some(path) = origin.path() else { return Vec::new() };
    let entries = [
        ("path", Value::str(path)),
        ("line_num", i64::from(origin.line).into()),
        ("col_num", i64::from(origin.column).into()),
    ];
    vec![of_type("Origin", entries)]
}

/// The value without tags; None where it is of a type that no fact is of.
fn untagged(value: &Value) -> Option<Value> {
    match value {
        Value::List(items) => Some(Value::List(items.iter().map(untagged).collect::<Option<Vec<_>>>()?.into())),
        Value::Dict(dict) => match dict.get(TYPE).and_then(Value::as_str) {
            None => {
                let items = dict.iter().map(|(k, v)| Some((k.clone(), untagged(v)?)));
                Some(Value::Dict(items.collect::<Option<Dict>>()?))
            }
            Some("EncryptedString") => Some(Value::Vault(Text::data(dict.get("value")?.as_str()?))),
            Some(name) if name.starts_with("_AnsibleTagged") => untagged(dict.get("value")?),
            // A date is as good as its text: that is what templates show of either.
            Some(name) if name.starts_with("AnsibleSerializable") => dict.get("iso8601").cloned(),
            Some(_) => None,
        },
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Origin;

    fn facts() -> Dict {
        let origin = Origin { line: 4, column: 21, ..Origin::file("/site.yml") };
        Dict::from([
            ("a", Value::Str(Text::trusted("é", Some(origin)))),
            ("ansible_os", Dict::from([("x", Value::list([1.into(), true.into(), Value::Null]))]).into()),
            ("_ansible_facts_gathered", true.into()),
        ])
    }

    #[test]
    fn the_file_is_the_real_ones() {
        let want = r#"{"__payload__": "{\"a\": {\"value\": \"\\u00e9\", \"tags\": [{\"path\": \"/site.yml\", \"line_num\": 4, \"col_num\": 21, \"__ansible_type\": \"Origin\"}, {\"__ansible_type\": \"TrustedAsTemplate\"}], \"__ansible_type\": \"_AnsibleTaggedStr\"}, \"ansible_os\": {\"x\": [1, true, null]}, \"_ansible_facts_gathered\": true}"}"#;
        assert_eq!(encoded(&facts()), want);
    }

    #[test]
    fn what_the_real_one_wrote_is_read_without_trust() {
        let file = r#"{"__payload__": "{\"d\": {\"value\": {\"x\": {\"value\": [{\"value\": 1, \"tags\": [], \"__ansible_type\": \"_AnsibleTaggedInt\"}, null], \"tags\": [], \"__ansible_type\": \"_AnsibleTaggedList\"}}, \"tags\": [], \"__ansible_type\": \"_AnsibleTaggedDict\"}, \"b\": {\"value\": \"{{ v }}\", \"tags\": [{\"__ansible_type\": \"TrustedAsTemplate\"}], \"__ansible_type\": \"_AnsibleTaggedStr\"}, \"t\": {\"iso8601\": \"2020-01-02\", \"__ansible_type\": \"AnsibleSerializableDate\"}}"}"#;
        let read = decoded(file).unwrap();
        assert_eq!(
            write_json(&read.clone().into(), STYLE),
            r#"{"d": {"x": [1, null]}, "b": "{{ v }}", "t": "2020-01-02"}"#
        );
        assert!(matches!(read.get("b"), Some(Value::Str(text)) if !text.is_trusted()));
        assert_eq!(decoded("{\"a\": 1}"), None);
        assert_eq!(decoded("{bad"), None);
    }

    #[test]
    fn keeps_forgets_and_mistrusts_files() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FactCache::open(&folder.path().join("new"), "pre_", 86400).unwrap();
        assert_eq!(cache.load("h1"), Ok(None));
        cache.save("h1", &facts()).unwrap();
        let path = folder.path().join("new/pre_s1_h1");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(cache.load("h1").unwrap().and_then(|facts| facts.get("a").cloned()), Some("é".into()));
        cache.delete("h1");
        assert_eq!(cache.load("h1"), Ok(None));
        std::fs::write(&path, "{bad").unwrap();
        assert!(cache.load("h1").unwrap_err().contains("was corrupt"));
        assert!(!path.exists());
    }

    #[test]
    fn plugins_by_name() {
        assert_eq!(CachePlugin::named("ansible.builtin.jsonfile").unwrap(), CachePlugin::JsonFile);
        assert_eq!(CachePlugin::named("memory").unwrap(), CachePlugin::Memory);
        assert_eq!(CachePlugin::named("nosuch").unwrap(), CachePlugin::Unknown);
        assert!(CachePlugin::named("community.general.redis").unwrap_err().message.contains("community.general.redis"));
    }
}
