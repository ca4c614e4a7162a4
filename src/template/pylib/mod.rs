//! The parts of Python's standard library whose results show in templates.
//!
//! Pure functions over text and numbers; errors are the message Python gives.

pub mod codec;
pub mod crypt;
pub mod csv;
pub mod glob;
pub mod human;
pub mod network;
pub mod paths;
pub mod pretty;
pub mod random;
pub mod strptime;
pub mod text;
pub mod time;
pub mod version;
