//! Names of environments in what comes new: the target's stand for the source's where both environments show how each
//! says it, and what would name the source all the same stays away. So does what names an environment that is
//! neither, if the target does not name it already.

use std::collections::{BTreeMap, BTreeSet};

use super::cloud;
use super::content::Form;
use super::counterparts::{Counterparts, Side};
use super::difference::{Because, Then};
use super::encoded::all_said;
use super::entries::settle_entries;
use super::held::Held;
use super::moves::move_files;
use super::names::is_called_apart;
use super::request::{Outcome, Request};
use super::sides::Sides;
use super::translation::Translation;
use crate::model::ReadError;

/// Whether something that changes has the name of the source in it, of an environment that is neither, or an object of a
/// cloud.
fn name_environments(request: &Request<'_>, outcomes: &[Outcome]) -> bool {
    let after = |outcome: &'_ Outcome| outcome.change.as_ref()?.after.as_ref().cloned();
    let mut texts = outcomes.iter().filter_map(after);
    texts.any(|file| {
        let text = all_said(&file.content);
        request.names.names_source(&text)
            || request.names.others_in(&text).next().is_some()
            || cloud::objects_in(&text).next().is_some()
    })
}

/// The names of other environments that the target's files have.
fn others_said(request: &Request<'_>, sides: &Sides<'_>) -> Result<BTreeSet<String>, ReadError> {
    let mut said = BTreeSet::new();
    if !request.names.have_others() {
        return Ok(said);
    }
    for below in &sides.target {
        if let Some(file) = request.files.file(&sides.target_path(below))? {
            let text = all_said(&file.content);
            said.extend(request.names.others_in(&text).map(str::to_owned));
        }
    }
    Ok(said)
}

/// Decides again, once it is known what the target says for the source's names: what would name the source
/// all the same stays where it is, and so does the entry of a file that does.
pub(super) fn decide_with_names<'r>(
    request: &Request<'r>,
    sides: &mut Sides<'r>,
    mut outcomes: Vec<Outcome>,
) -> Result<Vec<Outcome>, ReadError> {
    if outcomes.iter().all(|outcome| outcome.change.is_none()) {
        return Ok(outcomes);
    }
    sides.names = Some(learn(request, &outcomes));
    sides.said = others_said(request, sides)?;
    sides.held = held(request, sides)?;
    if sides.held.is_empty() && !name_environments(request, &outcomes) {
        return Ok(outcomes);
    }
    let mut coming = coming(request, sides, &outcomes)?;
    // What stays away defines nothing, so that what refers to it has to stay as well.
    loop {
        sides.world.expect(coming.clone());
        sides.held = held(request, sides)?;
        outcomes = sides.decide_again(request, outcomes)?;
        let now = match coming.is_empty() {
            true => BTreeSet::new(),
            false => self::coming(request, sides, &outcomes)?,
        };
        let rest: BTreeSet<String> = coming.intersection(&now).cloned().collect();
        if rest == coming {
            return Ok(outcomes);
        }
        coming = rest;
    }
}

/// The names that come with what is decided, entries' files included, in the target's words.
fn coming<'r>(
    request: &Request<'r>,
    sides: &Sides<'r>,
    outcomes: &[Outcome],
) -> Result<BTreeSet<String>, ReadError> {
    let Some(translation) = sides.translation(request.names) else { return Ok(BTreeSet::new()) };
    let mut outcomes = outcomes.to_vec();
    move_files(request, sides, &mut outcomes)?;
    settle_entries(request, sides, &mut outcomes)?;
    let changes = outcomes.iter().filter_map(|outcome| outcome.change.as_ref());
    let after = changes.filter_map(|it| Some((&it.below, it.after.as_ref()?)));
    let values = after.filter_map(|(below, file)| {
        let form = Form::by_name(sides.target_path(below).as_str());
        form.read(&file.content).filter(|_| form == Form::Yaml)
    });
    Ok(values.flat_map(|value| translation.defined(&value)).collect())
}

/// The files that the target lacks and that have to stay away, below the target's folder. An entry would bring them whether they come by themselves or not.
fn held(request: &Request<'_>, sides: &Sides<'_>) -> Result<BTreeMap<String, Held>, ReadError> {
    let mut held = BTreeMap::new();
    for below in &sides.source {
        let target = sides.counterpart(below);
        if sides.target.contains(target) {
            continue;
        }
        let file = request.files.file(&sides.source_path(below))?;
        let content = file.as_ref().map_or(&[][..], |file| &file.content);
        let why = sides.foreign_file(request.names, below, content);
        held.extend(why.map(|why| (target.to_owned(), why)));
    }
    Ok(held)
}

/// Gives what comes new the target's names, where both environments have one in the same place.
pub(super) fn translate(
    request: &Request<'_>,
    sides: &Sides<'_>,
    outcomes: &mut [Outcome],
) -> Result<(), ReadError> {
    let known = learn(request, outcomes);
    let translation = Translation { names: request.names, known: &known, world: &sides.world };
    for change in outcomes.iter_mut().filter_map(|outcome| outcome.change.as_mut()) {
        let Some(after) = change.after.as_mut() else { continue };
        let before = match sides.target.contains(&change.below) {
            true => request.files.file(&sides.target_path(&change.below))?,
            false => None,
        };
        let before = before.as_ref().map(|file| &*file.content);
        let contents = before.into_iter().chain([&*after.content]);
        let form = Form::of(sides.target_path(&change.below).as_str(), contents);
        if let Some(text) = translation.file(form, &after.content, before) {
            after.content = text.into_bytes().into();
        }
    }
    Ok(())
}

/// Learns by which names the two environments say the same.
fn learn(request: &Request<'_>, outcomes: &[Outcome]) -> Counterparts {
    let mut known = Counterparts::default();
    let names_source = |text: &str| request.names.names_source(text);
    for (source, target) in outcomes.iter().map(|outcome| &outcome.below) {
        known.learn_words(request.names, source, target);
    }
    for difference in outcomes.iter().flat_map(|outcome| &outcome.differences) {
        let last = difference.field.rsplit('.').next().unwrap_or_default();
        let is_name = matches!(last, "namespace" | "namePrefix" | "nameSuffix" | "host");
        let stays = difference.then == Then::Stays;
        let side = match last {
            "namePrefix" => Some(Side::Before),
            "nameSuffix" => Some(Side::Behind),
            _ => None,
        };
        if let (Some(source), Some(side)) = (&difference.source, side)
            && stays
            && names_source(source)
        {
            known.learn_joined(side, source, difference.target.as_deref().unwrap_or_default());
        }
        if let (Some(source), Some(target)) = (&difference.source, &difference.target)
            && !source.contains('\n')
        {
            if stays {
                known.learn_places(source, target);
            }
            // One build of one image is none of another's: `staging-4f2a91c` tells nothing of a new image.
            let is_one_build = |text: &str| text.contains(|c: char| c.is_ascii_digit());
            if is_called_apart(last) && stays && ![source, target].iter().any(|it| is_one_build(it))
            {
                known.learn_apart(last, source, target);
            }
            match difference.because {
                Because::Counterpart => known.learn_name(request.names, source, target),
                _ if is_name && stays => known.learn_place(source, target),
                _ if stays && names_source(source) && !names_source(target) => {
                    known.learn_bare(request.names, source, target);
                }
                _ => {}
            }
        }
    }
    known
}
