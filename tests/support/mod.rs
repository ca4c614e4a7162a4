//! What the tests of several areas share.

pub mod case;
pub mod connection;
pub mod http;
pub mod mount;
pub mod normal;
pub mod sshd;
pub mod sudo;
pub mod tree;
