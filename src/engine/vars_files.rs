//! `vars_files` of a play, for each host and for the play's own keywords.

use super::shared::Shared;
use crate::diag::{Error, Kind, Origin, Result};
use crate::playbook::Play;
use crate::template::Scope;
use crate::value::{Dict, Value};
use crate::vars::{HostScope, PlayVars};
use std::sync::Arc;

/// The variables of a play outside of any host, which its own keywords see: its files are read, its name is rendered.
pub(super) fn outside(shared: &Shared, play: &Play, vars: PlayVars) -> Result<HostScope> {
    let mut vars = Arc::new(vars);
    let title = {
        let scope = HostScope::of_nobody(&shared.store, &vars);
        read(shared, play, &vars, &scope.host)?;
        super::play::shown(shared, &play.title(), &scope)
    };
    // Nobody else has them yet.
    if let Some(vars) = Arc::get_mut(&mut vars) {
        vars.name = title;
    }
    Ok(HostScope::of_nobody(&shared.store, &vars))
}

/// Reads the files for a host; their names may be templates.
pub(super) fn read(shared: &Shared, play: &Play, vars: &Arc<PlayVars>, host: &Arc<str>) -> Result<()> {
    vars.clear_files(host);
    for entry in &play.vars_files {
        let names = entry.as_list().unwrap_or(std::slice::from_ref(entry));
        let scope = HostScope::new(&shared.store, vars, host);
        if let Some(dict) = first(shared, &scope, names)? {
            vars.add_file(host, dict);
        }
    }
    Ok(())
}

/// The first file of several that is there; without any there are no variables, and no complaint,
/// as with ansible-core. A name whose variables are not known yet is left out.
fn first(shared: &Shared, scope: &HostScope, names: &[Value]) -> Result<Option<Dict>> {
    for name in names {
        let rendered = match shared.templar.render_value(name, scope) {
            Ok(value) => value.unwrap_or_default().to_text(),
            Err(error) if error.kind == Kind::Undefined => {
                let text = Error::user("skipping vars_files item due to an undefined variable");
                let told = text.at(super::keywords::place(Some(name))).to_string();
                shared.warn(told.trim_end());
                continue;
            }
            Err(error) => return Err(error),
        };
        let found = shared.loader.vars_file(&rendered, &scope.search_paths());
        if let Some(dict) = found.map_err(|error| invalid(&rendered, error))? {
            return Ok(Some(dict));
        }
    }
    Ok(None)
}

fn invalid(name: &str, error: Error) -> Error {
    let path = error.place().and_then(Origin::path).unwrap_or(name).to_owned();
    error.context(format!("Invalid vars_files file '{path}'."))
}
