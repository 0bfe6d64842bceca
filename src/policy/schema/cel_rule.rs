//! One rule of `x-kubernetes-validations`: parsed when the schema is read, compiled when first used.
//!
//! Most definitions carry hundreds of rules of which a repository uses a few, so compiling waits.

use std::sync::{Arc, OnceLock};

use cel::{Context, Program, Value as CelValue};

use super::cel_library;
use crate::yaml::Node;

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
        let program = |source: &str| env.compile(source).map_err(|error| error.to_string());
        let message = self.message_expression.as_deref().map(program).transpose();
        Ok(Compiled { rule: program(&self.source)?, message: message.unwrap_or_default() })
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
        let rule = self.source.split_whitespace().collect::<Vec<_>>().join(" ");
        Outcome::Unchecked(format!("`{rule}`: {reason}"))
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
