//! Inventories and host patterns; group_vars and host_vars.
