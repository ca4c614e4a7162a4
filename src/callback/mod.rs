//! Events to text: what a run shows on standard output and standard error.
//!
//! A callback is handed every event in the order of the run and changes nothing. The built-in ones
//! write through a [`Screen`], which they share; only the cli puts real streams behind it. Names and
//! output are those of the callback plugins of ansible-core 2.19 and `ansible.posix`.

mod color;
mod debug;
mod default;
mod diff;
mod dump;
mod json;
mod jsonl;
mod junit;
mod lacking;
mod live;
mod minimal;
mod null;
mod oneline;
mod profile;
mod profile_roles;
mod profile_tasks;
#[cfg(test)]
mod recorded;
mod result;
mod screen;
mod settings;
mod timer;
mod tree;
mod width;
mod xml;
mod yaml;

use crate::event::Event;

pub use color::{Colors, Role};
pub use junit::JunitSettings;
pub use lacking::{Lacking, lacking};
pub use live::Live;
pub use null::Null;
pub use screen::{Captured, LogLevel, Screen, Sink, Stream};
pub use settings::{ResultFormat, Settings};

/// Something that follows a run.
pub trait Callback: Send {
    /// Takes an event, in the order of the run.
    fn event(&mut self, event: &Event);
}

impl<C: Callback + ?Sized> Callback for Box<C> {
    fn event(&mut self, event: &Event) {
        (**self).event(event);
    }
}

/// All of several callbacks, in their order.
impl<C: Callback> Callback for Vec<C> {
    fn event(&mut self, event: &Event) {
        for callback in self {
            callback.event(event);
        }
    }
}

/// Whether a callback is the one that writes the run's output, or one beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Takes standard output for itself: there is exactly one.
    Stdout,
    /// Adds to it: `callbacks_enabled`.
    Aggregate,
}

/// A callback's names, and how to make it.
#[derive(Debug)]
pub struct CallbackDef {
    /// The name without collection.
    pub name: &'static str,
    /// The full name.
    pub fqcn: &'static str,
    /// What it is, in one sentence.
    pub doc: &'static str,
    /// Whether it takes standard output for itself.
    pub kind: Kind,
    /// Makes one that writes to a screen.
    pub new: fn(Screen) -> Box<dyn Callback>,
}

/// The callbacks, sorted by name.
pub static CALLBACKS: &[CallbackDef] = &[
    CallbackDef {
        name: "debug",
        fqcn: "ansible.posix.debug",
        doc: "formatted stdout/stderr display",
        kind: Kind::Stdout,
        new: |screen| Box::new(debug::new(screen)),
    },
    CallbackDef {
        name: "default",
        fqcn: "ansible.builtin.default",
        doc: "default Ansible screen output",
        kind: Kind::Stdout,
        new: |screen| Box::new(default::Default::new(screen)),
    },
    CallbackDef {
        name: "json",
        fqcn: "ansible.posix.json",
        doc: "Ansible screen output as JSON",
        kind: Kind::Stdout,
        new: |screen| Box::new(json::Json::new(screen)),
    },
    CallbackDef {
        name: "jsonl",
        fqcn: "ansible.posix.jsonl",
        doc: "Ansible screen output as JSONL (lines in json format)",
        kind: Kind::Stdout,
        new: |screen| Box::new(jsonl::Jsonl::new(screen)),
    },
    CallbackDef {
        name: "junit",
        fqcn: "ansible.builtin.junit",
        doc: "write playbook output to a JUnit file",
        kind: Kind::Aggregate,
        new: |screen| Box::new(junit::Junit::new(screen)),
    },
    CallbackDef {
        name: "minimal",
        fqcn: "ansible.builtin.minimal",
        doc: "minimal Ansible screen output",
        kind: Kind::Stdout,
        new: |screen| Box::new(minimal::Minimal::new(screen)),
    },
    CallbackDef {
        name: "null",
        fqcn: "community.general.null",
        doc: "do not display stuff to screen",
        kind: Kind::Stdout,
        new: |_| Box::new(Null),
    },
    CallbackDef {
        name: "oneline",
        fqcn: "ansible.builtin.oneline",
        doc: "oneline Ansible screen output",
        kind: Kind::Stdout,
        new: |screen| Box::new(oneline::Oneline::new(screen)),
    },
    CallbackDef {
        name: "profile_roles",
        fqcn: "ansible.posix.profile_roles",
        doc: "adds timing information to roles",
        kind: Kind::Aggregate,
        new: |screen| Box::new(profile_roles::ProfileRoles::new(screen)),
    },
    CallbackDef {
        name: "profile_tasks",
        fqcn: "ansible.posix.profile_tasks",
        doc: "adds time information to tasks",
        kind: Kind::Aggregate,
        new: |screen| match profile_tasks::ProfileTasks::new(screen) {
            Some(callback) => Box::new(callback),
            None => Box::new(Null),
        },
    },
    CallbackDef {
        name: "timer",
        fqcn: "ansible.posix.timer",
        doc: "adds time to play stats",
        kind: Kind::Aggregate,
        new: |screen| Box::new(timer::Timer::new(screen)),
    },
    CallbackDef {
        name: "tree",
        fqcn: "ansible.builtin.tree",
        doc: "save host events to files",
        kind: Kind::Aggregate,
        new: |screen| Box::new(tree::Tree::new(screen)),
    },
    CallbackDef {
        name: "yaml",
        fqcn: "community.general.yaml",
        doc: "YAML-ized Ansible screen output",
        kind: Kind::Stdout,
        new: |screen| Box::new(yaml::new(screen)),
    },
];

/// The callback of a name, with or without its collection.
pub fn find(name: &str) -> Option<&'static CallbackDef> {
    let short = name.strip_prefix("ansible.legacy.").or_else(|| name.strip_prefix("ansible.builtin.")).unwrap_or(name);
    CALLBACKS.iter().find(|def| def.name == short || def.fqcn == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_unique() {
        assert!(CALLBACKS.is_sorted_by(|a, b| a.name < b.name));
        assert!(CALLBACKS.iter().all(|def| def.fqcn.ends_with(&format!(".{}", def.name)) && !def.doc.is_empty()));
    }

    #[test]
    fn is_found_by_every_name() {
        assert_eq!(find("ansible.posix.json").map(|d| d.name), Some("json"));
        assert_eq!(find("default").map(|d| d.name), Some("default"));
        assert_eq!(find("ansible.legacy.minimal").map(|d| d.name), Some("minimal"));
        assert!(find("nope").is_none());
    }
}
