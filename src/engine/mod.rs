//! Strategies, hosts' states, handlers, loops, stats.
