//! `vars`: values of fields that go where `$(NAME)` stands.
//!
//! As kustomize's `api/filters/refvar` and `api/internal/accumulator`. Deprecated there, but in use.

use std::collections::BTreeMap;

use super::configuration::Configuration;
use super::error::BuildError;
use super::field_spec::{FieldError, Make, Walks, is_field_name};
use super::growth::{Growth, TooMuch};
use super::json;
use super::kustomization::Var;
use super::resource::{DEFAULT_NAMESPACE, Draft};
use super::resource_set::ResourceSet;
use super::scalar;
use super::secret_facts::{SecretFacts, is_data, is_secret};
use crate::model::Location;
use crate::yaml::{MERGE_KEY, Mark, Node, Scalar, Style, Tag, Text, Value};

/// The vars of a kustomization and its bases, by name.
#[derive(Clone, Debug, Default)]
pub struct Vars(BTreeMap<String, Var>);

impl Vars {
    /// Adds the vars of a kustomization, and marks the resources they mean.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] if a name is taken, or more than one resource is meant.
    pub fn add(&mut self, vars: &[Var], set: &mut ResourceSet) -> Result<(), BuildError> {
        for var in vars {
            let mut found = set.contents_mut().filter(|draft| is_meant(draft, var));
            let first = found.next();
            let others = found.count();
            if others > 0 {
                return Err(fault(var, format!("{} resources are meant", others + 1)));
            }
            if let Some(draft) = first {
                draft.var_names.push(var.name.as_str().into());
            }
        }
        vars.iter().try_for_each(|var| self.insert(var.clone()))
    }

    /// Adds the vars of a base.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] if a name is taken.
    pub fn absorb(&mut self, other: Self) -> Result<(), BuildError> {
        other.0.into_values().try_for_each(|var| self.insert(var))
    }

    fn insert(&mut self, var: Var) -> Result<(), BuildError> {
        if self.0.contains_key(&var.name) {
            return Err(fault(&var, "a var with this name is there already".to_owned()));
        }
        self.0.insert(var.name.clone(), var);
        Ok(())
    }

    /// Puts the values in their places; returns the names that were never needed.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] if a var means nothing, or a place cannot take a value.
    pub fn resolve(
        &self,
        set: &mut ResourceSet,
        configuration: &Configuration,
    ) -> Result<Vec<String>, BuildError> {
        let mut values = BTreeMap::new();
        for var in self.0.values() {
            values.insert(var.name.as_str(), slot_of(var, set)?);
        }
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let mut secrets = std::mem::take(&mut set.secrets);
        let mut growth = set.growth;
        let mut walks = Walks::new(&configuration.var_references, Make::Nothing);
        for draft in set.iter_mut() {
            for walk in walks.of(&draft.id.gvk) {
                let replaced = walk.each(&mut draft.node, &mut |node| {
                    replace_in(node, &mut values, &mut secrets, &mut growth)
                });
                replaced.map_err(|fault| BuildError::Invalid {
                    at: draft.location.clone().in_field(walk.path()),
                    reason: format!("`{}` {fault}", draft.id),
                })?;
            }
        }
        set.secrets = secrets;
        set.growth = growth;
        let unused = values.into_iter().filter(|(_, slot)| !slot.used);
        Ok(unused.map(|(name, _)| name.to_owned()).collect())
    }
}

fn is_meant(draft: &Draft, var: &Var) -> bool {
    let gvk = &draft.id.gvk;
    if draft.is_deleted() || gvk.group != var.gvk.group || gvk.version != var.gvk.version {
        return false;
    }
    let fits = |kind: &str, name: &str, namespace: &str| {
        let wanted = if var.namespace.is_empty() { DEFAULT_NAMESPACE } else { &var.namespace };
        kind == var.gvk.kind
            && name == var.object_name
            && (var.namespace.is_empty() || namespace == wanted)
    };
    fits(&gvk.kind, &draft.id.name, draft.effective_namespace())
        || draft.previous.iter().any(|id| fits(&id.kind, &id.name, &id.namespace))
}

struct Slot {
    value: VarValue,
    /// Where it is written.
    mark: Mark,
    /// Whether it is a value of a Secret.
    is_secret: bool,
    used: bool,
}

enum VarValue {
    Scalar(Tag, Text),
    /// A mapping or a list, which no place can take.
    Other,
}

fn slot_of(var: &Var, set: &ResourceSet) -> Result<Slot, BuildError> {
    let draft = set
        .iter()
        .find(|draft| draft.var_names.iter().any(|name| *name == var.name))
        .ok_or_else(|| fault(var, "no resource is meant by its `objref`".to_owned()))?;
    let node = look_up(&draft.node, &var.field_path)
        .ok_or_else(|| fault(var, format!("`{}` has no field `{}`", draft.id, var.field_path)))?;
    let field = parts(&var.field_path);
    let is_secret = is_secret(draft) && field.first().is_some_and(|first| is_data(first));
    let value = match node.as_scalar() {
        Some(scalar) => value_of(scalar).ok_or_else(|| {
            fault(var, format!("`{}` is no number or boolean as Go writes them", scalar.text))
        })?,
        None => VarValue::Other,
    };
    Ok(Slot { value, mark: node.mark, is_secret, used: false })
}

/// The value of a scalar as Go reads and writes it: a number has nothing of what only YAML knows, and all that is no text
/// has its usual form. A null, a date and what was made without a type are texts, as they are written.
fn value_of(scalar: &Scalar) -> Option<VarValue> {
    if scalar.style.is_untyped() {
        return Some(VarValue::Scalar(Tag::Str, scalar.text.clone()));
    }
    let text = match scalar.tag {
        Tag::Int => scalar.text.parse::<i64>().ok()?.to_string().into(),
        Tag::Float => {
            let value = scalar.text.replace('_', "").parse().ok();
            json::shortest(value.filter(|value: &f64| value.is_finite())?).into()
        }
        Tag::Bool => truth(&scalar.text)?.into(),
        Tag::Null | Tag::Str | Tag::Timestamp => scalar.text.clone(),
    };
    let tag = match scalar.tag {
        Tag::Null | Tag::Timestamp => Tag::Str,
        tag => tag,
    };
    Some(VarValue::Scalar(tag, text))
}

/// What Go takes for a truth value.
fn truth(text: &str) -> Option<&'static str> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some("true"),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some("false"),
        _ => None,
    }
}

/// The node at the end of a path with dots, `[0]`, `-`, `[key=value]`, `[=value]` and `[a.b]`.
fn look_up<'a>(node: &'a Node, path: &str) -> Option<&'a Node> {
    parts(path).iter().try_fold(node, |node, part| match &node.value {
        Value::Mapping(mapping) if is_field_name(part) => mapping.get(part),
        Value::Sequence(items) => item_of(items, part),
        _ => None,
    })
}

/// The item of a list that a part of a path names.
fn item_of<'a>(items: &'a [Node], part: &str) -> Option<&'a Node> {
    if part == "-" {
        return items.last();
    }
    let Some(pair) = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')) else {
        return items.get(part.parse::<usize>().ok()?);
    };
    let (key, value) = pair.split_once('=')?;
    let text_of = |item: &'a Node| if key.is_empty() { item.text() } else { item.get(key)?.text() };
    items.iter().find(|item| text_of(item) == Some(value))
}

/// The parts of a path without the blanks around them; those that are nothing else lead nowhere.
fn parts(path: &str) -> Vec<String> {
    let mut split: Vec<String> = Vec::new();
    for part in path.split('.') {
        match split.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('.');
                last.push_str(part);
            }
            Some(last) if last.starts_with('[') && !last.ends_with(']') => {
                last.push('.');
                last.push_str(part);
            }
            _ => split.push(part.to_owned()),
        }
    }
    let mut parts = Vec::new();
    for part in split {
        if part.starts_with('[') && !part.contains('=') {
            parts.push(part.trim_matches(['[', ']']).to_owned());
            continue;
        }
        match part.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
            Some((name, index)) if index.bytes().all(|b| b.is_ascii_digit()) => {
                if !name.is_empty() {
                    parts.push(name.to_owned());
                }
                parts.push(index.to_owned());
            }
            _ => parts.push(part),
        }
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// Why vars cannot be put in.
#[derive(Debug, thiserror::Error)]
enum VarFault {
    /// No text, list of texts or mapping of texts.
    #[error("has something here that takes no var")]
    WrongPlace,
    #[error("takes vars that are too large: {0}")]
    TooMuch(#[from] TooMuch),
}

impl From<FieldError> for VarFault {
    fn from(_: FieldError) -> Self {
        Self::WrongPlace
    }
}

fn replace_in(
    node: &mut Node,
    values: &mut BTreeMap<&str, Slot>,
    secrets: &mut SecretFacts,
    growth: &mut Growth,
) -> Result<(), VarFault> {
    match &mut node.value {
        Value::Scalar(_) => replace_in_text(node, values, secrets, growth)?,
        Value::Mapping(mapping) => {
            for pair in mapping.iter_mut() {
                if pair.key.tag != Tag::Str {
                    return Err(VarFault::WrongPlace);
                }
                replace_in_text(&mut pair.value, values, secrets, growth)?;
            }
        }
        Value::Sequence(items) => {
            for item in items {
                if !item.as_scalar().is_some_and(may_be_text) {
                    return Err(VarFault::WrongPlace);
                }
                replace_in_text(item, values, secrets, growth)?;
            }
        }
    }
    Ok(())
}

/// Puts values into a text; it stands then where the last of them does.
fn replace_in_text(
    node: &mut Node,
    values: &mut BTreeMap<&str, Slot>,
    secrets: &mut SecretFacts,
    growth: &mut Growth,
) -> Result<(), TooMuch> {
    let Value::Scalar(scalar) = &mut node.value else { return Ok(()) };
    if !may_be_text(scalar) {
        return Ok(());
    }
    if scalar.style.is_untyped() {
        let text = scalar.text.clone();
        scalar::assign(scalar, text, Some(Tag::Str));
    }
    // kustomize takes its style from each text that it looks at.
    if matches!(scalar.style, Style::Folded | Style::SingleQuoted | Style::DoubleQuoted)
        && scalar.text.contains('\n')
    {
        scalar.style = Style::Literal;
    }
    if !scalar.text.contains('$') {
        return Ok(());
    }
    // A text that is one var and nothing else takes the type of its value.
    if let Some(name) = whole_var(&scalar.text) {
        if let Some(slot) = values.get_mut(name)
            && let VarValue::Scalar(tag, text) = &slot.value
        {
            slot.used = true;
            growth.add(text.len())?;
            if slot.is_secret {
                secrets.note_copied_text(text);
            }
            *scalar = Scalar { text: text.clone(), tag: *tag, style: Style::Plain };
            node.mark = node.mark.moved_to(slot.mark);
        }
        return Ok(());
    }
    let Expanded { text, last, has_secret } = expand(&scalar.text, values, growth)?;
    if has_secret {
        secrets.note_copied_text(&text);
    }
    scalar.text = text.into();
    if let Some(mark) = last {
        node.mark = node.mark.moved_to(mark);
    }
    Ok(())
}

/// Whether it is a text, or made without a type, which counts as one here and is one from then on. `<<` without quotes
/// has a type of its own.
fn may_be_text(scalar: &Scalar) -> bool {
    match scalar.style {
        Style::Untyped | Style::Bare => true,
        Style::TimeInBrackets => false,
        Style::Plain if scalar.text == MERGE_KEY => false,
        _ => scalar.tag == Tag::Str,
    }
}

fn whole_var(text: &str) -> Option<&str> {
    let name = text.strip_prefix("$(")?.strip_suffix(')')?;
    (!name.contains(')')).then_some(name)
}

/// A text with the values of vars.
struct Expanded {
    text: String,
    /// Where the last value is written that came in.
    last: Option<Mark>,
    /// Whether a value of a Secret came in.
    has_secret: bool,
}

/// Replaces `$(NAME)`; `$$` becomes `$`, and what is no var stays.
fn expand(
    text: &str,
    values: &mut BTreeMap<&str, Slot>,
    growth: &mut Growth,
) -> Result<Expanded, TooMuch> {
    let (mut last, mut has_secret) = (None, false);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if after.is_empty() {
            out.push('$');
            return Ok(Expanded { text: out, last, has_secret });
        }
        if let Some(more) = after.strip_prefix('$') {
            out.push('$');
            rest = more;
            continue;
        }
        let name = after.strip_prefix('(').and_then(|inner| inner.split_once(')'));
        match name {
            Some((name, more)) => {
                match values.get_mut(name) {
                    Some(Slot { value: VarValue::Scalar(_, text), mark, is_secret, used }) => {
                        *used = true;
                        last = Some(*mark);
                        has_secret |= *is_secret;
                        growth.add(text.len())?;
                        out.push_str(text);
                    }
                    _ => {
                        out.push_str("$(");
                        out.push_str(name);
                        out.push(')');
                    }
                }
                rest = more;
            }
            None => {
                out.push('$');
                let next = after.chars().next().map_or(0, char::len_utf8);
                out.push_str(&after[..next]);
                rest = &after[next..];
            }
        }
    }
    out.push_str(rest);
    Ok(Expanded { text: out, last, has_secret })
}

fn fault(var: &Var, what: String) -> BuildError {
    let at: Location = var.at.clone();
    BuildError::Invalid { at, reason: format!("var `{}`: {what}", var.name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_as_kustomize_does() {
        let mut values = BTreeMap::from([(
            "A",
            Slot {
                value: VarValue::Scalar(Tag::Str, "x".into()),
                mark: Mark::NONE,
                is_secret: false,
                used: false,
            },
        )]);
        let mut growth = Growth::default();
        let mut check = |text: &str| expand(text, &mut values, &mut growth).unwrap().text;
        assert_eq!(check("a $(A)-$(B) $$(A) $(A"), "a x-$(B) $(A) $(A");
        assert_eq!(check("cost 5$"), "cost 5$");
        assert_eq!(check("$é$(A)"), "$éx");
    }

    #[test]
    fn splits_paths_as_kustomize_does() {
        assert_eq!(parts("spec.ports[0].port"), ["spec", "ports", "0", "port"]);
        assert_eq!(parts("metadata.annotations.[a.b/c]"), ["metadata", "annotations", "a.b/c"]);
        assert_eq!(parts(r"metadata.labels.a\.b"), ["metadata", "labels", "a.b"]);
        assert_eq!(parts("spec.c.[name=a.b].image"), ["spec", "c", "[name=a.b]", "image"]);
    }
}
