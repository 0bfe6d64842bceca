//! Expected values are Go's (`regexp`, as `kubectl kustomize` 5.5.0 uses it for targets).

use super::*;

fn matches(pattern: &str, text: &str) -> bool {
    compile(&format!("^(?:{pattern})$")).unwrap().is_match(text)
}

#[test]
fn signs_mean_what_they_mean_to_go() {
    for (pattern, fitting, others) in [
        ("[a&&b]", &["a", "b", "&"][..], &["c", ""][..]),
        ("[[a]b]", &["[b]", "ab]"], &["a", "b"]),
        (r"\<a", &["<a"], &["a"]),
        ("{{ app }}", &["{{ app }}"], &["app"]),
        ("${app}-web", &[], &["${app}-web", "app-web"]),
        (r"\${app}", &["${app}"], &[]),
        ("a{,2}", &["a{,2}"], &["aa"]),
        ("a{02}", &["a{02}"], &["aa"]),
        ("a{2}", &["aa"], &["a"]),
        ("a{1,}?b", &["ab", "aab"], &["b"]),
        ("a{x", &["a{x"], &[]),
        (r"\Qa.b*\E+", &["a.b*", "a.b**"], &["aXb"]),
        (r"\d+", &["12"], &["١", ""]),
        (r"\w", &["a", "_"], &["é"]),
        (r"\s", &[" ", "\t"], &["\u{b}", "\u{a0}"]),
        (r"[\D]", &["a", "é"], &["1"]),
        (r"[^\W_]", &["a"], &["_", "é"]),
        (r"\101\x42\x{43}", &["ABC"], &[]),
        (r"\0", &["\0"], &["0"]),
        (r"\012", &["\n"], &[]),
        (r"a\bé", &["aé"], &[]),
        ("[[:alpha:][:^ascii:]]+", &["aé"], &["1"]),
        ("[]a]", &["]", "a"], &[]),
        ("[a-]", &["-"], &["b"]),
        ("(?i)web", &["WEB"], &[]),
        ("(?i:w)eb", &["Web"], &["WEB"]),
        ("(?P<a>x)(?<b>y)", &["xy"], &[]),
        ("(?)x", &["x"], &[]),
        ("(?ii)x", &["X"], &[]),
        ("(?s-i).", &["\n"], &[]),
        (".", &["a"], &["\n"]),
        ("a|", &["a", ""], &[]),
        ("^*a", &["a"], &[]),
        ("a)(b", &["ab"], &[]),
        (r"\_\-", &["_-"], &[]),
        (r"\p{Any}", &["é"], &[]),
        ("#x y", &["#x y"], &[]),
    ] {
        for text in fitting {
            assert!(matches(pattern, text), "{pattern} fits {text:?}");
        }
        for text in others {
            assert!(!matches(pattern, text), "{pattern} does not fit {text:?}");
        }
    }
}

#[test]
fn what_go_refuses_is_refused() {
    for (pattern, why) in [
        ("a**", "invalid nested repetition operator: `**`"),
        ("a*+", "invalid nested repetition operator: `*+`"),
        ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("(*)", "missing argument to repetition operator: `*`"),
        ("a|*", "missing argument to repetition operator: `*`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{3,2}", "invalid repeat count: `{3,2}`"),
        ("(a{50}){50}", "invalid repeat count: `{50}`"),
        ("(", "missing closing ): ``"),
        ("a)", "unexpected ): `)`"),
        ("[a", "missing closing ]: `[a`"),
        ("[a--b]", "invalid character class range: `a--`"),
        ("[b-a]", "invalid character class range: `b-a`"),
        ("[[:nope:]]", "invalid character class range: `[:nope:]`"),
        (r"\1", r"invalid escape sequence: `\1`"),
        (r"\8", r"invalid escape sequence: `\8`"),
        (r"\Z", r"invalid escape sequence: `\Z`"),
        (r"\h", r"invalid escape sequence: `\h`"),
        (r"\é", r"invalid escape sequence: `\é`"),
        (r"[\b]", r"invalid escape sequence: `\b`"),
        (r"\x{110000}", r"invalid escape sequence: `\x`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?`"),
        ("(?i-)a", "invalid or unsupported Perl syntax: `(?i-`"),
        ("(?P<a>x)(?P<a>y)", "duplicate capture group name: `a`"),
        (r"\p{Greek}", r"not supported here: `\p{Greek}`"),
    ] {
        assert_eq!(compile(pattern).unwrap_err().to_string(), why, "{pattern}");
    }
}
