//! The form in which packs hold what is like something else: what to copy from it, and what to put between.

/// What a delta makes of its base; `None` if it is malformed or makes more than `limit` bytes.
pub(super) fn apply(base: &[u8], delta: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut rest = delta;
    if size(&mut rest)? != base.len() {
        return None;
    }
    let wanted = size(&mut rest).filter(|wanted| *wanted <= limit)?;
    let mut made = Vec::with_capacity(wanted);
    while let Some(instruction) = byte(&mut rest) {
        if instruction & 0x80 == 0 {
            // That many bytes follow; none is reserved.
            let (inserted, after) = rest.split_at_checked(usize::from(instruction))?;
            if inserted.is_empty() {
                return None;
            }
            made.extend_from_slice(inserted);
            rest = after;
        } else {
            let from = number(&mut rest, instruction, 4)?;
            let length = match number(&mut rest, instruction >> 4, 3)? {
                0 => 0x10000,
                length => length,
            };
            made.extend_from_slice(base.get(from..from.checked_add(length)?)?);
        }
        if made.len() > wanted {
            return None;
        }
    }
    (made.len() == wanted).then_some(made)
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    Some(*first)
}

/// A number of which only the bytes are there whose bits are set in `present`, lowest first.
fn number(rest: &mut &[u8], present: u8, bytes: u32) -> Option<usize> {
    let mut number = 0;
    for place in (0..bytes).filter(|place| present >> place & 1 == 1) {
        number |= usize::from(byte(rest)?) << (8 * place);
    }
    Some(number)
}

/// Seven bits a byte, lowest first, as long as the eighth is set.
fn size(rest: &mut &[u8]) -> Option<usize> {
    let mut size = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let next = byte(rest)?;
        size |= usize::from(next & 0x7f).checked_shl(shift)?;
        if next & 0x80 == 0 {
            return Some(size);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_inserts() {
        // 11 bytes become 8: "hello" from the base, " git" but its last letter new.
        let delta = [11, 8, 0x90, 5, 3, b' ', b'g', b'i'];
        assert_eq!(apply(b"hello world", &delta, 100).unwrap(), b"hello gi");
        assert_eq!(apply(b"hello world", &delta, 7), None);
        assert_eq!(apply(b"another", &delta, 100), None);
        for end in 0..delta.len() {
            assert_eq!(apply(b"hello world", &delta[..end], 100), None, "{end}");
        }
        let beyond = [11, 5, 0x91, 9, 5];
        assert_eq!(apply(b"hello world", &beyond, 100), None);
    }
}
