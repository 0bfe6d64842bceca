//! One rule of `x-kubernetes-validations`: parsed when the schema is read, compiled when first used.
//!
//! Most definitions carry hundreds of rules of which a repository uses a few, so compiling waits.

use std::sync::{Arc, OnceLock};

use cel::common::ast::{EntryExpr, Expr, IdedEntryExpr, IdedExpr};
use cel::{Context, Program, Value as CelValue};

use super::cel_library;
use crate::yaml::Node;

/// A rule with more operators is not read: reading one goes as deep as it has them. Real rules have fifty.
const MOST_OPERATORS: usize = 250;
/// Nor is one whose brackets nest deeper, which costs more.
const DEEPEST_BRACKETS: usize = 24;
/// A rule whose loops may take more steps on a value is not evaluated: the API server, too, refuses rules by
/// what they may cost.
const MOST_STEPS: usize = 50_000_000;

/// A rule with its message.
#[derive(Debug)]
pub(super) struct Rule {
    source: String,
    message: Option<String>,
    message_expression: Option<String>,
    field_path: Option<String>,
    compiled: OnceLock<Result<Compiled, String>>,
}

struct Compiled {
    rule: Program,
    message: Option<Program>,
    /// How deep loops stand in one another, in the rule or in its message.
    loops: u32,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Compiled")
    }
}

/// Whose words tell that a rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// Those of `messageExpression`, which may hold values.
    Expressed,
    /// The fixed ones: the resource is a Secret.
    Fixed,
}

/// What a rule says of a value.
pub(super) enum Outcome {
    Holds,
    Broken {
        message: String,
        field_path: Option<String>,
    },
    /// The rule could not be evaluated; the text says which and why.
    Unchecked(String),
}

impl Rule {
    /// Reads a rule. A transition rule (it names `oldSelf`) compares with the object that is
    /// already in the cluster; there is none here, and the API server skips it on creation too.
    pub(super) fn parse(node: &Node) -> Option<Self> {
        let text = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
        let source = text("rule")?;
        if source.contains("oldSelf") {
            return None;
        }
        Some(Self {
            source,
            message: text("message"),
            message_expression: text("messageExpression"),
            field_path: text("fieldPath"),
            compiled: OnceLock::new(),
        })
    }

    /// Evaluates the rule on a value that was converted by the schema.
    pub(super) fn evaluate(&self, value: &CelValue, words: Words) -> Outcome {
        let compiled = match self.compiled.get_or_init(|| self.compile()) {
            Ok(compiled) => compiled,
            Err(reason) => return self.unchecked(reason),
        };
        if steps(value, compiled.loops) > MOST_STEPS {
            return self.unchecked("its loops would take too many steps on this value");
        }
        let mut context = Context::with_env(Arc::clone(cel_library::env()));
        cel_library::add_functions(&mut context);
        context.add_variable_from_value("self", value.clone());
        match compiled.rule.execute(&context) {
            Ok(CelValue::Bool(true)) => Outcome::Holds,
            Ok(CelValue::Bool(false)) => Outcome::Broken {
                message: self.words(compiled, &context, words),
                field_path: self.field_path.clone(),
            },
            Ok(_) => self.unchecked("it gives no boolean"),
            // The API server refuses an object whose rule ends in an error of the evaluation.
            Err(error) if is_evaluation_fault(&error) => Outcome::Broken {
                message: format!("{}, because {}", self.failed(), fault_words(&error)),
                field_path: self.field_path.clone(),
            },
            Err(error) => self.unchecked(fault_words(&error)),
        }
    }

    fn compile(&self) -> Result<Compiled, String> {
        let env = cel_library::env();
        let program = |source: &str| {
            if is_deep(source) {
                let most = format!("{MOST_OPERATORS} operators or {DEEPEST_BRACKETS} brackets");
                return Err(format!("it has more than {most} in one another"));
            }
            env.compile(source).map_err(|error| error.to_string())
        };
        let rule = program(&self.source)?;
        let message = self.message_expression.as_deref().map(program).transpose();
        let message = message.unwrap_or_default();
        let loops = std::iter::once(&rule).chain(&message);
        let loops = loops.map(|program| depth_of_loops(program.expression())).max();
        Ok(Compiled { rule, message, loops: loops.unwrap_or_default() })
    }

    /// The rule's own words; like the API server, the rule itself where it has none.
    fn words(&self, compiled: &Compiled, context: &Context, words: Words) -> String {
        let expression = compiled.message.as_ref().filter(|_| words == Words::Expressed);
        let expressed = expression.and_then(|program| match program.execute(context) {
            Ok(CelValue::String(text)) if !text.trim().is_empty() => Some(text.to_string()),
            _ => None,
        });
        expressed.or_else(|| self.message.clone()).unwrap_or_else(|| self.failed())
    }

    fn failed(&self) -> String {
        format!("failed rule: {}", self.source.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn unchecked(&self, reason: &str) -> Outcome {
        let mut rule = self.source.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((end, _)) = rule.char_indices().nth(300) {
            rule.truncate(end);
            rule.push('…');
        }
        Outcome::Unchecked(format!("`{rule}`: {reason}"))
    }
}

/// Whether reading the rule would go deeper than a thread can. What stands in a text counts too.
fn is_deep(source: &str) -> bool {
    let (mut operators, mut brackets) = (0_usize, 0_usize);
    source.bytes().any(|byte| {
        match byte {
            b'(' | b'[' | b'{' => brackets += 1,
            b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        operators += usize::from(b"+-*/%!?.<>=&|".contains(&byte));
        operators > MOST_OPERATORS || brackets > DEEPEST_BRACKETS
    })
}

/// How deep loops (`all`, `exists`, `map` and their like) stand in one another.
fn depth_of_loops(expression: &IdedExpr) -> u32 {
    let entry = |entry: &IdedEntryExpr| match &entry.expr {
        EntryExpr::StructField(field) => depth_of_loops(&field.value),
        EntryExpr::MapEntry(entry) => depth_of_loops(&entry.key).max(depth_of_loops(&entry.value)),
    };
    match &expression.expr {
        Expr::Call(call) => {
            call.target.iter().map(AsRef::as_ref).chain(&call.args).map(depth_of_loops).max()
        }
        Expr::Comprehension(loop_) => {
            let once = depth_of_loops(&loop_.iter_range)
                .max(depth_of_loops(&loop_.accu_init))
                .max(depth_of_loops(&loop_.result));
            let each = depth_of_loops(&loop_.loop_cond).max(depth_of_loops(&loop_.loop_step));
            Some(once.max(each + 1))
        }
        Expr::List(list) => list.elements.iter().map(depth_of_loops).max(),
        Expr::Map(map) => map.entries.iter().map(entry).max(),
        Expr::Struct(made) => made.entries.iter().map(entry).max(),
        Expr::Select(select) => Some(depth_of_loops(&select.operand)),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => None,
    }
    .unwrap_or_default()
}

/// The most steps that so many loops in one another take on a value.
fn steps(value: &CelValue, loops: u32) -> usize {
    if loops < 2 {
        return 0;
    }
    size(value).saturating_pow(loops)
}

fn size(value: &CelValue) -> usize {
    match value {
        CelValue::List(items) => items.iter().map(size).sum::<usize>() + 1,
        CelValue::Map(map) => map.map.values().map(size).sum::<usize>() + 1,
        _ => 1,
    }
}

/// Words for a fault that hold nothing of the resource; the library's own show the values.
fn fault_words(error: &cel::ExecutionError) -> &'static str {
    use cel::ExecutionError as E;
    match error {
        E::UndeclaredReference(_) | E::NotSupportedAsMethod { .. } => {
            "it uses a function that is not known here"
        }
        E::NoSuchKey(_) => "it reads a field that is not set",
        E::FunctionError { .. } => "a function in it does not accept the value",
        E::Overflow(..) | E::DivisionByZero(_) | E::RemainderByZero(_) => "its arithmetic fails",
        E::IndexOutOfBounds(_) => "it reads past the end of a list",
        _ => "its types do not fit the value",
    }
}

/// Whether the expression is sound and the value made it fail, rather than our library lacking something.
fn is_evaluation_fault(error: &cel::ExecutionError) -> bool {
    use cel::ExecutionError as E;
    !matches!(error, E::UndeclaredReference(_) | E::NotSupportedAsMethod { .. })
}
