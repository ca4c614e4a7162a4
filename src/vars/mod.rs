//! Variable precedence and lazy resolution.
