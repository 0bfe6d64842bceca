//! Texts that hold fields of their own: inline patches, the values of a chart, files of a ConfigMap.

use super::content::Form;
use super::value::{Shape, Value};
use super::verdict::Column;

/// A column of texts, read by what is in them.
pub(super) struct Within {
    /// How the texts are read.
    pub form: Form,
    source: Value,
    target: Value,
    source_past: Vec<Option<Value>>,
    target_past: Vec<Option<Value>>,
}

impl Within {
    /// Reads the texts of a column; `None` unless both sides have fields and say mostly the same: else they are
    /// about different things, and have nothing to give each other.
    pub(super) fn read(column: &Column<'_>) -> Option<Self> {
        let (source, target) = (lines(column.source)?, lines(column.target)?);
        let form = [Form::Yaml, Form::Properties].into_iter().find(|form| {
            form.fits(source) && form.fits(target) && has_fields(*form, source, target)
        })?;
        let past = |values: &[Option<&Value>]| {
            let mut last = None;
            let read = values.iter().map(|value| {
                let text = value.and_then(Value::as_text);
                // What could not be read says nothing: it counts as what was there before.
                let read = text.map(|text| form.read(text.as_bytes()).or_else(|| last.clone()));
                last = read.flatten();
                last.clone()
            });
            read.collect()
        };
        let (source, target) = (form.read(source.as_bytes())?, form.read(target.as_bytes())?);
        let source_past: Vec<Option<Value>> = past(&column.source_past);
        let all = source_past.iter().flatten().chain([&source]);
        let most = all.map(|then| then.likeness(&target)).max().unwrap_or_default();
        if most * 2 < source.weight().min(target.weight()) {
            return None;
        }
        Some(Self { form, source, target, source_past, target_past: past(&column.target_past) })
    }

    /// What is in the texts, now and then.
    pub(super) fn column(&self) -> Column<'_> {
        Column {
            source: Some(&self.source),
            target: Some(&self.target),
            source_past: self.source_past.iter().map(Option::as_ref).collect(),
            target_past: self.target_past.iter().map(Option::as_ref).collect(),
        }
    }
}

/// The text of a value that has several lines.
fn lines(value: Option<&Value>) -> Option<&str> {
    value?.as_text().filter(|text| text.trim_end().contains('\n'))
}

/// Whether both texts are mappings, or lists of them.
pub(super) fn has_fields(form: Form, source: &str, target: &str) -> bool {
    let is_map = |value: &Value| matches!(value.shape, Shape::Map(_));
    let is_one = |value: &Value| {
        is_map(value) || !value.items().is_empty() && value.items().iter().all(is_map)
    };
    let fits = |text: &str| match form.read(text.as_bytes()) {
        Some(read) if form == Form::Yaml => {
            !read.items().is_empty() && read.items().iter().all(is_one)
        }
        Some(read) => !read.pairs().is_empty(),
        None => false,
    };
    fits(source) && fits(target)
}
