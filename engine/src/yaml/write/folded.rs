//! Folded scalars, which do not survive kustomize unharmed.
//!
//! Before a resource becomes JSON, kyaml writes it with go-yaml v3, in the styles of its source,
//! and reads that again. go-yaml's writer of folded scalars looks at the beginning of the text
//! where it means the next line (emitterc.go, yaml_emitter_write_folded_scalar), so lines that
//! are indented further get a line break more, and others may lose one.

use super::super::Text;
use super::super::folding::{Chomping, fold_lines};

/// What a folded scalar says after it was written and read again.
pub(super) fn through_kyaml(text: &str) -> Text {
    let is_blank = |c: char| matches!(c, ' ' | '\t');
    let begins_blank = text.trim_start_matches('\n').chars().next().is_none_or(is_blank);
    let mut block = String::with_capacity(text.len() + 16);
    let (mut after_break, mut in_indented) = (true, true);
    for c in text.chars() {
        if c == '\n' {
            if !after_break && !in_indented && !begins_blank {
                block.push('\n');
            }
            after_break = true;
        } else {
            if after_break {
                in_indented = is_blank(c);
            }
            after_break = false;
        }
        block.push(c);
    }
    let chomping = match text.strip_suffix('\n') {
        None => Chomping::Strip,
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => Chomping::Keep,
        Some(_) => Chomping::Clip,
    };
    fold_lines(&block, chomping)
}
