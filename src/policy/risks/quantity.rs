//! Kubernetes' quantities (`500m`, `1.5Gi`, `1e3`) and times (`30d`) as numbers that can be compared.

/// Suffixes and what they multiply by.
const SUFFIXES: [(&str, f64); 15] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

/// The number that a quantity means; `None` of what is none.
pub(super) fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let number = |text: &str, by: f64| {
        let is_number = text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
        text.parse::<f64>().ok().filter(|number| is_number && number.is_finite()).map(|n| n * by)
    };
    number(text, 1.0).or_else(|| {
        let (suffix, by) = SUFFIXES.iter().find(|(suffix, _)| text.ends_with(suffix))?;
        number(&text[..text.len() - suffix.len()], *by)
    })
}

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
    fn quantities_of_all_units_compare() {
        for (text, want) in [
            ("1", 1.0),
            ("0.5", 0.5),
            ("500m", 0.5),
            ("1e3", 1000.0),
            ("1k", 1000.0),
            ("2Ki", 2048.0),
            ("1.5Gi", 1_610_612_736.0),
            ("1E", 1e18),
            ("100u", 1e-4),
        ] {
            let got = quantity(text).unwrap();
            assert!((got - want).abs() <= want * 1e-9, "{text}: {got}");
        }
        for text in ["", "inf", "nan", "x", "1 Gi", "Gi", "-"] {
            assert_eq!(quantity(text), None, "{text}");
        }
        assert_eq!(fall(0.5, 0.5), Fall::None);
        assert_eq!(fall(10.0, 9.0), Fall::Some);
        assert_eq!(fall(2.0, 1.0), Fall::Half);
    }
}
