//! Reads a file of YAML or JSON.

use super::Loader;
use crate::diag::{Error, Origin, Result, Source};
use crate::value::{Dict, Value};
use crate::yaml::{self, Node, Options};
use std::sync::{Arc, PoisonError};

/// What an encrypted file begins with.
const VAULT: &[u8] = b"$ANSIBLE_VAULT";

impl Loader {
    /// Reads a file that the user wrote; its texts may be templates.
    pub(super) fn read(&self, path: &str) -> Result<Node> {
        let files = || self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(node) = files().get(path) {
            return Ok(node.clone());
        }
        let node = self.parse(path)?;
        files().insert(path.to_owned(), node.clone());
        Ok(node)
    }

    fn parse(&self, path: &str) -> Result<Node> {
        let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
        let bytes = if bytes.starts_with(VAULT) { self.decrypt(path, &bytes)? } else { bytes };
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            let message = format!(
                "File {} could not be decoded as 'utf-8'. Invalid content has been escaped.",
                crate::value::str_repr(path)
            );
            self.notes.deprecate(&message, "This file must be UTF-8 encoded.", None);
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        let source = Arc::new(Source::File(path.to_owned()));
        let options = Options { duplicates: self.settings.duplicates, ..Options::trusted() };
        let parsed = yaml::load(&text, &source, options)?;
        parsed.warnings.into_iter().for_each(|warning| self.notes.warn(warning));
        for text in parsed.deprecations {
            self.notes.add(crate::playbook::Note::Deprecated(text));
        }
        Ok(parsed.node)
    }

    /// Reads a file of one YAML document, whatever that holds.
    pub fn read_value(&self, path: &str) -> Result<Value> {
        Ok(self.read(path)?.to_value())
    }

    /// Reads a file of variables: a dictionary, or a list of them.
    pub fn read_vars(&self, path: &str) -> Result<Dict> {
        let node = self.read(path)?;
        let items = match node.to_value() {
            Value::Null => return Ok(Dict::new()),
            Value::List(items) => items.to_vec(),
            other => vec![other],
        };
        let mut vars = Dict::new();
        for item in &items {
            let Some(dict) = item.as_dict() else {
                return Err(Error::user(format!(
                    "variable files must contain either a dictionary of variables, or a list of dictionaries. Got: {} ({})",
                    node.to_value().to_text(),
                    crate::playbook::class_name(&node)
                )));
            };
            vars.update(dict);
        }
        Ok(vars)
    }

    fn decrypt(&self, path: &str, bytes: &[u8]) -> Result<Vec<u8>> {
        self.settings.secrets.decrypt(bytes).map_err(|error| error.at(Some(&Origin::file(path))))
    }
}

fn unreadable(path: &str, error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Error::user(format!(
            "Unable to retrieve file contents.\nCould not find or access '{path}' on the Ansible Controller.\nIf you are using \
             a module and expect the file to exist on the remote, see the remote_src option: [Errno 2] No such file or \
             directory: '{path}'"
        ));
    }
    let what = match error.raw_os_error() {
        Some(code) => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default().to_owned();
            format!("[Errno {code}] {text}: '{path}'")
        }
        None => error.to_string(),
    };
    Error::parser(format!("An error occurred while trying to read the file '{path}': {what}"))
}
