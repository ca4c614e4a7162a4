//! A task's arguments: defaults, templates, omissions.

use super::keywords::{Keywords, place};
use crate::actions::ActionDef;
use crate::diag::{Error, Result};
use crate::value::{Dict, Value};

impl Keywords<'_> {
    /// What `module_defaults` gives an action: that of its groups, over it that of its own name.
    pub fn defaults(&self, fqcn: &str) -> Result<Dict> {
        let mut own = Dict::new();
        let mut of_groups = Dict::new();
        for defaults in self.task.module_defaults() {
            if let Some(Value::Dict(dict)) = self.render(defaults.get(fqcn))? {
                own.update(&dict);
            }
            for (name, value) in defaults {
                let Some(group) = name.as_str().and_then(|name| name.strip_prefix("group/")) else { continue };
                let members = self.shared.loader.catalogue().collections().group(group).unwrap_or_default();
                if members.iter().any(|member| member == fqcn)
                    && let Some(Value::Dict(dict)) = self.render(Some(value))?
                {
                    of_groups.update(&dict);
                }
            }
        }
        of_groups.update(&own);
        Ok(of_groups)
    }

    /// The arguments of the task, rendered, below them `module_defaults` and a template for all of them.
    pub fn arguments(&self, fqcn: &str, action: Option<&ActionDef>) -> Result<Dict> {
        let raw = action.map_or(&[][..], |action| action.raw_args);
        let finish = |error: Error| error.context(format!("Finalization of task args for '{fqcn}' failed."));
        let mut args = self.defaults(fqcn).map_err(finish)?;
        if let Some(template) = self.task.args.get("_variable_params") {
            if self.shared.settings.flag("INJECT_FACTS_AS_VARS") {
                let text = "Using a template for task args is unsafe in some situations (see https://docs.ansible.com/ansible/devel/reference_appendices/faq.html#argsplat-unsafe).";
                self.shared.warn(Error::user(text).at(place(Some(template))).to_string().trim_end());
            }
            match self.render(Some(template)).map_err(finish)? {
                Some(Value::Dict(dict)) => args.update(&dict),
                None | Some(Value::Null) => {}
                Some(other) => {
                    let text = format!("The value of `args` must resolve to a 'dict', not '{}'.", other.type_name());
                    return Err(finish(Error::user(text).at(place(Some(template)))));
                }
            }
        }
        for (key, value) in &self.task.args {
            let name = key.as_str().unwrap_or_default();
            if name == "_variable_params" {
                continue;
            }
            if raw.contains(&name) {
                args.insert(key.clone(), value.clone());
                continue;
            }
            let rendered = self.render(Some(value)).map_err(|error| {
                let error = error.context(format!("Error while resolving value for '{}'.", key.to_text()));
                finish(error.at(place(Some(value))))
            })?;
            match rendered {
                Some(value) => {
                    args.insert(key.clone(), value);
                }
                // An omitted argument also hides the default that module_defaults gives it.
                None => {
                    args.remove(name);
                }
            }
        }
        Ok(args)
    }
}
