//! What a run would play, without playing it: for `--list-hosts`, `--list-tasks`, `--list-tags` and `--syntax-check`.

use super::run::Prepared;
use super::{tags, validate, vars_files};
use crate::content::ActionKind;
use crate::diag::Result;
use crate::inventory::Notice;
use crate::playbook::{Entry, Play, Task};
use crate::template::Scope;
use crate::value::Value;
use crate::vars::PlayVars;
use std::sync::Arc;

/// A play as it would run.
#[derive(Clone, Debug)]
pub struct PlayListing {
    /// Its patterns.
    pub patterns: Vec<String>,
    /// Its name.
    pub name: String,
    /// Its own tags.
    pub tags: Vec<String>,
    /// The hosts that it is for.
    pub hosts: Vec<Arc<str>>,
    /// Its selected tasks, each with its tags, sorted.
    pub tasks: Vec<(String, Vec<String>)>,
    /// Actions that rplay cannot run, which would fail where their tasks run.
    pub lacking: Vec<String>,
    /// What ansible-core warns of only where the play is shown: patterns out of templates that match nothing.
    pub warnings: Vec<String>,
}

impl Prepared {
    /// The plays of a playbook.
    pub(super) fn inspect(&self, path: &str) -> Result<Vec<PlayListing>> {
        let (plays, basedir) = self.load(path)?;
        plays.iter().map(|play| self.listing(play, &basedir)).collect()
    }

    fn listing(&self, play: &Play, basedir: &str) -> Result<PlayListing> {
        let vars = PlayVars { prompts: super::prompts::defaults(play), ..PlayVars::new(play, basedir) };
        let scope = vars_files::outside(&self.shared, play, vars)?;
        validate::play(&self.shared, play, &scope)?;
        let patterns = super::play::patterns(&self.shared, play, &scope)?;
        let (hosts, notices) = self.shared.select(&patterns)?;
        let mut warnings = Vec::new();
        let template =
            |hosts: &Value| matches!(hosts, Value::Str(text) if self.shared.templar.is_template(text.as_str()));
        if play.hosts.iter().any(template) {
            warnings.extend(notices.into_iter().filter_map(|notice| match notice {
                Notice::Warning(text) => Some(text),
                _ => None,
            }));
        } else {
            self.shared.tell_notices(notices);
        }
        let mut listing = PlayListing {
            hosts,
            warnings,
            name: self.shown(&play.title(), &scope),
            tags: self.tags(play.common().tags.iter(), &scope),
            patterns,
            tasks: Vec::new(),
            lacking: Vec::new(),
        };
        let roles = play.roles.iter().flat_map(|used| &used.tasks);
        let entries = play.pre_tasks.iter().chain(roles).chain(&play.tasks).chain(&play.post_tasks);
        entries.for_each(|entry| self.add(entry, &scope, &mut listing));
        Ok(listing)
    }

    fn add(&self, entry: &Entry, scope: &dyn Scope, listing: &mut PlayListing) {
        match entry {
            Entry::Block(block) => block.block.iter().for_each(|entry| self.add(entry, scope, listing)),
            Entry::Task(task) => self.add_task(task, scope, listing),
        }
    }

    fn add_task(&self, task: &Task, scope: &dyn Scope, listing: &mut PlayListing) {
        let options = &self.shared.options;
        let mut own = self.tags(task.tags().into_iter(), scope);
        if task.implicit || !tags::selected(&own, &options.tags, &options.skip_tags) {
            return;
        }
        own.sort();
        // Of what has no name, ansible-core shows the action alone, without its role.
        let name = match (&task.name, task.shown_role()) {
            (Some(name), Some(role)) if name.truthy() => format!("{} : {}", role.full_name(), name.to_text()),
            (Some(name), None) if name.truthy() => name.to_text(),
            _ => task.action.as_str().to_owned(),
        };
        if let Some(action) =
            task.resolved.as_ref().filter(|a| matches!(a.kind, ActionKind::Lacking | ActionKind::PythonAction(_)))
            && !listing.lacking.iter().any(|known| *known == *action.fqcn)
        {
            listing.lacking.push(action.fqcn.to_string());
        }
        listing.tasks.push((name, own));
    }

    fn shown(&self, value: &Value, scope: &dyn Scope) -> String {
        match self.shared.templar.render_value(value, scope) {
            Ok(Some(value)) => value.to_text(),
            _ => value.to_text(),
        }
    }

    fn tags<'a>(&self, written: impl Iterator<Item = &'a Value>, scope: &dyn Scope) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        for tag in written {
            let rendered = self.shared.templar.render_value(tag, scope).ok().flatten();
            let items = match rendered.as_ref().unwrap_or(tag) {
                Value::List(items) => items.to_vec(),
                one => vec![one.clone()],
            };
            for tag in items.iter().map(Value::to_text) {
                for tag in tag.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
                    if !tags.iter().any(|known| known == tag) {
                        tags.push(tag.to_owned());
                    }
                }
            }
        }
        tags
    }
}
