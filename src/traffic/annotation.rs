//! Annotations that repeat a weight follow it, so that whoever lists VirtualServices is not told yesterday's.

use super::rollout::Aim;

/// Words in a key that say that its value is a share of the traffic.
const SHARES: [&str; 5] = ["percentage", "percent", "weight", "traffic", "share"];

/// Words in a key that say that its value is the destination that is not live.
const IDLE: [&str; 5] = ["standby", "idle", "inactive", "passive", "previous"];

/// What an annotation says after a step; `None` if it has nothing to do with it. `before` is what the
/// destination got before.
pub(super) fn follow(key: &str, value: &str, aim: &Aim, before: Option<u32>) -> Option<String> {
    let name = key.rsplit('/').next().unwrap_or(key).to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let is_about = |subset: &str| name.contains(&subset.to_ascii_lowercase());
    if says(&SHARES) {
        let share = match (is_about(&aim.to), is_about(&aim.from)) {
            (true, false) => aim.share,
            (false, true) => 100 - aim.share,
            _ => return None,
        };
        return renumbered(value, share);
    }
    if aim.switches {
        let (live, other) = if says(&IDLE) { (&aim.to, &aim.from) } else { (&aim.from, &aim.to) };
        return (value.trim() == live).then(|| value.replace(live.as_str(), other));
    }
    // `canary-10`, `canary: 10%`: the destination with what it got.
    let before = before?.to_string();
    let words: Vec<&str> = value.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let repeats = words.contains(&aim.to.as_str()) && words.contains(&before.as_str());
    let after = value.replace(before.as_str(), &aim.share.to_string());
    (repeats && value.matches(before.as_str()).count() == 1).then_some(after)
}

/// A number with another one in its place: `10`, `10%`, `10 %`.
fn renumbered(value: &str, share: u32) -> Option<String> {
    let text = value.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let is_number = !number.is_empty() && ["", "%"].contains(&rest.trim());
    is_number.then(|| format!("{share}{rest}"))
}
