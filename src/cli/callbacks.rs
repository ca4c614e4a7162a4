//! Which callbacks follow a run: the one that writes the output, then those of `callbacks_enabled`.
//!
//! A name that leads nowhere is an error for the output and a warning otherwise; one that was removed
//! is an error always. Built-in ones come before those of collections, as there.

use crate::callback::{self, CALLBACKS, Callback, CallbackDef, Kind, Lacking, Screen};
use crate::config::Config;
use crate::content::{Collections, is_full};
use crate::diag::{Error, Remark, Result};
use std::sync::Arc;

/// The callbacks that the settings ask for.
pub(super) fn enabled(screen: &Screen, config: &Config, collections: &Collections) -> Result<Vec<Box<dyn Callback>>> {
    let named = config.settings.text("DEFAULT_STDOUT_CALLBACK").unwrap_or("default");
    let wanted = &routed(screen, collections, named)?;
    let output = match callback::find(wanted) {
        Some(found) if found.kind == Kind::Aggregate => {
            return Err(Error::unsupported(format!("rplay writes no output by the callback '{}' alone", found.fqcn)));
        }
        Some(found) => found,
        None => {
            return Err(match callback::lacking(wanted) {
                Lacking::Here(name) => Error::unsupported(format!("rplay has no stdout callback '{name}'")),
                Lacking::Removed(text) => Error::user(text),
                Lacking::Unknown => Error::user(format!("Could not load '{named}' callback plugin.")),
            });
        }
    };
    redirected(screen, wanted, output);
    let mut all = vec![(output.new)(screen.clone())];
    let named = of_setting(screen, config, collections)?;
    for def in order(&named).into_iter().filter(|def| !std::ptr::eq(*def, output)) {
        match def.kind {
            Kind::Stdout => {
                let name = if is_builtin(def) { def.name } else { def.fqcn };
                screen.verbose(2, None, &format!("Skipping callback '{name}', as we already have a stdout callback."));
            }
            Kind::Aggregate if named.iter().any(|named| std::ptr::eq(*named, def)) => {
                all.push((def.new)(screen.clone()));
            }
            Kind::Aggregate => {}
        }
    }
    Ok(all)
}

/// What a full name leads to, by what the collection says that it is of.
fn routed(screen: &Screen, collections: &Collections, name: &str) -> Result<String> {
    // rplay's own are asked first: no collection need be there for them.
    if !is_full(name) || callback::find(name).is_some() {
        return Ok(name.to_owned());
    }
    let (target, marks) = collections.plugin("callback", name).map_err(Error::user)?;
    marks.into_iter().for_each(|mark| screen.deprecated(&Remark::marked(&Arc::new(mark), None).text()));
    Ok(target)
}

/// Those that `callbacks_enabled` names.
fn of_setting(screen: &Screen, config: &Config, collections: &Collections) -> Result<Vec<&'static CallbackDef>> {
    let mut named = Vec::new();
    for name in config.settings.list("CALLBACKS_ENABLED") {
        let target = routed(screen, collections, name)?;
        if let Some(found) = callback::find(&target) {
            redirected(screen, name, found);
            named.push(found);
            continue;
        }
        if let Some(found) = callback::find(name) {
            redirected(screen, name, found);
            named.push(found);
            continue;
        }
        match callback::lacking(name) {
            Lacking::Here(name) => {
                screen.warning(&format!("Skipping callback plugin '{name}', which rplay does not have"));
            }
            Lacking::Removed(text) => return Err(Error::user(text)),
            Lacking::Unknown => screen.warning(&format!("Skipping callback plugin '{name}', unable to load")),
        }
    }
    Ok(named)
}

/// All built-in ones, then the named ones of collections.
fn order(named: &[&'static CallbackDef]) -> Vec<&'static CallbackDef> {
    let mut all: Vec<&CallbackDef> = CALLBACKS.iter().filter(|def| is_builtin(def)).collect();
    for def in named {
        if !all.iter().any(|known| std::ptr::eq(*known, *def)) {
            all.push(def);
        }
    }
    all
}

fn is_builtin(def: &CallbackDef) -> bool {
    def.fqcn.starts_with("ansible.builtin.")
}

fn redirected(screen: &Screen, name: &str, def: &CallbackDef) {
    if name == def.name && !is_builtin(def) {
        let text = format!("redirecting (type: callback) ansible.builtin.{name} to {}", def.fqcn);
        screen.verbose(2, None, &text);
    }
}
