//! Files to plays: static imports, roles and their dependencies.
