//! The merge of two trees, value by value: mappings by field, lists as their schema says.

use super::directive::{self, Directive};
use super::error::MergeError;
use super::sides::Sides;
use crate::kustomize::scalar;
use crate::kustomize::schema::{Known, Schema};
use crate::yaml::{Mapping, Node, Pair, Scalar, Text, Value};

/// The value that results where an object's value and a patch's value met.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The object's own, which may have changed in place.
    Kept,
    /// The patch's.
    Taken(Node),
    /// None.
    Gone,
}

/// A merge under way.
pub(super) struct Merger<'a> {
    pub(super) schema: &'a Schema,
    /// Field names down to here, for messages.
    pub(super) path: Vec<Text>,
    /// Shared nodes that changed, with their paths.
    pub(super) shared: Vec<(Vec<Text>, Node)>,
}

/// The shape that a pair of values is treated as: that of the first that is not null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Null,
    Scalar,
    Sequence,
    Mapping,
}

impl Form {
    pub(super) fn of(node: Option<&Node>) -> Self {
        match node.map(|node| &node.value) {
            None => Self::Null,
            Some(Value::Mapping(_)) => Self::Mapping,
            Some(Value::Sequence(_)) => Self::Sequence,
            Some(Value::Scalar(scalar)) if scalar.is_tagged_null() => Self::Null,
            Some(Value::Scalar(_)) => Self::Scalar,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Scalar => "scalar",
            Self::Sequence => "list",
            Self::Mapping => "mapping",
        }
    }
}

impl<'a> Merger<'a> {
    /// Merges a pair of which either may be missing.
    pub(super) fn merge(
        &mut self,
        dest: Option<&mut Node>,
        patch: Option<Node>,
        known: Option<Known<'a>>,
    ) -> Result<Outcome, MergeError> {
        let known = known
            .or_else(|| self.by_own_type(dest.as_deref()))
            .or_else(|| self.by_own_type(patch.as_ref()));
        let (ours, theirs) = (Form::of(dest.as_deref()), Form::of(patch.as_ref()));
        if ours != Form::Null && theirs != Form::Null && ours != theirs {
            return Err(MergeError::Mismatch {
                field: self.field(),
                expected: ours.name(),
                found: theirs.name(),
            });
        }
        let form = if ours == Form::Null { theirs } else { ours };
        match (dest.filter(|_| ours != Form::Null), patch, form) {
            (dest, patch, Form::Mapping) => self.mapping(dest, patch, known),
            (dest, patch, Form::Sequence) => self.sequence(dest, patch, known),
            (_, Some(patch), Form::Scalar) if theirs == Form::Scalar => Ok(Outcome::Taken(patch)),
            (_, Some(_), _) => Ok(Outcome::Gone),
            (_, None, Form::Scalar) => Ok(Outcome::Kept),
            (_, None, _) => Ok(Outcome::Gone),
        }
    }

    /// What is known of an object inside another, by its own `apiVersion` and `kind`.
    fn by_own_type(&self, node: Option<&Node>) -> Option<Known<'a>> {
        let mapping = node?.as_mapping()?;
        let text = |key| mapping.get(key).filter(|node| !node.is_null()).and_then(Node::text);
        self.schema.of_type(text("apiVersion")?, text("kind")?)
    }

    fn mapping(
        &mut self,
        dest: Option<&mut Node>,
        patch: Option<Node>,
        known: Option<Known<'a>>,
    ) -> Result<Outcome, MergeError> {
        match (dest, patch) {
            (Some(dest), None) => self.tidy_mapping(dest, known).map(|()| Outcome::Kept),
            (Some(dest), Some(mut patch)) => {
                if patch.is_null() {
                    return Ok(Outcome::Gone);
                }
                match directive::take(&mut patch).map_err(|_| self.unknown_directive())? {
                    Directive::Delete => Ok(Outcome::Gone),
                    Directive::Replace => {
                        self.adopt_fields(&mut patch, known)?;
                        Ok(Outcome::Taken(patch))
                    }
                    Directive::Merge => self.fields(dest, patch, known).map(|()| Outcome::Kept),
                }
            }
            (None, Some(mut patch)) => {
                // A mapping that the object lacks may have any directive: kustomize drops the error.
                if directive::take(&mut patch) == Ok(Directive::Delete) {
                    return Ok(Outcome::Gone);
                }
                self.adopt_fields(&mut patch, known)?;
                Ok(Outcome::Taken(patch))
            }
            (None, None) => Ok(Outcome::Gone),
        }
    }

    /// Merges the fields of two mappings.
    fn fields(
        &mut self,
        dest: &mut Node,
        patch: Node,
        known: Option<Known<'a>>,
    ) -> Result<(), MergeError> {
        drop_empty_brackets(dest, &patch);
        let (Some(dest), Value::Mapping(patch)) = (dest.as_mapping_mut(), patch.value) else {
            return Ok(());
        };
        let mut patch: Vec<Option<Pair>> = patch.into_iter().map(Some).collect();
        let mut gone = Vec::new();
        for (at, pair) in dest.iter_mut().enumerate() {
            let theirs = patch
                .iter_mut()
                .find(|theirs| theirs.as_ref().is_some_and(|p| p.key.text == pair.key.text))
                .and_then(Option::take);
            let (theirs, key_mark) = match theirs {
                Some(Pair { value, key_mark, .. }) => (Some(value), key_mark),
                None => (None, pair.key_mark),
            };
            let below = known.and_then(|known| known.field(&pair.key.text));
            self.enter(&pair.key.text)?;
            match self.field_value(&mut pair.value, theirs, below)? {
                Outcome::Kept => quote_if_ambiguous(&mut pair.value),
                Outcome::Taken(node) => {
                    self.put(&mut pair.value, node);
                    pair.key_mark = key_mark;
                }
                Outcome::Gone => gone.push(at),
            }
            self.path.pop();
        }
        remove(dest, &gone);
        for pair in patch.into_iter().flatten() {
            let below = known.and_then(|known| known.field(&pair.key.text));
            self.enter(&pair.key.text)?;
            if let Outcome::Taken(mut value) = self.merge(None, Some(pair.value), below)? {
                quote_if_ambiguous(&mut value);
                dest.push(Pair { value, ..pair });
            }
            self.path.pop();
        }
        Ok(())
    }

    /// Merges the values of one field; an explicit `null` that the patch leaves alone stays.
    fn field_value(
        &mut self,
        dest: &mut Node,
        patch: Option<Node>,
        known: Option<Known<'a>>,
    ) -> Result<Outcome, MergeError> {
        if patch.is_none() && dest.as_scalar().is_some_and(Scalar::is_tagged_null) {
            let explicit = dest.text().is_some_and(|text| !text.is_empty());
            return Ok(if explicit { Outcome::Kept } else { Outcome::Gone });
        }
        self.merge(Some(dest), patch, known)
    }

    /// What a patch elsewhere in the object does to a mapping.
    fn tidy_mapping(
        &mut self,
        dest: &mut Node,
        known: Option<Known<'a>>,
    ) -> Result<(), MergeError> {
        let Some(dest) = dest.as_mapping_mut() else { return Ok(()) };
        let mut gone = Vec::new();
        for (at, pair) in dest.iter_mut().enumerate() {
            let below = known.and_then(|known| known.field(&pair.key.text));
            let leaf = pair.value.as_scalar().is_some_and(|_| !pair.value.is_null());
            if leaf && !pair.key.text.is_empty() {
                quote_if_ambiguous(&mut pair.value);
                continue;
            }
            self.enter(&pair.key.text)?;
            match self.field_value(&mut pair.value, None, below)? {
                Outcome::Kept => {}
                Outcome::Taken(node) => self.put(&mut pair.value, node),
                Outcome::Gone => gone.push(at),
            }
            self.path.pop();
        }
        remove(dest, &gone);
        Ok(())
    }

    /// Makes the fields of a patch's mapping fit to stand in the object: no nulls, no directives.
    fn adopt_fields(
        &mut self,
        node: &mut Node,
        known: Option<Known<'a>>,
    ) -> Result<(), MergeError> {
        let Some(mapping) = node.as_mapping_mut() else { return Ok(()) };
        let mut gone = Vec::new();
        for (at, pair) in mapping.iter_mut().enumerate() {
            let below = known.and_then(|known| known.field(&pair.key.text));
            self.enter(&pair.key.text)?;
            if !self.adopt(&mut pair.value, below)? {
                gone.push(at);
            }
            quote_if_ambiguous(&mut pair.value);
            self.path.pop();
        }
        remove(mapping, &gone);
        Ok(())
    }

    /// Makes a value of a patch fit to stand in the object; whether it is still there.
    pub(super) fn adopt(
        &mut self,
        node: &mut Node,
        known: Option<Known<'a>>,
    ) -> Result<bool, MergeError> {
        let known = known.or_else(|| self.by_own_type(Some(node)));
        match Form::of(Some(node)) {
            Form::Null => Ok(false),
            Form::Scalar => Ok(true),
            Form::Mapping => {
                if directive::take(node).map_err(|_| self.unknown_directive())? == Directive::Delete
                {
                    return Ok(false);
                }
                self.adopt_fields(node, known)?;
                Ok(true)
            }
            Form::Sequence => {
                let Some(keys) = known.and_then(Known::merge_keys) else { return Ok(true) };
                let Some(items) = node.as_sequence_mut() else { return Ok(true) };
                if directive::take_of_list(items).map_err(|_| self.unknown_directive())?
                    == Directive::Delete
                {
                    return Ok(false);
                }
                let item = known.and_then(Known::item);
                let own = std::mem::take(items);
                *items = self.list(Sides::Same(own), &keys, item)?;
                Ok(true)
            }
        }
    }

    fn sequence(
        &mut self,
        dest: Option<&mut Node>,
        patch: Option<Node>,
        known: Option<Known<'a>>,
    ) -> Result<Outcome, MergeError> {
        let Some(keys) = known.and_then(Known::merge_keys) else {
            return Ok(match patch {
                None => Outcome::Kept,
                Some(patch) if patch.is_null() => Outcome::Gone,
                Some(patch) => Outcome::Taken(patch),
            });
        };
        let item = known.and_then(Known::item);
        match (dest, patch) {
            (_, Some(patch)) if patch.is_null() => Ok(Outcome::Gone),
            (None, Some(mut patch)) => {
                let Some(items) = patch.as_sequence_mut() else { return Ok(Outcome::Gone) };
                let own = std::mem::take(items);
                *items = self.list(Sides::Same(own), &keys, item)?;
                Ok(Outcome::Taken(patch))
            }
            (Some(dest), None) => {
                let Some(items) = dest.as_sequence_mut() else { return Ok(Outcome::Kept) };
                let own = std::mem::take(items);
                *items = self.list(Sides::One(own), &keys, item)?;
                Ok(Outcome::Kept)
            }
            (Some(dest), Some(mut patch)) => {
                drop_empty_brackets(dest, &patch);
                let Some(theirs) = patch.as_sequence_mut() else { return Ok(Outcome::Gone) };
                let directive =
                    directive::take_of_list(theirs).map_err(|_| self.unknown_directive())?;
                let theirs = std::mem::take(theirs);
                let Some(ours) = dest.as_sequence_mut() else { return Ok(Outcome::Gone) };
                let sides = match directive {
                    Directive::Delete => return Ok(Outcome::Gone),
                    Directive::Replace => Sides::Same(theirs),
                    Directive::Merge => Sides::Both(std::mem::take(ours), theirs),
                };
                *ours = self.list(sides, &keys, item)?;
                Ok(Outcome::Kept)
            }
            (None, None) => Ok(Outcome::Gone),
        }
    }

    /// Puts a patch's value in the place of the object's; it keeps the style of the old one: a scalar with quotes is a
    /// string whatever it was in the patch, and brackets are there if something stood in
    /// some.
    fn put(&mut self, place: &mut Node, node: Node) {
        if let (Value::Scalar(old), Value::Scalar(new)) = (&mut place.value, &node.value) {
            let tag = (!new.style.is_untyped()).then_some(new.tag);
            scalar::assign(old, new.text.clone(), tag);
            if place.mark.is_shared() {
                place.mark = place.mark.moved_to(node.mark);
                self.shared.push((self.path.clone(), place.clone()));
            } else {
                place.mark = node.mark;
            }
        } else {
            let mark = match (is_empty(place), place.mark.is_flow()) {
                (true, _) => node.mark,
                (false, true) => node.mark.in_flow(),
                (false, false) => node.mark.out_of_flow(),
            };
            *place = Node { mark, ..node };
        }
    }

    /// Goes one field deeper; the caller pops it from the path.
    fn enter(&mut self, key: &Text) -> Result<(), MergeError> {
        if key.is_empty() {
            return Err(MergeError::EmptyKey { field: self.field() });
        }
        self.path.push(key.clone());
        Ok(())
    }

    pub(super) fn field(&self) -> String {
        self.path.join(".")
    }

    fn unknown_directive(&self) -> MergeError {
        MergeError::UnknownDirective { field: self.field() }
    }
}

/// What comes into brackets with nothing between is written as in the patch.
fn drop_empty_brackets(dest: &mut Node, patch: &Node) {
    if is_empty(dest) && !patch.mark.is_flow() {
        dest.mark = dest.mark.out_of_flow();
    }
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Mapping(mapping) => mapping.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        Value::Scalar(_) => false,
    }
}

/// What becomes of a field's value that is a scalar; one that a patch replaced keeps the style of the old one.
fn quote_if_ambiguous(node: &mut Node) {
    if let Value::Scalar(scalar) = &mut node.value {
        scalar::quote_if_ambiguous(scalar);
    }
}

pub(super) fn remove(mapping: &mut Mapping, places: &[usize]) {
    if places.is_empty() {
        return;
    }
    let mut at = 0;
    mapping.retain(|_| {
        at += 1;
        places.binary_search(&(at - 1)).is_err()
    });
}
