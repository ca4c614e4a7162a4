//! YAML 1.1 as PyYAML reads it, with positions; and as PyYAML writes it.
