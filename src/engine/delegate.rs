//! The host that a task is delegated to.

use super::host_task::HostTask;
use super::keywords::Keywords;
use crate::diag::{Error, Result};
use crate::vars::HostScope;

impl HostTask {
    /// The host that the task is delegated to; None without a `delegate_to`, or where it is omitted.
    pub(super) fn delegated_to(&self, scope: &HostScope) -> Result<Option<String>> {
        let keywords = Keywords { shared: &self.shared, task: &self.task, scope };
        let Some(written) = self.task.keyword(|c| c.delegate_to.as_ref()).filter(|written| written.truthy()) else {
            return Ok(None);
        };
        match keywords.render(Some(written))? {
            None => Ok(None),
            Some(name) if name.truthy() => Ok(Some(name.to_text())),
            Some(_) => {
                let text = format!("Empty hostname produced from delegate_to: \"{}\"", written.to_text());
                Err(Error::user(text))
            }
        }
    }

    /// The host that a task is delegated to as it is shown: as it is written, where it cannot be rendered.
    pub(super) fn shown_delegate(&self, scope: &HostScope) -> Option<String> {
        let keywords = Keywords { shared: &self.shared, task: &self.task, scope };
        let written = self.task.keyword(|c| c.delegate_to.as_ref()).filter(|written| written.truthy())?;
        match keywords.render(Some(written)) {
            Ok(name) => name.map(|name| if name.truthy() { name.to_text() } else { written.to_text() }),
            Err(_) => Some(written.to_text()),
        }
    }

    /// Whether the host that the task is delegated to learns the facts.
    pub(super) fn delegates_facts(&self, scope: &HostScope) -> bool {
        let keywords = Keywords { shared: &self.shared, task: &self.task, scope };
        keywords.bool("delegate_facts", |c| c.delegate_facts.as_ref()).unwrap_or(None).unwrap_or(false)
    }
}
