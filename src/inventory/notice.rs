//! What reading or changing an inventory has to say beside its result.

/// Something to show the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A warning, shown after `[WARNING]: `.
    Warning(String),
    /// A deprecation, shown after `[DEPRECATION WARNING]: `.
    Deprecated(String),
    /// An error that ends nothing, shown after `[ERROR]: `.
    Error(String),
    /// A message shown from a verbosity on.
    Verbose(u8, String),
}
