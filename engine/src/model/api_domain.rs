//! Domains that APIs of Kubernetes are called after, whose last word is no environment's: `tekton.dev`.

use std::ops::Range;

/// Domains of projects whose APIs, labels and images are called after them, and of services where everybody has hosts
/// (`europe-docker.pkg.dev`), that end in a word that people call an environment by. Of others the place tells it, see
/// [`is_api_group`] and [`is_end_of_api_domain`].
const DOMAINS: [&str; 23] = [
    "agones.dev",
    "cgr.dev",
    "deno.dev",
    "fly.dev",
    "fn.kpt.dev",
    "go.dev",
    "kgateway.dev",
    "knative.dev",
    "konflux-ci.dev",
    "kpt.dev",
    "oam.dev",
    "pages.dev",
    "pepr.dev",
    "pkg.dev",
    "r2.dev",
    "radapp.dev",
    "sigstore.dev",
    "skaffold.dev",
    "spinkube.dev",
    "tekton.dev",
    "uds.dev",
    "workers.dev",
    "zarf.dev",
];

/// Whether a field holds an API's group, alone or with its version, that ends in such a word: `shop.dev/v1`. What else
/// is in a field of this name (a group of consumers, `orders-dev`) may well name an environment.
#[must_use]
pub fn is_api_group(key: &str, text: &str) -> bool {
    let group = text.split_once('/').map_or(text, |(group, _)| group);
    let is_domain = group.rsplit_once('.').is_some_and(|(_, last)| last == "dev");
    is_domain && matches!(key, "apiVersion" | "apiGroup" | "apiGroups" | "group")
}

/// Whether a word of a text is the last of a domain that an API is called after: one of a known project, or one with
/// the version of an API behind it (`shop.dev/v1`).
#[must_use]
pub fn is_end_of_api_domain(text: &str, word: Range<usize>) -> bool {
    let (until, behind) = (&text[..word.end], &text[word.end..]);
    if !text[..word.start].ends_with('.') || behind.starts_with(['.', '-', '_']) {
        return false;
    }
    let in_domain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let has_version = || {
        let version = behind.strip_prefix("/v");
        version.is_some_and(|it| it.starts_with(|c: char| c.is_ascii_digit()))
            && until.chars().all(in_domain)
    };
    let is_known = |domain: &str| {
        let before =
            until.len().checked_sub(domain.len()).and_then(|at| until.split_at_checked(at));
        before.is_some_and(|(before, it)| {
            it.eq_ignore_ascii_case(domain)
                && !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-')
        })
    };
    DOMAINS.iter().any(|domain| is_known(domain)) || has_version()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_a_domain() {
        assert!(is_api_group("apiGroups", "things.shop.dev"));
        assert!(is_api_group("apiVersion", "shop.dev/v1"));
        assert!(!is_api_group("host", "api.shop.dev"));
        assert!(!is_api_group("group", "orders-dev") && !is_api_group("group", "dev"));
    }

    #[test]
    fn a_domain_of_an_api_ends_in_no_environment() {
        let ends = |text: &str| {
            let at = text.rfind("dev").unwrap();
            is_end_of_api_domain(text, at..at + "dev".len())
        };
        for text in [
            "tekton.dev/v1",
            "webhook.serving.knative.dev",
            "gcr.io/knative-releases/knative.dev/serving/cmd/queue",
            "https://knative.dev/docs",
            "asia-south1-docker.pkg.dev/shop/images/web:1",
            "shop.dev/v1beta1",
        ] {
            assert!(ends(text), "{text}");
        }
        for text in [
            "orders.dev",
            "orders.dev:8080/v1",
            "api.shop.dev",
            "https://api.shop.dev/v1",
            "mytekton.dev",
            "tekton.dev.example.com",
            "dev/v1",
        ] {
            assert!(!ends(text), "{text}");
        }
    }
}
