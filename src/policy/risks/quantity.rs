//! How far numbers fall, and times (`30d`) as numbers.

/// Whether a number falls, and whether by half or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fall {
    /// It stays or rises.
    None,
    /// It falls.
    Some,
    /// It falls by half or more.
    Half,
}

/// How far a number falls.
pub(super) fn fall(before: f64, after: f64) -> Fall {
    // A part in a million is how the same amount is written in another unit.
    if after >= before * (1.0 - 1e-6) {
        Fall::None
    } else if after * 2.0 <= before * (1.0 + 1e-6) {
        Fall::Half
    } else {
        Fall::Some
    }
}

/// Seconds of `30d` and `720h0m`, and whether it has units; a number alone as it is.
pub(super) fn duration(text: &str) -> Option<(f64, bool)> {
    if let Ok(number) = text.parse::<f64>() {
        return Some((number, false));
    }
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let unit = rest[end..].chars().next()?;
        seconds += number
            * match unit {
                's' => 1.0,
                'm' => 60.0,
                'h' => 3_600.0,
                'd' => 86_400.0,
                'w' => 604_800.0,
                'y' => 31_536_000.0,
                _ => return None,
            };
        rest = &rest[end + 1..];
    }
    Some((seconds, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_falls_by_half_or_less() {
        assert_eq!(fall(0.5, 0.5), Fall::None);
        assert_eq!(fall(10.0, 9.0), Fall::Some);
        assert_eq!(fall(2.0, 1.0), Fall::Half);
    }
}
