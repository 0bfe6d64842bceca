//! Finds variables that OPA calls unsafe: nothing in the body gives them a value.
//!
//! `regorus` runs such rules and gives them a meaning of its own, so a file that `opa` and conftest
//! refuse would pass here, or deny the wrong thing. The check follows the language's definition
//! (openpolicyagent.org, *policy language*, safety): the statements of a body may run in any order; each
//! binds some variables and needs others; what cannot be ordered is unsafe. Under `not` nothing is
//! bound, so `not input.spec.http[_].timeout` is refused.

use std::collections::BTreeSet;

use regorus::unstable::{
    AssignOp, Expr, Literal, LiteralStmt, Module, Query, Ref, Rule, RuleBody, RuleHead, Span,
};

use super::ast::{head_name, name_of, position};
use crate::model::Position;

/// A variable without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unsafe {
    /// The variable; `_` for one without a name.
    pub name: String,
    /// Where it stands.
    pub at: Position,
    /// Whether it stands under a `not`.
    pub is_negated: bool,
}

/// Names that have a value.
type Bound = BTreeSet<String>;

/// The unsafe variables of a module, in the order of the file. `globals` are the rules of its package
/// that stand in other files.
pub(super) fn unsafe_variables(module: &Module, globals: &BTreeSet<String>) -> Vec<Unsafe> {
    let mut bound: Bound = globals.clone();
    bound.extend(["input", "data"].map(str::to_owned));
    bound.extend(module.imports.iter().filter_map(|import| {
        import.r#as.as_ref().map(|name| name.text().to_owned()).or_else(|| last_name(&import.refr))
    }));
    let mut faults = Vec::new();
    for rule in &module.policy {
        if let Rule::Spec { head, bodies, .. } = rule.as_ref() {
            bound.extend(head_name(head));
            check_rule(head, bodies, &bound, &mut faults);
        }
    }
    faults.sort_by_key(|fault| fault.at);
    faults.dedup();
    faults
}

fn last_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::RefDot { field, .. } => Some(field.0.text().to_owned()),
        Expr::RefBrack { index, .. } => match index.as_ref() {
            Expr::String { span, .. } => Some(span.text().to_owned()),
            _ => None,
        },
        _ => name_of(expr).map(str::to_owned),
    }
}

fn check_rule(head: &RuleHead, bodies: &[RuleBody], globals: &Bound, faults: &mut Vec<Unsafe>) {
    let mut bound = globals.clone();
    if let RuleHead::Func { args, .. } = head {
        let mut arguments = Look::new(globals, Brackets::Bind);
        args.iter().for_each(|argument| arguments.bind(argument));
        bound.extend(arguments.binds);
    }
    let own: Vec<&Ref<Expr>> = match head {
        RuleHead::Compr { refr, assign, .. } | RuleHead::Func { refr, assign, .. } => {
            std::iter::once(refr).chain(assign.as_ref().map(|assign| &assign.value)).collect()
        }
        RuleHead::Set { refr, key, .. } => std::iter::once(refr).chain(key).collect(),
    };
    if bodies.is_empty() {
        check_head(&own, &bound, faults);
    }
    for (index, body) in bodies.iter().enumerate() {
        let (after, unordered) = order(&body.query, &bound);
        let is_ordered = unordered.is_empty();
        faults.extend(unordered);
        let assigned = body.assign.iter().map(|assign| &assign.value);
        // An `else` has a value of its own; the head's is the first body's.
        let values = own.iter().copied().filter(|_| index == 0 || !body.is_else).chain(assigned);
        if is_ordered {
            check_head(&values.collect::<Vec<_>>(), &after, faults);
        }
    }
}

fn check_head(exprs: &[&Ref<Expr>], bound: &Bound, faults: &mut Vec<Unsafe>) {
    for expr in exprs {
        let mut look = Look::new(bound, Brackets::Bind);
        look.read(expr);
        faults.extend(look.lacks);
    }
}

/// What a body binds, and what stays unsafe whatever the order of its statements.
fn order(query: &Query, outer: &Bound) -> (Bound, Vec<Unsafe>) {
    let declared = declared(query);
    let mut bound: Bound = outer.difference(&declared).cloned().collect();
    let mut waiting: Vec<&LiteralStmt> = query.stmts.iter().collect();
    loop {
        let before = waiting.len();
        let mut lacks = Vec::new();
        waiting.retain(|statement| {
            let look = look_at(statement, &bound);
            if look.lacks.is_empty() {
                bound.extend(look.binds);
                return false;
            }
            lacks.extend(look.lacks);
            true
        });
        if waiting.is_empty() || waiting.len() == before {
            return (bound, lacks);
        }
    }
}

/// The names that a body declares as its own, whatever they mean outside.
fn declared(query: &Query) -> Bound {
    let mut names = Bound::new();
    for statement in &query.stmts {
        match &statement.literal {
            Literal::SomeVars { vars, .. } => {
                names.extend(vars.iter().map(|name| name.text().to_owned()));
            }
            Literal::SomeIn { key, value, .. } => {
                key.iter().chain([value]).for_each(|pattern| collect_names(pattern, &mut names));
            }
            Literal::Expr { expr, .. } => {
                if let Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } = expr.as_ref() {
                    collect_names(lhs, &mut names);
                }
            }
            Literal::NotExpr { .. } | Literal::Every { .. } => {}
        }
    }
    names
}

fn collect_names(pattern: &Expr, names: &mut Bound) {
    match pattern {
        Expr::Var { span, .. } => {
            names.insert(span.text().to_owned());
        }
        Expr::Array { items, .. } => items.iter().for_each(|item| collect_names(item, names)),
        Expr::Object { fields, .. } => {
            fields.iter().for_each(|(_, _, value)| collect_names(value, names));
        }
        _ => {}
    }
}

fn look_at<'b>(statement: &LiteralStmt, bound: &'b Bound) -> Look<'b> {
    let is_negated = matches!(statement.literal, Literal::NotExpr { .. });
    let brackets = if is_negated { Brackets::Need } else { Brackets::Bind };
    let mut look = Look::new(bound, brackets);
    match &statement.literal {
        Literal::SomeVars { .. } => {}
        Literal::SomeIn { key, value, collection, .. } => {
            look.read(collection);
            key.iter().chain([value]).for_each(|pattern| look.bind(pattern));
        }
        Literal::Expr { expr, .. } => look.state(expr),
        Literal::NotExpr { expr, .. } => look.read(expr),
        Literal::Every { key, value, domain, query, .. } => {
            look.read(domain);
            let names = key.iter().chain([value]).map(|name| name.text().to_owned());
            look.enter(query, names.collect(), |_| {});
        }
    }
    for modifier in &statement.with_mods {
        look.read(&modifier.r#as);
    }
    look
}

/// What a variable between brackets does: `a[x]` binds it, but not under `not`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brackets {
    Bind,
    Need,
}

/// What one statement binds and lacks.
struct Look<'b> {
    bound: &'b Bound,
    brackets: Brackets,
    binds: Bound,
    lacks: Vec<Unsafe>,
}

impl<'b> Look<'b> {
    const fn new(bound: &'b Bound, brackets: Brackets) -> Self {
        Self { bound, brackets, binds: Bound::new(), lacks: Vec::new() }
    }

    /// A statement of its own, which may be an assignment.
    fn state(&mut self, expr: &Expr) {
        match expr {
            Expr::AssignExpr { op: AssignOp::ColEq, lhs, rhs, .. } => {
                self.read(rhs);
                self.bind(lhs);
            }
            Expr::AssignExpr { op: AssignOp::Eq, lhs, rhs, .. } => self.unify(lhs, rhs),
            _ => self.read(expr),
        }
    }

    /// Either side of `=` may bind what the other one has.
    fn unify(&mut self, left: &Expr, right: &Expr) {
        if let (Expr::Array { items: a, .. }, Expr::Array { items: b, .. }) = (left, right)
            && a.len() == b.len()
        {
            return a.iter().zip(b).for_each(|(left, right)| self.unify(left, right));
        }
        let known: Bound = self.bound.union(&self.binds).cloned().collect();
        let lacks = |expr: &Expr| {
            let mut look = Look::new(&known, self.brackets);
            look.read(expr);
            !look.lacks.is_empty()
        };
        if lacks(left) && !lacks(right) {
            self.read(right);
            self.bind(left);
        } else {
            self.read(left);
            self.bind(right);
        }
    }

    /// A pattern: its variables get values.
    fn bind(&mut self, pattern: &Expr) {
        match pattern {
            Expr::Var { span, .. } => {
                self.binds.insert(span.text().to_owned());
            }
            Expr::Array { items, .. } => items.iter().for_each(|item| self.bind(item)),
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.read(key);
                    self.bind(value);
                }
            }
            _ => self.read(pattern),
        }
    }

    /// An expression whose value is needed.
    fn read(&mut self, expr: &Expr) {
        match expr {
            Expr::Var { span, .. } => self.need(span),
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().for_each(|item| self.read(item));
            }
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.read(key);
                    self.read(value);
                }
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.enter(query, Bound::new(), |look| look.read(term));
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                self.enter(query, Bound::new(), |look| {
                    look.read(key);
                    look.read(value);
                });
            }
            Expr::Call { params, .. } => params.iter().for_each(|argument| self.read(argument)),
            Expr::UnaryExpr { expr, .. } => self.read(expr),
            Expr::RefDot { refr, .. } => self.read(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.read(refr);
                self.read_index(index);
            }
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => {
                self.read(lhs);
                self.read(rhs);
            }
            Expr::Membership { key, value, collection, .. } => {
                key.iter().chain([value, collection]).for_each(|part| self.read(part));
            }
            _ => {}
        }
    }

    fn read_index(&mut self, index: &Expr) {
        let is_pattern =
            matches!(index, Expr::Var { .. } | Expr::Array { .. } | Expr::Object { .. });
        if is_pattern && self.brackets == Brackets::Bind {
            self.bind(index);
        } else {
            self.read(index);
        }
    }

    /// A body inside the expression: it sees what is bound outside and binds only for itself.
    fn enter(&mut self, query: &Query, own: Bound, then: impl FnOnce(&mut Look<'_>)) {
        let mut outer: Bound = self.bound.union(&self.binds).cloned().collect();
        outer.extend(own);
        let (inside, lacks) = order(query, &outer);
        let is_ordered = lacks.is_empty();
        self.lacks.extend(lacks);
        if is_ordered {
            let mut look = Look::new(&inside, Brackets::Bind);
            then(&mut look);
            self.lacks.extend(look.lacks);
        }
    }

    fn need(&mut self, span: &Span) {
        let name = span.text();
        if name != "_" && (self.bound.contains(name) || self.binds.contains(name)) {
            return;
        }
        self.lacks.push(Unsafe {
            name: name.to_owned(),
            at: position(span),
            is_negated: self.brackets == Brackets::Need,
        });
    }
}
