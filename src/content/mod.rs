//! Finds roles and collections; says what an action name means.
