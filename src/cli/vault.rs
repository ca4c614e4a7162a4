//! x
pub(super) fn run(_a: &[String]) -> u8 {
    0
}
