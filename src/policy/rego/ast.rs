//! Small questions about the syntax tree of a policy, and a walk over all of its calls.

use regorus::unstable::{Expr, Literal, Module, Query, Rule, RuleHead, Span};

use crate::model::Position;

/// The name of a plain variable.
pub(super) fn name_of(expr: &Expr) -> Option<&str> {
    if let Expr::Var { span, .. } = expr { Some(span.text()) } else { None }
}

/// Where something stands; the engine's own columns count a tab as several.
pub(super) fn position(span: &Span) -> Position {
    Position::of_offset(span.source.contents(), span.start as usize)
}

/// The name that a rule defines: the first part of its head.
pub(super) fn head_name(head: &RuleHead) -> Option<String> {
    let (RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. }) =
        head;
    let mut expr: &Expr = refr;
    loop {
        match expr {
            Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => expr = refr,
            _ => return name_of(expr).map(str::to_owned),
        }
    }
}

/// Calls `see` with every expression of a module, outer ones first.
pub(super) fn walk<'m>(module: &'m Module, see: &mut dyn FnMut(&'m Expr)) {
    for rule in &module.policy {
        match rule.as_ref() {
            Rule::Spec { head, bodies, .. } => {
                walk_head(head, see);
                for body in bodies {
                    if let Some(assign) = &body.assign {
                        walk_expr(&assign.value, see);
                    }
                    walk_query(&body.query, see);
                }
            }
            Rule::Default { value, .. } => walk_expr(value, see),
        }
    }
}

/// The `every` statements of a module whose body looks up a variable under `not`, by place.
pub(super) fn every_with_lookup_under_not(module: &Module) -> Vec<Position> {
    let mut found = Vec::new();
    let mut look = |query: &Query| {
        for statement in &query.stmts {
            if let Literal::Every { query, span, .. } = &statement.literal
                && query.stmts.iter().any(|inner| looks_up_under_not(&inner.literal))
            {
                found.push(position(span));
            }
        }
    };
    for rule in &module.policy {
        if let Rule::Spec { bodies, .. } = rule.as_ref() {
            bodies.iter().for_each(|body| look(&body.query));
        }
    }
    walk(module, &mut |expr| match expr {
        Expr::ArrayCompr { query, .. }
        | Expr::SetCompr { query, .. }
        | Expr::ObjectCompr { query, .. } => look(query),
        _ => {}
    });
    found
}

fn looks_up_under_not(literal: &Literal) -> bool {
    let Literal::NotExpr { expr, .. } = literal else { return false };
    let mut found = false;
    walk_expr(expr, &mut |expr| {
        if let Expr::RefBrack { index, .. } = expr {
            found |= matches!(index.as_ref(), Expr::Var { .. });
        }
    });
    found
}

fn walk_head<'m>(head: &'m RuleHead, see: &mut dyn FnMut(&'m Expr)) {
    let (refr, rest): (_, Vec<&Expr>) = match head {
        RuleHead::Compr { refr, assign, .. } => {
            (refr, assign.iter().map(|assign| assign.value.as_ref()).collect())
        }
        RuleHead::Set { refr, key, .. } => (refr, key.iter().map(AsRef::as_ref).collect()),
        RuleHead::Func { refr, args, assign, .. } => {
            let value = assign.iter().map(|assign| assign.value.as_ref());
            (refr, args.iter().map(AsRef::as_ref).chain(value).collect())
        }
    };
    walk_expr(refr, see);
    rest.into_iter().for_each(|expr| walk_expr(expr, see));
}

fn walk_query<'m>(query: &'m Query, see: &mut dyn FnMut(&'m Expr)) {
    for statement in &query.stmts {
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                key.iter().chain([value, collection]).for_each(|expr| walk_expr(expr, see));
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => walk_expr(expr, see),
            Literal::Every { domain, query, .. } => {
                walk_expr(domain, see);
                walk_query(query, see);
            }
        }
        statement.with_mods.iter().for_each(|modifier| walk_expr(&modifier.r#as, see));
    }
}

fn walk_expr<'m>(expr: &'m Expr, see: &mut dyn FnMut(&'m Expr)) {
    see(expr);
    match expr {
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().for_each(|item| walk_expr(item, see));
        }
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                walk_expr(key, see);
                walk_expr(value, see);
            }
        }
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            walk_expr(term, see);
            walk_query(query, see);
        }
        Expr::ObjectCompr { key, value, query, .. } => {
            walk_expr(key, see);
            walk_expr(value, see);
            walk_query(query, see);
        }
        Expr::Call { fcn, params, .. } => {
            walk_expr(fcn, see);
            params.iter().for_each(|argument| walk_expr(argument, see));
        }
        Expr::UnaryExpr { expr, .. } => walk_expr(expr, see),
        Expr::RefDot { refr, .. } => walk_expr(refr, see),
        Expr::RefBrack { refr, index, .. } => {
            walk_expr(refr, see);
            walk_expr(index, see);
        }
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => {
            walk_expr(lhs, see);
            walk_expr(rhs, see);
        }
        Expr::Membership { key, value, collection, .. } => {
            key.iter().chain([value, collection]).for_each(|part| walk_expr(part, see));
        }
        _ => {}
    }
}
