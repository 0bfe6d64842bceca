//! Domains that both environments have hosts in and that end in a word for one of them: `shop.dev`, where
//! `api.dev.shop.dev` is of `dev` and `api.shop.dev` is nobody's by its name.

use std::collections::BTreeSet;

use super::encoded::all_said;
use super::names::{Names, begin_of_label, is_end_of_host};
use super::request::Folders;
use crate::model::{Files, ReadError, RepoPath};

/// What is known of such domains.
#[derive(Debug, Default)]
pub struct SharedDomains {
    /// In small letters.
    pub domains: BTreeSet<String>,
    /// The files whose content it takes and that are not here.
    pub lacking: BTreeSet<RepoPath>,
}

/// Looks for the domains that files of both folders have hosts in.
///
/// # Errors
/// [`ReadError`] if a file cannot be read.
pub fn shared_domains(
    files: &dyn Files,
    folders: Folders<'_>,
    names: &Names,
) -> Result<SharedDomains, ReadError> {
    let endings: Vec<String> = names.top_level_domains().map(|word| format!(".{word}")).collect();
    let mut shared = SharedDomains::default();
    if endings.is_empty() {
        return Ok(shared);
    }
    let endings: Vec<&str> = endings.iter().map(String::as_str).collect();
    let mut of_folder = |folder: &RepoPath| -> Result<BTreeSet<String>, ReadError> {
        let holding = files.holding(&files.list(folder)?, &endings);
        shared.lacking.extend(holding.unknown);
        let mut found = BTreeSet::new();
        for path in holding.found {
            if let Some(file) = files.file(&path)? {
                let said = all_said(&file.content).to_ascii_lowercase();
                found.extend(endings.iter().flat_map(|ending| domains_in(&said, ending)));
            }
        }
        Ok(found)
    };
    let (ours, theirs) = (of_folder(folders.source)?, of_folder(folders.target)?);
    shared.domains = ours.intersection(&theirs).cloned().collect();
    Ok(shared)
}

/// The domains of hosts in a text, of those with this ending. A service in a namespace (`http://api.dev:80`) is no host
/// in a domain.
fn domains_in<'t>(said: &'t str, ending: &'t str) -> impl Iterator<Item = String> + 't {
    said.match_indices(ending).filter_map(|(at, _)| {
        let end = at + ending.len();
        let begin = begin_of_label(said, at);
        let is_domain = begin < at && said[..begin].ends_with('.') && is_end_of_host(said, end);
        is_domain.then(|| said[begin..end].to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_what_hosts_stand_in() {
        let said = "https://api.dev.shop.dev/x, *.shop.dev: app.other.dev. http://api.dev:80 \
                    a.b.dev.c d.e.dev-f shop.development";
        let found: BTreeSet<String> = domains_in(said, ".dev").collect();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["other.dev", "shop.dev"]);
    }
}
