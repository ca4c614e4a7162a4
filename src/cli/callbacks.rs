//! Which callbacks follow a run: the one that writes the output, then those of `callbacks_enabled`.
//!
//! A name that leads nowhere is an error for the output and a warning otherwise; one that was removed
//! is an error always. Built-in ones come before those of collections, as there. What there is to say of them
//! is said once the first playbook is read, which is where the real one loads them.

use crate::callback::{self, CALLBACKS, Callback, CallbackDef, Kind, Lacking, Screen};
use crate::config::Config;
use crate::content::{Collections, is_full};
use crate::diag::{Error, Remark, Result};
use crate::event::Event;
use std::sync::Arc;

/// What is said of a callback.
enum Said {
    Verbose(String),
    Warning(String),
}

/// The callbacks that follow a run.
pub(super) struct Enabled {
    callbacks: Vec<Box<dyn Callback>>,
    screen: Screen,
    unsaid: Vec<Said>,
}

impl Callback for Enabled {
    fn event(&mut self, event: &Event) {
        if matches!(event, Event::PlaybookStart { .. }) {
            for said in self.unsaid.drain(..) {
                match said {
                    Said::Verbose(text) => self.screen.verbose(2, None, &text),
                    Said::Warning(text) => self.screen.warning(&text),
                }
            }
        }
        self.callbacks.event(event);
    }
}

/// The callbacks that the settings ask for.
pub(super) fn enabled(screen: &Screen, config: &Config, collections: &Collections) -> Result<Enabled> {
    let mut unsaid = Vec::new();
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
    redirected(&mut unsaid, wanted, output);
    let mut all = vec![(output.new)(screen.clone())];
    let named = of_setting(screen, &mut unsaid, config, collections)?;
    for def in order(&named).into_iter().filter(|def| !std::ptr::eq(*def, output)) {
        match def.kind {
            Kind::Stdout => {
                let name = if is_builtin(def) { def.name } else { def.fqcn };
                unsaid
                    .push(Said::Verbose(format!("Skipping callback '{name}', as we already have a stdout callback.")));
            }
            Kind::Aggregate if named.iter().any(|named| std::ptr::eq(*named, def)) => {
                all.push((def.new)(screen.clone()));
            }
            Kind::Aggregate => {}
        }
    }
    Ok(Enabled { callbacks: all, screen: screen.clone(), unsaid })
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
fn of_setting(
    screen: &Screen,
    unsaid: &mut Vec<Said>,
    config: &Config,
    collections: &Collections,
) -> Result<Vec<&'static CallbackDef>> {
    let mut named = Vec::new();
    for name in config.settings.list("CALLBACKS_ENABLED") {
        let target = routed(screen, collections, name)?;
        if let Some(found) = callback::find(&target) {
            redirected(unsaid, name, found);
            named.push(found);
            continue;
        }
        match callback::lacking(name) {
            Lacking::Here(name) => {
                unsaid.push(Said::Warning(format!("Skipping callback plugin '{name}', which rplay does not have")));
            }
            Lacking::Removed(text) => return Err(Error::user(text)),
            Lacking::Unknown => {
                unsaid.push(Said::Warning(format!("Skipping callback plugin '{name}', unable to load")));
            }
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

fn redirected(unsaid: &mut Vec<Said>, name: &str, def: &CallbackDef) {
    if name == def.name && !is_builtin(def) {
        let text = format!("redirecting (type: callback) ansible.builtin.{name} to {}", def.fqcn);
        unsaid.push(Said::Verbose(text));
    }
}
