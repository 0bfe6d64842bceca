//! Kubernetes' quantities (`500m`, `1.5Gi`, `1e3`) as numbers that can be compared.

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
#[must_use]
pub fn quantity(text: &str) -> Option<f64> {
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
    }
}
