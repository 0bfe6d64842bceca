//! Names of environments inside values, and what a version is.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::is_end_of_api_domain;

/// The names that tell the two sides apart.
#[derive(Clone, Debug, Default)]
pub struct Names {
    source: Vec<String>,
    target: Vec<String>,
    /// All words of both, whether they tell something apart or not.
    words: Vec<String>,
    /// The names of environments that are neither.
    others: Vec<String>,
    /// Domains in which both have hosts, and whose last word names neither.
    domains: BTreeSet<String>,
}

/// Words that name some environment, or move: a value that has one is no version that is promoted.
const WORDS: &[&str] = &[
    "dev",
    "develop",
    "development",
    "int",
    "integration",
    "test",
    "testing",
    "qa",
    "stage",
    "staging",
    "stg",
    "uat",
    "preprod",
    "preproduction",
    "prod",
    "production",
    "prd",
    "live",
];
/// Words for one environment.
const SYNONYMS: &[&[&str]] = &[
    &["dev", "develop", "development"],
    &["sandbox", "sbox", "sbx"],
    &["test", "testing", "tst"],
    &["stage", "staging", "stg"],
    &["prod", "production", "prd"],
    &["preprod", "preproduction"],
];
/// Those of the words that are said of other things as often.
const COMMON: &[&str] = &["int", "integration", "test", "testing", "live"];
/// Those that domains of the internet end in.
const TOP_LEVEL: &[&str] = &["dev", "live", "qa"];
const FLOATING: &[&str] =
    &["latest", "main", "master", "head", "trunk", "edge", "nightly", "canary", "stable"];

impl Names {
    /// The names of the source's and the target's folder and environment; the longest counts first.
    #[must_use]
    pub fn new<'a>(
        source: impl IntoIterator<Item = &'a str>,
        target: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let ours = with_synonyms(source);
        let theirs = with_synonyms(target);
        // What names both tells nothing apart: `dev` in `east-dev` and `west-dev`.
        let alone = |names: &[String], others: &[String]| -> Vec<String> {
            names.iter().filter(|name| !others.contains(name)).cloned().collect()
        };
        let all = ours.iter().chain(&theirs);
        Self {
            source: alone(&ours, &theirs),
            target: alone(&theirs, &ours),
            words: all.clone().flat_map(|name| words(name)).map(str::to_owned).collect(),
            others: Vec::new(),
            domains: BTreeSet::new(),
        }
    }

    /// The same, where there are other environments too.
    #[must_use]
    pub fn beside<'a>(mut self, others: impl IntoIterator<Item = &'a str>) -> Self {
        let others = with_synonyms(others).into_iter();
        let is_own = |name: &String| words(name).all(|word| self.words.iter().any(|it| it == word));
        self.others = others.filter(|name| !is_own(name)).collect();
        self
    }

    /// The same, where both have hosts in these domains: their last words name nobody.
    #[must_use]
    pub fn with_domains(mut self, domains: BTreeSet<String>) -> Self {
        self.domains = domains;
        self
    }

    /// The names that domains end in as well.
    pub(super) fn top_level_domains(&self) -> impl Iterator<Item = &str> {
        let names = self.source.iter().chain(&self.target).map(String::as_str);
        names.filter(|name| TOP_LEVEL.contains(name))
    }

    /// The first name of the source in a text, as it stands there.
    pub(super) fn source_in<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.ranges(text, &self.source).first().map(|range| &text[range.clone()])
    }

    /// Whether a word in small letters names the target, or another environment; `None` if it names none, or both sides.
    pub(super) fn names_target_alone(&self, word: &str) -> Option<bool> {
        let is_in = |names: &[String]| names.iter().any(|name| name == word);
        if is_in(&self.target) {
            return Some(true);
        }
        let is_usual = WORDS.contains(&word) && !COMMON.contains(&word);
        let is_other = is_in(&self.others) || is_usual && !is_in(&self.words);
        (is_in(&self.source) || is_other).then_some(false)
    }

    /// The names of other environments that a text has.
    pub(super) fn others_in<'n>(&'n self, text: &'n str) -> impl Iterator<Item = &'n str> {
        let others = self.others.iter().filter(|name| !self.occurrences(text, name).is_empty());
        others.map(String::as_str)
    }

    /// Whether there are other environments.
    pub(super) const fn have_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// The words of a path that name an environment which is neither, whether there is such a one or not.
    pub(super) fn others_in_path(&self, path: &str) -> BTreeSet<String> {
        let plain = |word: &str| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_lowercase();
        let named = |word: &String| {
            WORDS.contains(&word.as_str())
                && !COMMON.contains(&word.as_str())
                && !self.words.contains(word)
        };
        let known = self.others_in(path).map(str::to_owned);
        let local = self.local_in(path).map(str::to_owned);
        words(path).map(plain).filter(named).chain(known).chain(local).collect()
    }

    /// The word in a path that keeps it to somebody's own machine, if neither side is called so: `base-local`, but not
    /// `local-path-provisioner`.
    pub(super) fn local_in(&self, path: &str) -> Option<&'static str> {
        const LOCAL: &str = "local";
        let is_local = |part: &str| {
            part.strip_suffix(LOCAL).is_some_and(|it| it.is_empty() || it.ends_with('-'))
        };
        let is_own = self.words.iter().any(|word| word == LOCAL);
        (!is_own && path.to_lowercase().split('/').any(is_local)).then_some(LOCAL)
    }

    /// A text of the source's with its environment's names taken out.
    pub(super) fn neutral_source(&self, text: &str) -> String {
        self.neutral(text, &self.source)
    }

    /// A text of the target's with its environment's names taken out.
    pub(super) fn neutral_target(&self, text: &str) -> String {
        self.neutral(text, &self.target)
    }

    /// Whether both say the same, each in its own environment's name.
    pub(super) fn are_counterparts(&self, source: &str, target: &str) -> bool {
        self.neutral_source(source) == self.neutral_target(target)
    }

    /// Whether a text has a word that names the source or the target, or any environment, or floats.
    pub(super) fn is_bound(&self, text: &str) -> bool {
        let ours = self.source.iter().chain(&self.target);
        // `main-4f2a91c` is one build of a branch, whatever moves on it.
        let is_build = words(text).any(is_commit);
        ours.into_iter().any(|name| !self.occurrences(text, name).is_empty())
            || words(text).any(|word| {
                let word = word.trim_end_matches(|c: char| c.is_ascii_digit()).to_lowercase();
                WORDS.contains(&word.as_str())
            })
            || !is_build && floats(text)
    }

    /// What the target says for each name of the source's, from two texts that are counterparts.
    pub(super) fn words_for<'t>(
        &self,
        source: &'t str,
        target: &'t str,
    ) -> Vec<(&'t str, &'t str)> {
        let words = |text: &'t str, names: &[String]| -> Vec<&'t str> {
            self.ranges(text, names).into_iter().map(|range| &text[range]).collect()
        };
        let (ours, theirs) = (words(source, &self.source), words(target, &self.target));
        if ours.len() == theirs.len() { ours.into_iter().zip(theirs).collect() } else { Vec::new() }
    }

    /// A text in which `word` stands for each name of the source's; `None` if one has no such word.
    pub(super) fn renamed<'w>(
        &self,
        text: &str,
        word: impl Fn(&str) -> Option<&'w str>,
    ) -> Option<String> {
        let (mut out, mut from) = (String::new(), 0);
        for range in self.ranges(text, &self.source) {
            out.push_str(&text[from..range.start]);
            from = range.end;
            out.push_str(word(&text[range])?);
        }
        out.push_str(&text[from..]);
        Some(out)
    }

    /// A text without the names of the source, each with what joins it to the rest.
    pub(super) fn without_source(&self, text: &str) -> String {
        let joins = |byte: Option<&u8>| byte.is_some_and(|it| b"-._/".contains(it));
        let (bytes, mut out, mut from) = (text.as_bytes(), String::new(), 0);
        for Range { start, end } in self.ranges(text, &self.source) {
            let behind = joins(bytes.get(end));
            let before = !behind && start > from && joins(bytes.get(start - 1));
            out.push_str(&text[from..start - usize::from(before)]);
            from = end + usize::from(behind);
        }
        out.push_str(&text[from..]);
        out
    }

    /// Whether a text has a word that names the source.
    pub(super) fn names_source(&self, text: &str) -> bool {
        self.source.iter().any(|name| !self.occurrences(text, name).is_empty())
    }

    fn neutral(&self, text: &str, names: &[String]) -> String {
        let (mut out, lower) = (text.to_owned(), text.to_ascii_lowercase());
        for name in names.iter().filter(|name| is_in(&lower, name)) {
            for at in self.occurrences(&out, name).into_iter().rev() {
                out.replace_range(at..at + name.len(), "\u{0}");
            }
        }
        out
    }

    /// Where names stand in a text, in its order; where several do, the first of the list, which is the longest.
    fn ranges(&self, text: &str, names: &[String]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for name in names {
            for at in self.occurrences(text, name) {
                let range = at..at + name.len();
                if found.iter().all(|it| range.end <= it.start || range.start >= it.end) {
                    found.push(range);
                }
            }
        }
        found.sort_by_key(|range| range.start);
        found
    }

    /// Where `name` stands in `text` as words of its own, whatever the case, and not as the end of an API's domain, or of
    /// one that both have hosts in.
    fn occurrences(&self, text: &str, name: &str) -> Vec<usize> {
        let lower = text.to_ascii_lowercase();
        if !is_in(&lower, name) {
            return Vec::new();
        }
        let is_alone = |at: usize| {
            let before = text[..at].chars().next_back();
            let after = text[at + name.len()..].chars().next();
            ![before, after].into_iter().flatten().any(char::is_alphanumeric)
        };
        let is_end_of_domain = |at: usize| {
            let end = at + name.len();
            is_end_of_api_domain(text, at..end) || self.is_end_of_shared_domain(&lower, at..end)
        };
        let is_name = |at: &usize| is_alone(*at) && !is_end_of_domain(*at);
        lower.match_indices(name).map(|(at, _)| at).filter(is_name).collect()
    }

    /// Whether a word of a text in small letters is the last of a domain that both have hosts in.
    fn is_end_of_shared_domain(&self, lower: &str, word: Range<usize>) -> bool {
        let Some(label) = lower[..word.start].strip_suffix('.') else { return false };
        !self.domains.is_empty()
            && is_end_of_host(lower, word.end)
            && self.domains.contains(&lower[begin_of_label(lower, label.len())..word.end])
    }
}

/// Names in small letters, with all words for the environments that they name; the longest first.
fn with_synonyms<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let names = names.into_iter().filter(|name| name.len() > 1);
    let mut names: Vec<String> = names.map(str::to_lowercase).collect();
    let others = names
        .iter()
        .flat_map(|name| words(name))
        .filter_map(|word| SYNONYMS.iter().find(|synonyms| synonyms.contains(&word)));
    let others: Vec<String> = others.flat_map(|it| it.iter()).map(|it| (*it).to_owned()).collect();
    names.extend(others);
    names.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    names.dedup();
    names
}

/// Whether a word is a commit, in full or abbreviated.
fn is_commit(word: &str) -> bool {
    (7..=40).contains(&word.len())
        && word.chars().all(|c| c.is_ascii_hexdigit())
        && word.contains(|c: char| c.is_ascii_digit())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a text in small letters has a name somewhere: most have none, which is seen before a searcher is made.
fn is_in(lower: &str, name: &str) -> bool {
    memchr::memmem::find(lower.as_bytes(), name.as_bytes()).is_some()
}

/// Where the label begins that ends at a place.
pub(super) fn begin_of_label(text: &str, end: usize) -> usize {
    let is_label = |c: char| c.is_alphanumeric() || c == '-';
    text[..end].trim_end_matches(is_label).len()
}

/// Whether a host can end at a place.
pub(super) fn is_end_of_host(text: &str, end: usize) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let behind = text[end..].strip_prefix('.').unwrap_or(&text[end..]);
    !behind.starts_with(goes_on)
}

/// Splits `repository:tag`, `repository@digest` and `address?ref=commit` into what stays and the version.
pub(super) fn split_version(text: &str) -> Option<(&str, &str)> {
    if let Some((address, query)) = text.split_once('?') {
        let version = query
            .split('&')
            .find_map(|part| part.strip_prefix("ref=").or_else(|| part.strip_prefix("version=")))?;
        return Some((address, version));
    }
    if text.contains(char::is_whitespace) {
        return None;
    }
    if let Some((name, digest)) = text.split_once('@') {
        return digest
            .contains(':')
            .then_some((name.split_once(':').map_or(name, |it| it.0), digest));
    }
    let (name, tag) = text.rsplit_once(':')?;
    let tag_like = !tag.is_empty() && !tag.contains('/');
    (tag_like && !name.is_empty() && !name.ends_with(['/', ':'])).then_some((name, tag))
}

/// Whether a version counts releases: `1.2`, `v1.2.3-rc1`.
fn counts_releases(version: &str) -> bool {
    let version = version.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '-');
    let mut parts = version.split('.');
    let begins_with_digit =
        |part: Option<&str>| part.is_some_and(|it| it.starts_with(|c: char| c.is_ascii_digit()));
    begins_with_digit(parts.next()) && begins_with_digit(parts.next())
}

/// Whether a version is a build on the way to a release: `1.2.3-4f2a91c`.
pub(super) fn is_build_of_release(version: &str) -> bool {
    counts_releases(version) && words(version).any(is_commit)
}

/// The words by which a version says that its release is still to come.
const BEFORE_RELEASE: &[&str] =
    &["alpha", "beta", "rc", "pre", "preview", "prerelease", "dev", "snapshot", "milestone"];

/// Whether a version is one before its release: `1.2.3-rc.1`, `v2.0.0-SNAPSHOT`, `3.1-beta2`.
pub(super) fn is_pre_release(version: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_matches(|c: char| c.is_ascii_digit()).to_lowercase();
        BEFORE_RELEASE.contains(&word.as_str())
    };
    counts_releases(version) && words(version).any(is_word)
}

/// Whether a version is a release and no build: `1.2.3`, `v1.2.3-rc1`.
pub(super) fn is_release(version: &str) -> bool {
    counts_releases(version) && !words(version).any(is_commit)
}

/// Whether two versions are both releases, both builds of commits, or neither.
pub(super) fn are_of_one_kind(a: &str, b: &str) -> bool {
    let has_commit = |version: &str| words(version).any(is_commit);
    counts_releases(a) == counts_releases(b) && has_commit(a) == has_commit(b)
}

/// Whether a version moves from one commit to another, by one of its words: `latest`, `main`.
pub(super) fn floats(version: &str) -> bool {
    words(version).any(|word| FLOATING.contains(&word.to_lowercase().as_str()))
}

/// Whether a version that moves says of what it does, in a word that another has not: `pr-latest` beside `latest`.
pub(super) fn is_of_more(version: &str, other: &str) -> bool {
    let other: Vec<String> = words(other).map(str::to_lowercase).collect();
    let new = |word: &String| !FLOATING.contains(&word.as_str()) && !other.contains(word);
    words(version).map(str::to_lowercase).any(|word| new(&word))
}

/// Whether two versions are cut in the same way: where one names a branch that moves (`main-4f2a91c`), both have the
/// same words. `release-bad5624b` and `main-4f2a91c-approved` are another way than that.
pub(super) fn are_cut_alike(a: &str, b: &str) -> bool {
    let has_one_way = words_of_version(a) == words_of_version(b);
    are_of_one_kind(a, b) && (has_one_way || !floats(a) && !floats(b))
}

/// Whether two versions are builds of commits and say the same beside them.
pub(super) fn are_of_one_line(a: &str, b: &str) -> bool {
    [a, b].into_iter().all(|version| words(version).any(is_commit))
        && words_of_version(a) == words_of_version(b)
}

/// What a version says beside numbers and commits.
fn words_of_version(version: &str) -> Vec<String> {
    let told = |word: &&str| !is_commit(word) && word.chars().any(char::is_alphabetic);
    words(version).filter(told).map(str::to_lowercase).collect()
}

/// Whether a key holds what is followed in a repository of git: a branch, a tag, a commit.
pub(super) fn holds_revision(key: &str) -> bool {
    matches!(key, "branch" | "targetBranch" | "ref" | "targetRevision" | "revision")
}

/// Whether what a key holds is called after an environment for reasons of its own: a branch, an image's tag. That the
/// environment is called so tells nothing of them.
pub(super) fn is_called_apart(key: &str) -> bool {
    holds_revision(key) || holds_version(&[key])
}

/// Whether a revision is a branch that somebody works on: no version, no commit, and not what is followed for good.
pub(super) fn is_working_branch(revision: &str) -> bool {
    let name = revision.strip_prefix("refs/heads/").unwrap_or(revision);
    let last = name.rsplit('/').next().unwrap_or(name);
    let is_version = || counts_releases(last) || words(name).any(is_commit);
    let is_word =
        || name.starts_with(char::is_alphabetic) && !last.contains(|c: char| c.is_ascii_digit());
    !FLOATING.contains(&name.to_lowercase().as_str())
        && !name.contains(char::is_whitespace)
        && !is_version()
        && (name != revision || name.contains('/') || is_word())
}

/// Whether a field of this name holds a version.
pub(super) fn holds_version(keys: &[&str]) -> bool {
    let Some(last) = keys.last() else { return false };
    let above = keys.len().checked_sub(2).map_or("", |at| keys[at]);
    match *last {
        "newTag" | "digest" | "tag" | "imageTag" | "image_tag" | "targetRevision"
        | "appVersion" => true,
        "ref" => above != "valueFrom",
        "version" => {
            keys.iter().any(|key| {
                matches!(*key, "helmCharts" | "charts" | "chart" | "dependencies" | "spec")
            }) && !matches!(above, "metadata" | "labels" | "annotations" | "matchLabels")
        }
        name => is_variable_of_version(name),
    }
}

/// Whether a variable's name says that it holds a version, as those do that Flux and charts put in:
/// `CERT_MANAGER_VERSION`, `IMAGE_TAG`.
fn is_variable_of_version(name: &str) -> bool {
    let is_variable =
        |name: &str| name.chars().all(|c| c == '_' || c.is_ascii_uppercase() || c.is_ascii_digit());
    is_variable(name) && ["_VERSION", "_TAG"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pre_release_says_that_its_release_is_to_come() {
        for before in ["1.117.0-rc.2", "v2.0.0-SNAPSHOT", "3.1-beta2", "release-1.2.0-alpha"] {
            assert!(is_pre_release(before), "{before}");
        }
        for other in ["1.117.0", "1.25.3-alpine", "2.4.1-jre17", "beta", "4f2a91c-rc"] {
            assert!(!is_pre_release(other), "{other}");
        }
    }

    #[test]
    fn variables_that_hold_a_version_are_called_so() {
        let of = |key| holds_version(&["spec", "postBuild", "substitute", key]);
        assert!(of("CERT_MANAGER_VERSION") && of("IMAGE_TAG") && !of("EXTERNAL_SECRETS"));
        assert!(!of("apiVersion") && !of("minTlsVersion") && !of("TAGS"));
    }

    #[test]
    fn an_environment_is_said_in_several_words() {
        let names = Names::new(["sbox"], ["test"]);
        assert!(names.are_counterparts("shop.sandbox.example", "shop.test.example"));
        assert!(names.names_source("shop.sandbox.example") && !names.names_source("sandboxed"));
    }

    #[test]
    fn names_are_words_and_no_parts_of_words() {
        let names = Names::new(["staging"], ["production", "prod"]);
        assert!(names.are_counterparts("shop-staging.example", "shop-production.example"));
        assert!(names.are_counterparts("a-staging", "a-prod"));
        assert!(!names.are_counterparts("a-stagings", "a-productions"));
        assert!(
            names.is_bound("1.2-staging") && names.is_bound("main-abc") && names.is_bound("qa2")
        );
        assert!(!names.is_bound("1.29.0") && !names.is_bound("sha-4f2a91c"));
        assert!(!names.is_bound("main-4f2a91c") && names.is_bound("staging-4f2a91c"));
    }

    #[test]
    fn what_names_both_tells_nothing_apart() {
        let names = Names::new(["east-dev"], ["west-dev"]);
        assert!(names.names_source("nats.east-dev.svc") && !names.names_source("dev"));
        assert_eq!(names.words_for("a.east-dev/x", "a.west-dev/x"), [("east-dev", "west-dev")]);
    }

    #[test]
    fn other_environments_are_those_that_are_neither() {
        let names = Names::new(["dev"], ["prod-eu"]).beside(["development", "staging", "prod-us"]);
        let others = |text| names.others_in(text).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(others("api.stg.example.com"), ["stg"]);
        assert_eq!(others("shop-prod-us"), ["prod-us"]);
        assert!(others("production, development, prod-eu, backstages").is_empty());
        let of_path = |path| names.others_in_path(path).into_iter().collect::<Vec<_>>();
        assert_eq!(of_path("apps/shop-qa2/values.yaml"), ["qa"]);
        assert!(of_path("integration/connection-test-prod.yaml").is_empty());
    }

    #[test]
    fn a_name_is_replaced_or_taken_out_with_what_joins_it() {
        let names = Names::new(["staging"], ["production"]);
        let renamed = |text| names.renamed(text, |_| Some("production"));
        assert_eq!(renamed("env/staging").as_deref(), Some("env/production"));
        assert_eq!(names.renamed("env/staging", |_| None), None);
        for (text, bare) in [
            ("staging-shop", "shop"),
            ("shop-staging", "shop"),
            ("api.staging.shop.io", "api.shop.io"),
            ("staging", ""),
            ("stagings", "stagings"),
        ] {
            assert_eq!(names.without_source(text), bare, "{text}");
        }
    }

    #[test]
    fn releases_are_told_from_builds() {
        assert!(["1.2", "v1.2.3-rc1", "chart-0.4.1"].into_iter().all(counts_releases));
        assert!(!["4f2a91c", "sha-4f2a91c", "20240519", "v7"].into_iter().any(counts_releases));
        assert!(is_build_of_release("1.114.4-6f9737a") && !is_build_of_release("1.114.4-rc.1"));
        assert!(is_release("1.114.4-rc.1") && !is_release("4f2a91c"));
    }

    #[test]
    fn a_branch_that_somebody_works_on_is_no_version() {
        for branch in ["feature/x", "rework/folder-structure", "refs/heads/fix-1", "develop", "fix"]
        {
            assert!(is_working_branch(branch), "{branch}");
        }
        for other in [
            "main",
            "refs/heads/main",
            "HEAD",
            "v1.2.3",
            "release/1.2",
            "4f2a91c",
            "*",
            "~1.2",
            "v7",
        ] {
            assert!(!is_working_branch(other), "{other}");
        }
    }

    #[test]
    fn versions_stand_behind_what_they_are_of() {
        assert_eq!(split_version("r.io:5000/shop:1.2"), Some(("r.io:5000/shop", "1.2")));
        assert_eq!(split_version("r.io/shop@sha256:ab"), Some(("r.io/shop", "sha256:ab")));
        assert_eq!(
            split_version("https://g.io/o/r//d?timeout=9&ref=v1"),
            Some(("https://g.io/o/r//d", "v1"))
        );
        for none in ["http://x/y", "shop", "r.io:5000/shop", "a: b", "x:"] {
            assert_eq!(split_version(none), None, "{none}");
        }
        assert!(holds_version(&["images", "newTag"]) && holds_version(&["helmCharts", "version"]));
        assert!(!holds_version(&["metadata", "labels", "version"]));
    }
}
