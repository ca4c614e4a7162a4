//! A task's arguments: defaults, templates, omissions.

use super::keywords::{Keywords, place};
use crate::actions::ActionDef;
use crate::diag::{Error, Remark, Result};
use crate::playbook::{may_be_all_template, takes_text};
use crate::value::{Dict, Value};

impl Keywords<'_> {
    /// What `module_defaults` has for an action, rendered: that of its groups, over it its own. Of several for the
    /// same name the innermost counts as a whole.
    pub fn defaults(&self, fqcn: &str) -> Result<Dict> {
        let mut all = Dict::new();
        self.task.module_defaults().into_iter().for_each(|defaults| all.update(defaults));
        let collections = self.shared.loader.catalogue().collections();
        let is_member = |name: &Value| {
            let group = name.as_str().and_then(|name| name.strip_prefix("group/"));
            let members = group.and_then(|group| collections.group(group));
            members.is_some_and(|members| members.iter().any(|member| member == fqcn))
        };
        let groups = all.iter().filter(|(name, _)| is_member(name)).map(|(_, value)| value);
        let mut found = Dict::new();
        for value in groups.chain(all.get(fqcn)) {
            if let Some(Value::Dict(dict)) = self.render(Some(value))? {
                found.update(&dict);
            }
        }
        Ok(found)
    }

    /// Arguments out of one template, which is the text of the action itself or its `args`.
    fn all_of_template(&self, template: &Value, of_action: bool) -> Result<Dict> {
        if self.shared.settings.flag("INJECT_FACTS_AS_VARS") {
            let text = "Using a template for task args is unsafe in some situations (see https://docs.ansible.com/ansible/devel/reference_appendices/faq.html#argsplat-unsafe).";
            let warning = Remark::warning(Error::user(text).at(place(Some(template))));
            self.shared.templar.remark(self.scope, warning);
        }
        match self.render(Some(template))? {
            Some(Value::Dict(dict)) => Ok(dict),
            None | Some(Value::Null) => Ok(Dict::new()),
            Some(other) => {
                let kind = other.type_name();
                let text = match of_action {
                    true => format!("Task args must resolve to a 'dict' not '{kind}'."),
                    false => format!("The value of `args` must resolve to a 'dict', not '{kind}'."),
                };
                Err(Error::user(text).at(place(Some(template))))
            }
        }
    }

    /// The arguments of the task, rendered, below them `module_defaults` and a template for all of them.
    pub fn arguments(&self, fqcn: &str, action: Option<&ActionDef>) -> Result<Dict> {
        let text = self.task.args.get("_raw_params").filter(|_| !takes_text(fqcn));
        if text.and_then(Value::as_str).is_some_and(|text| !may_be_all_template(text)) {
            let text = format!("Action '{fqcn}' does not support raw params.");
            return Err(Error::user(text).at(self.task.action.origin()));
        }
        let raw = action.map_or(&[][..], |action| action.raw_args);
        let place_of_action = self.task.action.origin();
        let finish =
            |error: Error| error.context(format!("Finalization of task args for '{fqcn}' failed.")).at(place_of_action);
        let mut args = self.defaults(fqcn).map_err(finish)?;
        let keyword = self.task.args.get("_variable_params").map(|template| (template, false));
        for (template, of_action) in keyword.into_iter().chain(text.map(|text| (text, true))) {
            args.update(&self.all_of_template(template, of_action).map_err(finish)?);
        }
        // ansible-core goes through them by their names, and results show them in that order.
        let mut names: Vec<Value> = self.task.args.iter().chain(&args).map(|(key, _)| key.clone()).collect();
        names.sort_by_cached_key(Value::to_text);
        names.dedup();
        let mut all = Dict::new();
        let taken = |key: &Value| match key.as_str() {
            Some("_variable_params") => true,
            Some("_raw_params") => text.is_some(),
            _ => false,
        };
        for key in names.into_iter().filter(|key| !taken(key)) {
            let value = match self.task.args.get_value(&key) {
                None => args.get_value(&key).cloned(),
                Some(value) if key.as_str().is_some_and(|name| raw.contains(&name)) => Some(value.clone()),
                // An omitted argument also hides the default that module_defaults gives it.
                Some(value) => self.render(Some(value)).map_err(|error| {
                    let error = error.context(format!("Error while resolving value for '{}'.", key.to_text()));
                    let of_container = self.task.arg_places.iter().find(|(name, _)| key.as_str() == Some(name));
                    finish(error.at(place(Some(value)).or(of_container.map(|(_, origin)| origin))))
                })?,
            };
            if let Some(value) = value {
                all.insert(key, value);
            }
        }
        Ok(all)
    }
}
