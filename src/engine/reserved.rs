//! Names that variables should not have: those of keywords and of what every template has.
//!
//! Warned of once for each place, where variables come into a run; what only a task brings is looked at
//! when that task starts.

use super::batch::Batch;
use super::shared::Shared;
use crate::diag::{Error, Origin};
use crate::playbook::{Role, Task};
use crate::value::{Dict, Value};

/// Sorted; `vars` is one too, though it is never warned of.
const RESERVED: &[&str] = &[
    "action",
    "always",
    "any_errors_fatal",
    "args",
    "async",
    "async_val",
    "become",
    "become_exe",
    "become_flags",
    "become_method",
    "become_user",
    "block",
    "changed_when",
    "check_mode",
    "collections",
    "connection",
    "cycler",
    "debugger",
    "delay",
    "delegate_facts",
    "delegate_to",
    "dict",
    "diff",
    "environment",
    "fact_path",
    "failed_when",
    "force_handlers",
    "gather_facts",
    "gather_timeout",
    "handlers",
    "hosts",
    "ignore_errors",
    "ignore_unreachable",
    "joiner",
    "lipsum",
    "local_action",
    "lookup",
    "loop",
    "loop_control",
    "loop_with",
    "max_fail_percentage",
    "module_defaults",
    "name",
    "namespace",
    "no_log",
    "notify",
    "now",
    "omit",
    "order",
    "poll",
    "port",
    "post_tasks",
    "pre_tasks",
    "q",
    "query",
    "range",
    "register",
    "remote_user",
    "rescue",
    "retries",
    "roles",
    "run_once",
    "serial",
    "strategy",
    "tags",
    "tasks",
    "throttle",
    "timeout",
    "undef",
    "until",
    "vars_files",
    "vars_prompt",
    "when",
    "with_",
];

impl Shared {
    /// Warns of those of the variables that have reserved names.
    pub fn warn_of_reserved(&self, vars: &Dict) {
        for name in vars.keys() {
            let Value::Str(text) = name else { continue };
            if RESERVED.binary_search(&text.as_str()).is_ok() {
                self.warn_of_reserved_name(text.as_str(), text.origin());
            }
        }
    }

    /// Warns of a variable where its name is reserved.
    pub fn warn_of_reserved_name(&self, name: &str, origin: Option<&Origin>) {
        if RESERVED.binary_search(&name).is_ok() {
            let warning = Error::user(format!("Found variable using reserved name '{name}'."));
            self.warn(warning.at(origin).to_string().trim_end());
        }
    }

    /// Warns of a role's own variables.
    pub fn warn_of_role(&self, role: &Role) {
        for dict in [&role.data.defaults, &role.data.vars, &role.data.params, &role.data.common.vars] {
            self.warn_of_reserved(dict);
        }
        role.dependencies.iter().for_each(|role| self.warn_of_role(role));
    }
}

impl Batch {
    /// Warns of variables that the play and its hosts have before any task.
    pub(super) fn warn_of_play(&self) {
        let shared = &self.shared;
        shared.warn_of_reserved(&shared.store.extra);
        shared.warn_of_reserved(&self.play.common().vars);
        shared.warn_of_reserved(&self.vars.prompts);
        self.play.all_roles().for_each(|used| shared.warn_of_role(&used.role));
        for host in &self.members {
            if let Ok(vars) = shared.store.inventory_vars(host) {
                shared.warn_of_reserved(&vars);
            }
        }
    }

    /// Warns of variables that a task, its blocks and its includes bring.
    pub(super) fn warn_of_task(&self, task: &Task) {
        task.include_layers().into_iter().chain(task.var_layers()).for_each(|vars| self.shared.warn_of_reserved(vars));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sorted_and_unique() {
        for pair in super::RESERVED.windows(2) {
            assert!(pair[0] < pair[1], "{} {}", pair[0], pair[1]);
        }
    }
}
