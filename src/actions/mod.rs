//! The controller's half of modules.
