//! What the tests of several areas share.

pub mod connection;
pub mod sshd;
pub mod sudo;
