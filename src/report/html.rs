//! placeholder
use super::Run;
use crate::settings::Values;
/// A page.
pub fn page(_run: &Run, _values: Values) -> String {
    String::new()
}
