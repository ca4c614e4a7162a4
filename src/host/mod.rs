//! On the managed host: run a command, write a file atomically, mode and owner, users.
