//! A role's `meta/main.yml` and its argument specs.

use super::Reading;
use super::paths::role_files;
use crate::diag::{Error, Result};
use crate::playbook::{Place, check_keys, check_texts, read_collections};
use crate::value::Value;
use crate::yaml::{Kind, Node};
use std::sync::Arc;

/// What a role says of itself.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// The roles it depends on.
    pub dependencies: Vec<Node>,
    /// `allow_duplicates`.
    pub allow_duplicates: bool,
    /// `collections`.
    pub collections: Vec<Arc<str>>,
    /// `argument_specs`.
    pub argument_specs: Option<Value>,
}

impl Reading<'_> {
    /// Reads a role's metadata.
    pub(super) fn metadata(&self, path: &str, name: &str) -> Result<Metadata> {
        let Some(node) = self.role_yaml(path, "meta", None)? else { return Ok(Metadata::default()) };
        if node.as_map().is_none() {
            return Err(Error::parser(format!("the 'meta/main.yml' for role {name} is not a dictionary")));
        }
        check_keys(&node, Place::Meta)?;
        let mut meta = Metadata {
            argument_specs: node.get("argument_specs").map(Node::to_value),
            allow_duplicates: node.get("allow_duplicates").is_some_and(|n| boolean(&n.to_value())),
            ..Metadata::default()
        };
        if let Some(list) = node.get("collections") {
            let listed = read_collections(list)?.unwrap_or_default();
            // What reading adds at the end is not the role's own.
            meta.collections = listed.into_iter().filter(|c| &**c != "ansible.legacy").collect();
        }
        if let Some(list) = node.get("dependencies").filter(|n| n.to_value().truthy()) {
            let Kind::List(items) = &list.kind else {
                return Err(Error::parser("Expected role dependencies to be a list.").at(Some(&node.origin)));
            };
            meta.dependencies = items.iter().map(dependency).collect();
        }
        check_texts(&node)?;
        Ok(meta)
    }

    /// The argument spec of a role's entry point.
    pub(super) fn argument_spec(&self, path: &str, meta: &Metadata, entry: &str) -> Result<Option<Value>> {
        let own = role_files(&format!("{path}/meta"), Some("argument_specs"), false);
        let specs = match own.iter().find(|file| file.contains("argument_specs.")) {
            Some(file) => self.loader.read(file)?.to_value().get("argument_specs").cloned(),
            None => meta.argument_specs.clone(),
        };
        Ok(specs.as_ref().and_then(|specs| specs.get(entry)).filter(|spec| spec.truthy()).cloned())
    }

    /// The content of a role's file; None where there is none or it is empty.
    pub(super) fn role_yaml(&self, path: &str, subdir: &str, main: Option<&str>) -> Result<Option<Node>> {
        let folder = format!("{path}/{subdir}");
        if !std::path::Path::new(&folder).is_dir() {
            return Ok(None);
        }
        let files = role_files(&folder, main, false);
        match (files.first(), main) {
            (Some(file), _) => {
                check_inside(file, &folder, path)?;
                let node = self.loader.read(file)?;
                Ok(Some(node).filter(|node| node.to_value().truthy()))
            }
            (None, Some(main)) => Err(Error::parser(format!("Could not find specified file in role: {subdir}/{main}"))),
            (None, None) => Ok(None),
        }
    }
}

/// A role's files must be in the role's folder.
pub(super) fn check_inside(file: &str, folder: &str, role: &str) -> Result<()> {
    let inside = crate::content::normal(file).starts_with(&format!("{}/", crate::content::normal(folder)));
    if inside {
        return Ok(());
    }
    let name = role.rsplit('/').next().unwrap_or(role);
    Err(Error::parser(format!(
        "Failed loading '{file}' for role ({name}) as it is not inside the expected role path: '{folder}'"
    )))
}

/// A dependency; one that names only its source is named after it.
fn dependency(node: &Node) -> Node {
    let Kind::Map(pairs) = &node.kind else { return node.clone() };
    let Some(source) = node.get("src").filter(|_| node.get("role").is_none() && node.get("name").is_none()) else {
        return node.clone();
    };
    let text = source.to_value().to_text();
    let name = if text.contains("://") || text.contains('@') {
        let last = text.rsplit('/').next().unwrap_or_default();
        let last = last.strip_suffix(".git").unwrap_or(last);
        let last = last.strip_suffix(".tar.gz").unwrap_or(last);
        last.split(',').next().unwrap_or_default().to_owned()
    } else {
        text
    };
    let scalar = |text: &str| Node { origin: source.origin.clone(), kind: Kind::Scalar(Value::str(text)) };
    let mut pairs = pairs.as_ref().clone();
    pairs.push((scalar("name"), scalar(&name)));
    Node { origin: node.origin.clone(), kind: Kind::Map(Arc::new(pairs)) }
}

/// Python's strict notion of a boolean in Ansible: `yes`, `on`, `1`, `true` and their kin.
pub(super) fn boolean(value: &Value) -> bool {
    match value {
        Value::Bool(b) => *b,
        other => matches!(other.to_text().to_lowercase().as_str(), "y" | "yes" | "on" | "1" | "true" | "t" | "1.0"),
    }
}
