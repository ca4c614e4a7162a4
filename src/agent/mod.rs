//! The loop around modules on the managed host.
