//! Calls that a policy may not make here: to the outside, and those whose result has no bound.
//!
//! Evaluation has a time limit, but one call can fill the memory before the clock is looked at.

use regorus::unstable::{Expr, Module};

use super::ast::{position, walk};
use crate::model::Position;

/// The widest column and the longest range that a policy may ask for.
const MOST: u64 = 10_000;

/// A call that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// Where it stands.
    pub at: Position,
    /// Why, in words.
    pub why: String,
}

/// The calls of a module that are refused, in the order of the file.
pub(super) fn refused_calls(module: &Module) -> Vec<Refused> {
    let mut refused = Vec::new();
    walk(module, &mut |expr| {
        if let Expr::Call { span, fcn, params, .. } = expr
            && let arguments = params.iter().map(AsRef::as_ref).collect::<Vec<_>>()
            && let Some(why) = why(fcn.span().text(), &arguments)
        {
            refused.push(Refused { at: position(span), why });
        }
    });
    refused.sort_by_key(|call| call.at);
    refused
}

fn why(function: &str, arguments: &[&Expr]) -> Option<String> {
    let is_outside = function == "http.send"
        || function == "opa.runtime"
        || function.starts_with("net.lookup")
        || function.starts_with("providers.");
    if is_outside {
        return Some(format!("`{function}` asks the outside, and policies run without network"));
    }
    let is_random = matches!(function, "rand.intn" | "uuid.rfc4122" | "time.now_ns");
    if is_random {
        return Some(format!("`{function}` differs from run to run, and a plan must not"));
    }
    let is_unbounded = match function {
        "numbers.range" | "numbers.range_step" => !arguments.iter().all(|a| is_bounded(a)),
        "bits.lsh" => !arguments.iter().skip(1).all(|a| is_bounded(a)),
        "sprintf" => arguments.first().is_none_or(|format| !is_plain_format(format)),
        _ => false,
    };
    is_unbounded.then(|| {
        format!("nothing bounds the size of what `{function}` makes: use literals or `count`, up to {MOST}")
    })
}

/// Whether a number is written out or counted.
fn is_bounded(expr: &Expr) -> bool {
    match expr {
        Expr::Number { value, .. } => value.as_f64().is_ok_and(|number| number.abs() <= 10_000.0),
        Expr::Call { fcn, .. } => fcn.span().text() == "count",
        Expr::UnaryExpr { expr, .. } => is_bounded(expr),
        Expr::ArithExpr { op, lhs, rhs, .. } => {
            use regorus::unstable::ArithOp::{Add, Sub};
            matches!(op, Add | Sub) && is_bounded(lhs) && is_bounded(rhs)
        }
        _ => false,
    }
}

/// Whether a format is written out and has no absurd width.
fn is_plain_format(format: &Expr) -> bool {
    let (Expr::String { span, .. } | Expr::RawString { span, .. }) = format else { return false };
    let digits = span.text().split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
    let mut numbers = digits.map(|run| run.parse::<u64>().unwrap_or(u64::MAX));
    // Numbers that are only text stand outside of verbs; a format with one this long is odd enough.
    numbers.all(|number| number <= MOST) || !span.text().contains('%')
}
