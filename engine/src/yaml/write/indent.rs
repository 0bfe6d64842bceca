//! Indentation, by the slice where it is not deep.

/// Appends spaces.
pub(super) fn pad(indent: usize, out: &mut String) {
    const SPACES: &str = "                                                                ";
    match SPACES.get(..indent) {
        Some(spaces) => out.push_str(spaces),
        None => out.extend(std::iter::repeat_n(' ', indent)),
    }
}
