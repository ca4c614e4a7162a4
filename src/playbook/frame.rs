//! What encloses a task: the chain from its innermost block out to the play.
//!
//! A frame never owns the tasks in it, so the chain holds no cycle. Mirrors how ansible-core
//! looks up an attribute: the task, its blocks and static imports, the role, the roles that
//! depend on it, the play. A dynamic include passes on its variables alone.

use super::{Common, Role, RoleData};
use crate::diag::Origin;
use std::sync::Arc;

/// One level of what encloses a task.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What it is.
    pub kind: FrameKind,
    /// Its keywords.
    pub common: Common,
    /// Where it is written.
    pub origin: Option<Origin>,
    /// What encloses it; None around a play.
    pub parent: Option<Arc<Frame>>,
}

/// What kind of thing encloses a task.
#[derive(Clone, Debug)]
pub enum FrameKind {
    /// A play.
    Play {
        /// The folder of its playbook file.
        basedir: Arc<str>,
    },
    /// An `import_playbook` whose `when` applies to the blocks of its plays.
    ImportPlaybook,
    /// The role whose tasks these are.
    Role(Arc<Role>),
    /// A role that depends on the role within.
    Dependent(Arc<RoleData>),
    /// A block, or an include's `apply`.
    Block,
    /// `import_tasks` or `import_role`: passes on all of its keywords.
    Import {
        /// The file's folder as it was written, or the role's folder; files that are included
        /// from within are searched relative to it.
        dir: String,
    },
    /// `include_tasks` or `include_role`: passes on its variables alone.
    Include {
        /// As for an import.
        dir: String,
    },
}

impl Frame {
    /// A frame within another.
    pub fn within(kind: FrameKind, common: Common, origin: Option<Origin>, parent: &Arc<Frame>) -> Arc<Self> {
        Arc::new(Self { kind, common, origin, parent: Some(parent.clone()) })
    }

    /// This frame and those around it, the innermost first.
    pub fn outward(&self) -> impl Iterator<Item = &Frame> {
        std::iter::successors(Some(self), |frame| frame.parent.as_deref())
    }

    /// Whether a task inherits all keywords of it, and not its variables alone.
    pub fn passes_keywords(&self) -> bool {
        !matches!(self.kind, FrameKind::Include { .. })
    }

    /// Whether its `vars` are variables of the tasks within; a play's and a role's have a
    /// precedence of their own.
    pub fn passes_vars(&self) -> bool {
        matches!(self.kind, FrameKind::Block | FrameKind::Import { .. } | FrameKind::Include { .. })
    }

    /// The collections in which short names are searched: a role does not take over those of
    /// what uses it.
    pub fn collections(&self) -> &[Arc<str>] {
        for frame in self.outward() {
            match (&frame.kind, &frame.common.collections) {
                (FrameKind::Role(role), _) => return &role.data.collections,
                (_, Some(list)) => return list,
                _ => {}
            }
        }
        &[]
    }

    /// The folder of the playbook file of the play around it.
    pub fn basedir(&self) -> &str {
        let found = self.outward().find_map(|frame| match &frame.kind {
            FrameKind::Play { basedir } => Some(&**basedir),
            _ => None,
        });
        found.unwrap_or("")
    }

    /// The innermost role.
    pub fn role(&self) -> Option<&Arc<Role>> {
        self.outward().find_map(|frame| match &frame.kind {
            FrameKind::Role(role) => Some(role),
            _ => None,
        })
    }
}
