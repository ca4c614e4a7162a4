//! ansible.cfg, environment and command line as plain structs; alone reads environment, home and cwd.
