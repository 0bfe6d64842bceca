//! Going through the environments that a change may reach.

use std::collections::{BTreeMap, BTreeSet};

use super::super::deployed::Deployed;
use super::look::{Look, Measures, files_alone, look, look_below};
use super::reach::may_reach;
use super::value::{Preview, Previewed};
use crate::deployer::Deployers;
use crate::model::RepoPath;
use crate::policy::UnknownFiles;

/// Builds what the change may reach, before and after, and compares.
///
/// # Errors
/// [`UnknownFiles`] whose content the caller has to fetch before asking again.
pub fn preview(request: &Previewed<'_>) -> Result<Preview, UnknownFiles> {
    let mut preview = Preview::default();
    let mut likeness: BTreeMap<String, usize> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    let mut measures = Measures::default();
    let deployed = match deployers(request) {
        Ok(deployed) => deployed,
        Err(UnknownFiles(paths)) => {
            unknown.extend(paths);
            Deployed::default()
        }
    };
    for environment in request.pipeline.environments() {
        let variants = deployed.variants(&environment.path);
        let redeployed = variants.iter().any(|variant| variant.before != variant.after);
        let changed = may_reach(request, environment);
        match changed.is_empty() {
            Ok(true) if !redeployed => continue,
            Ok(_) => {}
            Err(UnknownFiles(paths)) => {
                unknown.extend(paths);
                continue;
            }
        }
        let mut built = None;
        for variant in variants.iter().take(MOST_VARIANTS) {
            match look(request, (environment, &changed), variant, &mut measures) {
                Ok(Look::Rendered { reached, builds }) => {
                    built = built.or(Some(builds));
                    reached.into_iter().for_each(|it| preview.add(*it, &mut likeness));
                }
                Ok(Look::Unrendered(unrendered)) => {
                    unrendered.into_iter().for_each(|it| preview.add_unrendered(*it));
                    break;
                }
                // Whatever is changed on the way to a cluster, it is the folder that cannot be built.
                Ok(Look::Broken(error)) => {
                    preview.broken.push((environment.clone(), *error));
                    break;
                }
                Err(UnknownFiles(paths)) => unknown.extend(paths),
            }
        }
        if let Some(builds) = built {
            let builds = builds.each_ref();
            let is_read = |path: &RepoPath| builds.iter().any(|it| it.inputs.contains(path));
            let is_unread = |path: &&RepoPath| path.is_within(&environment.path) && !is_read(path);
            let mut unread: BTreeSet<&RepoPath> = changed.files.iter().filter(is_unread).collect();
            match look_below(request, environment, &is_read, &mut unread, &mut measures) {
                Ok(below) => below.into_iter().for_each(|it| preview.add(it, &mut likeness)),
                Err(UnknownFiles(paths)) => unknown.extend(paths),
            }
            unread.retain(|path| !is_documentation(path));
            match files_alone(request, environment, unread, &builds, UNREAD.to_owned()) {
                Ok(alone) => alone.into_iter().for_each(|it| preview.add_unrendered(it)),
                Err(UnknownFiles(paths)) => unknown.extend(paths),
            }
        }
    }
    if unknown.is_empty() { Ok(preview) } else { Err(UnknownFiles(unknown)) }
}

/// Why files of a rendered environment are shown alone.
const UNREAD: &str = "what is built does not read this; a chart or something outside may";

/// Whether a file of an environment's folder is for people alone.
fn is_documentation(path: &RepoPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["md", "adoc", "rst", "txt", "png", "svg", "jpg"].contains(&ending)
        || ["license", "owners", "codeowners", "readme", ".gitignore", ".gitkeep"].contains(&&*name)
}

/// At most so many groups of clusters of one environment are looked at.
const MOST_VARIANTS: usize = 12;

/// What deploys the environments, before and after.
fn deployers(request: &Previewed<'_>) -> Result<Deployed, UnknownFiles> {
    let sides = [request.before, request.after].map(Deployers::read);
    match sides {
        [Ok(before), Ok(after)] => Ok(Deployed::both(before, after)),
        sides => Err(UnknownFiles(sides.into_iter().filter_map(Result::err).flatten().collect())),
    }
}
