//! Play, block, task, role and handler as data; one table of keywords.
