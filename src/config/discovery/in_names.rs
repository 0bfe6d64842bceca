//! Applications in the names of environments that are files: `cart-staging.yaml` beside `pay-staging.yaml`.

use std::collections::BTreeSet;
use std::ops::Range;

use super::files::{Named, is_held, words};
use super::name::is_region;
use super::siblings::Siblings;
use crate::config::pattern::{APPLICATION, PathPattern};
use crate::model::RepoPath;

/// Environments with their names in place of their files'. Where all files are called after what they are for as well,
/// that is the application, and other folders of such files have more of them; a lone one is none.
pub(super) fn name_environments(
    patterns: Vec<(String, PathPattern)>,
    siblings: &[Siblings],
) -> Vec<(String, PathPattern)> {
    let with_folder = patterns.iter().any(|(_, pattern)| pattern.has_application());
    let is_of_things = patterns
        .iter()
        .any(|(file, _)| Named::read(file).is_some_and(|it| !it.like.is_of_no_thing()));
    let parted = patterns.iter().map(|(file, _)| InName::read(file)).collect::<Option<Vec<_>>>();
    let Some(parted) = parted.filter(|_| is_of_things && !with_folder) else {
        let name = |(file, pattern): (String, PathPattern)| {
            (Named::read(&file).map_or(file, |it| it.environment), pattern)
        };
        return patterns.into_iter().map(name).collect();
    };
    let environments: Vec<String> = parted.iter().map(|it| it.environment.clone()).collect();
    let things: BTreeSet<&str> =
        parted.iter().zip(&patterns).map(|(it, (file, _))| &file[it.application.clone()]).collect();
    if things.len() < 2 {
        let patterns = patterns.into_iter().map(|(_, pattern)| pattern);
        return environments.into_iter().zip(patterns).collect();
    }
    let is_known = |it: &InName| environments.contains(&it.environment);
    let folders = siblings.iter().filter_map(|it| {
        let members = it.members.iter().map(|(file, _)| {
            let read = InName::read(file).filter(is_known)?;
            Some((read.environment.clone(), read.pattern(&it.parent, file)?))
        });
        members.collect::<Option<Vec<_>>>()
    });
    folders.flatten().collect()
}

/// An application in the name of an environment's file.
struct InName {
    environment: String,
    /// Where in the name it is.
    application: Range<usize>,
}

impl InName {
    fn read(file: &str) -> Option<Self> {
        let Named { like, .. } = Named::read(file)?;
        let naming: Vec<Range<usize>> =
            words(file).filter(|it| !is_held(&file[it.clone()])).collect();
        let is_place = |it: &Range<usize>| is_region(&file[it.clone()].to_ascii_lowercase());
        let (before, behind) = (&naming[..like.at.start], &naming[like.at.end..]);
        let is_of_places = |side: &[Range<usize>]| side.iter().all(is_place);
        // `ui` and `db` could be places; beside nothing else they are what the others of their family are.
        let of_application = match (before, behind) {
            ([_, ..], []) => 0..like.at.start,
            ([], [_, ..]) => like.at.end..naming.len(),
            _ if is_of_places(behind) && !is_of_places(before) => 0..like.at.start,
            _ if is_of_places(before) && !is_of_places(behind) => like.at.end..naming.len(),
            _ => return None,
        };
        let own = &naming[of_application.clone()];
        let application = own.first()?.start..own.last()?.end;
        // Nothing that says what the file holds is within it.
        let is_within =
            |it: &Range<usize>| application.start <= it.start && it.end <= application.end;
        if words(file).filter(is_within).count() > own.len() {
            return None;
        }
        let is_own = |index: &usize| of_application.contains(index);
        let rest = naming.iter().enumerate().filter(|(index, _)| !is_own(index));
        let rest: Vec<&str> = rest.map(|(_, it)| &file[it.clone()]).collect();
        Some(Self { environment: rest.join("-"), application })
    }

    /// The pattern of the files that are called so, in a folder.
    fn pattern(&self, folder: &RepoPath, file: &str) -> Option<PathPattern> {
        let mut name = file.to_owned();
        name.replace_range(self.application.clone(), APPLICATION);
        let parts = folder.parts().chain([name.as_str()]);
        PathPattern::parse(&parts.collect::<Vec<_>>().join("/")).ok()
    }
}
