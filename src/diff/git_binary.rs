//! Binary files in a diff, as `git apply` reads them: a `GIT binary patch` with the whole content.
//!
//! The format is described nowhere but in git itself (diff.c `emit_binary_diff_body`, base85.c):
//! the content deflated, in lines of at most 52 bytes, each preceded by its length as a letter.
//! `git apply` wants the full object names of both sides; they are SHA-1, as GitHub's are.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};

/// The object name of no file.
const NULL_NAME: &str = "0000000000000000000000000000000000000000";

const BYTES_PER_LINE: usize = 52;

const BASE85: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// The name git gives a blob.
pub(super) fn object_name(content: Option<&[u8]>) -> String {
    let Some(content) = content else { return NULL_NAME.to_owned() };
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    context.update(format!("blob {}\0", content.len()).as_bytes());
    context.update(content);
    hex::encode(context.finish())
}

/// Both contents, after and before, so that the diff can be applied and undone.
pub(super) fn binary_patch(before: &[u8], after: &[u8]) -> String {
    format!("GIT binary patch\n{}\n{}\n", literal(after), literal(before))
}

fn literal(content: &[u8]) -> String {
    let mut out = format!("literal {}\n", content.len());
    for line in deflate(content).chunks(BYTES_PER_LINE) {
        let length = u8::try_from(line.len()).expect("a line has at most 52 bytes");
        let letter = if length <= 26 { b'A' + length - 1 } else { b'a' + length - 27 };
        out.push(char::from(letter));
        line.chunks(4).for_each(|four| push_base85(four, &mut out));
        out.push('\n');
    }
    out
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).expect("writing to memory succeeds");
    encoder.finish().expect("writing to memory succeeds")
}

/// Five characters for four bytes, the last ones filled up with zeros.
fn push_base85(four: &[u8], out: &mut String) {
    let mut word = [0; 4];
    word[..four.len()].copy_from_slice(four);
    let mut number = u32::from_be_bytes(word);
    let mut digits = [0; 5];
    for digit in digits.iter_mut().rev() {
        *digit = BASE85[(number % 85) as usize];
        number /= 85;
    }
    out.extend(digits.map(char::from));
}
