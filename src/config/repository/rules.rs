//! The `promotion` part of the file as rules: which files and fields come, and how.

use super::file;
use super::places::{Faults, Section, Segment};
use crate::config::error::ConfigError;
use crate::model::{CARRIED_FIELDS, FieldPath, Location, nearest};
use crate::promotion::{By, CarriedField, InvalidRule, Keep, PathGlob, Prune, Rules};
use Segment::{Item, Key};

/// The rules of a section on top of those above it.
pub(super) fn read_rules(
    above: &Rules,
    promotion: &file::Promotion,
    section: &Section<'_>,
) -> Result<Rules, ConfigError> {
    let mut rules = Rules { by: read_by(promotion).or(above.by), ..above.clone() };
    let mut faults = Faults::default();
    if promotion.since.is_some() {
        rules.since.clone_from(&promotion.since);
    }
    if let Some(copy) = &promotion.copy {
        rules.copy = read_globs(copy, "copy", section, &mut faults);
    }
    if let Some(exclude) = &promotion.exclude {
        rules.exclude = read_globs(exclude, "exclude", section, &mut faults);
    }
    if let Some(keep) = &promotion.keep {
        rules.keep = read_keeps(keep, "keep", section, &mut faults);
    }
    if let Some(take) = &promotion.take {
        rules.take = read_keeps(take, "take", section, &mut faults);
    }
    rules.prune = match promotion.prune {
        None => rules.prune,
        Some(file::Prune::Never) => Prune::Never,
        Some(file::Prune::Removed) => Prune::Removed,
    };
    rules.wire = promotion.wire.unwrap_or(rules.wire);
    if let Some(fields) = &promotion.fields {
        let parse = |(index, name): (usize, &String)| {
            let at = section.at(&[Key("fields"), Item(index)]);
            let field = CarriedField::parse(name);
            faults.keep(
                field.map_err(|source| rule_fault(at, source, nearest(name, &CARRIED_FIELDS))),
            )
        };
        rules.fields = fields.iter().enumerate().filter_map(parse).collect();
    }
    faults.end().map(|()| rules)
}

/// How a section wants files to be edited: what only copying knows means copying.
pub(super) fn read_by(promotion: &file::Promotion) -> Option<By> {
    let copies =
        promotion.copy.is_some() || promotion.prune.is_some() || promotion.fields.is_some();
    match promotion.by {
        Some(file::By::Changes) => Some(By::Changes),
        Some(file::By::Files) => Some(By::Files),
        None => copies.then_some(By::Files),
    }
}

pub(super) fn rule_fault(
    at: Location,
    source: InvalidRule,
    nearest: Option<&'static str>,
) -> ConfigError {
    ConfigError::Rule { at, source: source.into(), nearest }
}

pub(super) fn read_globs(
    texts: &[String],
    list: &'static str,
    section: &Section<'_>,
    faults: &mut Faults,
) -> Vec<PathGlob> {
    let parse = |(index, text): (usize, &String)| {
        let at = section.at(&[Key(list), Item(index)]);
        faults.keep(PathGlob::parse(text).map_err(|source| rule_fault(at, source, None)))
    };
    texts.iter().enumerate().filter_map(parse).collect()
}

pub(super) fn read_keeps(
    keeps: &[file::Keep],
    list: &'static str,
    section: &Section<'_>,
    faults: &mut Faults,
) -> Vec<Keep> {
    let keeps = keeps.iter().enumerate();
    keeps.filter_map(|(index, keep)| faults.keep(read_keep(keep, (list, index), section))).collect()
}

pub(super) fn read_keep(
    keep: &file::Keep,
    (list, index): (&'static str, usize),
    section: &Section<'_>,
) -> Result<Keep, ConfigError> {
    let at = |key| [Key(list), Item(index), Key(key)];
    let fields = keep.fields.iter().enumerate().map(|(field, text)| {
        let steps = [Key(list), Item(index), Key("fields"), Item(field)];
        FieldPath::parse(text).map_err(|source| ConfigError::FieldPath {
            at: section.at(&steps),
            source: source.into(),
        })
    });
    let file = PathGlob::parse(&keep.file);
    Ok(Keep {
        file: file.map_err(|source| rule_fault(section.at(&at("file")), source, None))?,
        fields: fields.collect::<Result<_, _>>()?,
    })
}
