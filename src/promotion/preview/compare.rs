//! Going through the environments that a change may reach.

use std::collections::{BTreeMap, BTreeSet};

use super::super::deployed::Deployed;
use super::super::environment::Environment;
use super::charts::Charts;
use super::look::{Look, Measures, files_alone, look, look_below, of_charts};
use super::reach::{Reaching, may_reach};
use super::value::{Preview, Previewed, Reached, Unrendered};
use crate::deployer::Deployers;
use crate::kustomize::{Build, BuildError};
use crate::model::RepoPath;
use crate::policy::UnknownFiles;

/// Builds what the change may reach, before and after, and compares.
///
/// # Errors
/// [`UnknownFiles`] whose content the caller has to fetch before asking again.
pub fn preview(request: &Previewed<'_>) -> Result<Preview, UnknownFiles> {
    let mut seen = Seen::default();
    let deployed = deployers(request).unwrap_or_else(|UnknownFiles(paths)| {
        seen.unknown.extend(paths);
        Deployed::default()
    });
    let charts = Charts::of(request).unwrap_or_else(|UnknownFiles(paths)| {
        seen.unknown.extend(paths);
        Charts::default()
    });
    let (deployed, charts) = (&deployed, &charts);
    let environments = request.pipeline.environments();
    if environments.len() < MANY {
        seen.all_of(environments, request, (deployed, charts));
    } else {
        // Neither half sees the other, and what is found is told in the order of the environments.
        let (first, second) = environments.split_at(environments.len() / 2);
        let other = std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let mut other = Seen::default();
                other.all_of(second, request, (deployed, charts));
                other
            });
            seen.all_of(first, request, (deployed, charts));
            other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        seen.unknown.extend(other.unknown);
        seen.found.extend(other.found);
        seen.taken.extend(other.taken);
    }
    seen.of_nobody(request, (deployed, charts));
    if seen.unknown.is_empty() { Ok(seen.together()) } else { Err(UnknownFiles(seen.unknown)) }
}

/// From so many environments on a second thread is worth its start.
const MANY: usize = 16;

/// What is seen of environments, one after the other.
#[derive(Default)]
struct Seen {
    found: Vec<Found>,
    unknown: BTreeSet<RepoPath>,
    /// Files of charts that some environment takes.
    taken: BTreeSet<RepoPath>,
}

/// What is found of one environment.
enum Found {
    Reached(Box<Reached>),
    Broken(Box<(Environment, BuildError)>),
    Unrendered(Box<Unrendered>),
}

impl Seen {
    fn all_of(
        &mut self,
        environments: &[Environment],
        request: &Previewed<'_>,
        (deployed, charts): (&Deployed, &Charts),
    ) {
        let mut measures = Measures::default();
        for environment in environments {
            let own = self.one(environment, request, deployed, &mut measures);
            let of_charts = self.charts(environment, request, (deployed, charts));
            for UnknownFiles(paths) in [own, of_charts].into_iter().filter_map(Result::err) {
                self.unknown.extend(paths);
            }
        }
    }

    /// What an environment takes of charts that change.
    fn charts(
        &mut self,
        environment: &Environment,
        request: &Previewed<'_>,
        (deployed, charts): (&Deployed, &Charts),
    ) -> Result<(), UnknownFiles> {
        let Some(mut taken) = charts.taken_by(request, environment, deployed.after())? else {
            return Ok(());
        };
        self.taken.extend(taken.files.iter().cloned());
        let told: BTreeSet<&RepoPath> = self.told_of(environment).collect();
        taken.files.retain(|path| !told.contains(path));
        let found = of_charts(request, environment, taken)?;
        self.found.extend(found.map(|it| Found::Unrendered(Box::new(it))));
        Ok(())
    }

    /// The files of an environment that are told alone already.
    fn told_of(&self, environment: &Environment) -> impl Iterator<Item = &RepoPath> {
        let of_it = |it: &&Unrendered| it.environments.iter().any(|it| it.path == environment.path);
        let unrendered = self.found.iter().filter_map(|found| match found {
            Found::Unrendered(it) => Some(&**it),
            _ => None,
        });
        unrendered.filter(of_it).flat_map(|it| it.files.files()).map(|file| &file.path)
    }

    /// Charts that something here deploys and that none of the environments is known to take.
    fn of_nobody(&mut self, request: &Previewed<'_>, (deployed, charts): (&Deployed, &Charts)) {
        let Some((folders, taken)) = charts.of_nobody(deployed.after(), &self.taken) else {
            return;
        };
        let environments = request.pipeline.environments();
        let Some(environment) = environments.last() else { return };
        match files_alone(request, environment, &taken.files, &[], (taken.why, None)) {
            Ok(alone) => self.found.extend(alone.map(|it| {
                let of_nobody = Unrendered { environments: Vec::new(), charts: folders, ..it };
                Found::Unrendered(Box::new(of_nobody))
            })),
            Err(UnknownFiles(paths)) => self.unknown.extend(paths),
        }
    }

    fn one(
        &mut self,
        environment: &Environment,
        request: &Previewed<'_>,
        deployed: &Deployed,
        measures: &mut Measures,
    ) -> Result<(), UnknownFiles> {
        let variants = deployed.variants(&environment.path);
        let redeployed = variants.iter().any(|variant| variant.before != variant.after);
        let changed = may_reach(request, environment);
        if changed.is_empty()? && !redeployed {
            return Ok(());
        }
        let mut built = None;
        for variant in variants.iter().take(MOST_VARIANTS) {
            match look(request, (environment, &changed), variant, measures) {
                Ok(Look::Rendered { reached, builds }) => {
                    built = built.or(Some(builds));
                    self.found.extend(reached.map(Found::Reached));
                }
                Ok(Look::Unrendered(unrendered)) => {
                    self.found.extend(unrendered.map(Found::Unrendered));
                    break;
                }
                // Whatever is changed on the way to a cluster, it is the folder that cannot be built.
                Ok(Look::Broken(error)) => {
                    self.found.push(Found::Broken(Box::new((environment.clone(), *error))));
                    break;
                }
                Err(UnknownFiles(paths)) => self.unknown.extend(paths),
            }
        }
        match built {
            Some(builds) => self.beside(environment, request, &changed, &builds, measures),
            None => Ok(()),
        }
    }

    /// What changes in an environment's folder and is not read by its own build.
    fn beside(
        &mut self,
        environment: &Environment,
        request: &Previewed<'_>,
        changed: &Reaching,
        builds: &[Build; 2],
        measures: &mut Measures,
    ) -> Result<(), UnknownFiles> {
        let is_read = |path: &RepoPath| builds.iter().any(|it| it.inputs.contains(path));
        let is_unread = |path: &&RepoPath| path.is_within(&environment.path) && !is_read(path);
        let mut unread: BTreeSet<&RepoPath> = changed.files.iter().filter(is_unread).collect();
        match look_below(request, environment, &is_read, &mut unread, measures) {
            Ok(below) => {
                self.found.extend(below.into_iter().map(|it| Found::Reached(Box::new(it))));
            }
            Err(UnknownFiles(paths)) => self.unknown.extend(paths),
        }
        unread.retain(|path| !is_documentation(path));
        let (builds, why) = (builds.each_ref(), UNREAD.to_owned());
        let alone = files_alone(request, environment, unread, &builds, (why, None))?;
        self.found.extend(alone.map(|it| Found::Unrendered(Box::new(it))));
        Ok(())
    }

    /// All of it; what is alike is told once.
    fn together(self) -> Preview {
        let mut preview = Preview::default();
        let mut likeness: BTreeMap<String, usize> = BTreeMap::new();
        for found in self.found {
            match found {
                Found::Reached(reached) => preview.add(*reached, &mut likeness),
                Found::Broken(broken) => preview.broken.push(*broken),
                Found::Unrendered(unrendered) => preview.add_unrendered(*unrendered),
            }
        }
        preview
    }
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
