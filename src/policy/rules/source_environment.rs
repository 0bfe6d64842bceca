//! Names of the source environment that a promotion would bring into the target: host names,
//! namespaces, clusters, and the paths of secrets.
//!
//! Only values that the promotion changes are looked at, and of them only the piece that is a name is shown; of a Secret's
//! not even that. What names the target as well is meant so, and what a field named before it named without the promotion.

use std::collections::BTreeMap;

use crate::kustomize::{ResourceId, name_without_hash};
use crate::model::{EnvironmentName, is_api_group, text_in_base64};
use crate::policy::article::article;
use crate::policy::change::Words;
use crate::policy::environment_words::EnvironmentWords;
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::{Side, Subject};
use crate::policy::{Level, Manifest};
use crate::yaml::{Mapping, Node, Value};

pub(super) const RULE: Rule = Rule {
    id: "source-environment",
    gate: Gate::Leaks,
    codes: &[SECRET_PATH, HOST, NAMESPACE, OTHER],
    check: Check::Subject(check),
};

const SECRET_PATH: Code = Code::sound("source-secret-path", Level::Error);
const HOST: Code = Code::sound("source-host", Level::Warning);
const NAMESPACE: Code = Code::sound("source-namespace", Level::Warning);
const OTHER: Code = Code::sound("source-name", Level::Warning);

/// Kinds that fetch secrets from elsewhere.
const FETCHERS: [&str; 6] = [
    "ExternalSecret",
    "ClusterExternalSecret",
    "SecretProviderClass",
    "VaultStaticSecret",
    "VaultDynamicSecret",
    "PushSecret",
];

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(promotion) = subject.promotion else { return };
    let (source, target) = (words_of(promotion.source), words_of(promotion.target));
    let (source, target) = (source.without(&target), target.without(&source));
    let before = promotion.target.build.resources.iter();
    let before: BTreeMap<_, _> = before.map(|resource| (&resource.id, &resource.node)).collect();
    for manifest in subject.manifests {
        let then = before.get(&manifest.id).copied();
        if then == Some(manifest.node) {
            continue;
        }
        if manifest.id.gvk.kind == "Secret" {
            check_secret((manifest, then), (&source, &target), promotion.source.name, report);
            continue;
        }
        let known = then.map(scalars).unwrap_or_default();
        visit(manifest.node, &mut String::new(), &mut |field, text| {
            // It is its group's: `things.shop.dev`.
            if field == "metadata.name" && manifest.id.gvk.kind == "CustomResourceDefinition" {
                return;
            }
            let Some(name) = named(&source, field, text).filter(|name| !is_program(name)) else {
                return;
            };
            // What it named before, it does not name by this promotion.
            if known.get(field).is_some_and(|text| named(&source, field, text) == Some(name)) {
                return;
            }
            let is_own = || own_domain(&source, name).is_some_and(|domain| says(&before, domain));
            if target.find(text).is_none() && !is_own() {
                say(manifest, field, name, promotion.source.name.as_str(), report);
            }
        });
    }
}

/// What of a value names the source. How an option of a program is called is the program's: `-dev`, `--dev-mode=x`.
fn named<'t>(source: &EnvironmentWords, field: &str, text: &'t str) -> Option<&'t str> {
    let key = field.rsplit('.').next().unwrap_or(field);
    if is_api_group(key.split_once('[').map_or(key, |(key, _)| key), text) {
        return None;
    }
    if !["args[", "command["].iter().any(|list| field.contains(list)) {
        return source.find(text);
    }
    text.split_whitespace().find_map(|word| match word.strip_prefix('-') {
        Some(option) => option.split_once('=').and_then(|(_, value)| source.find(value)),
        None => source.find(word),
    })
}

/// The domain of a host whose last word alone is one for the source: `shop.dev` of `api.shop.dev`.
fn own_domain<'n>(source: &EnvironmentWords, host: &'n str) -> Option<&'n str> {
    let (rest, _) = host.rsplit_once('.').filter(|_| is_host(host))?;
    let (above, _) = rest.rsplit_once('.')?;
    source.find(rest).is_none().then(|| &host[above.len()..])
}

/// Whether resources have a host in a domain.
fn says(resources: &BTreeMap<&ResourceId, &Node>, domain: &str) -> bool {
    let mut is_said = false;
    for node in resources.values() {
        visit(node, &mut String::new(), &mut |_, text| is_said |= text.contains(domain));
    }
    is_said
}

/// What an environment is called: its name, its folder's, and what its build puts around names.
fn words_of(side: Side<'_>) -> EnvironmentWords {
    let mut words = EnvironmentWords::of(side.name);
    words.learn(side.path.parts().last().unwrap_or_default());
    for resource in &side.build.resources {
        let (now, first) = (resource.id.name.as_str(), resource.original_id.name.as_str());
        if let Some((before, after)) = now.split_once(first).filter(|_| now != first) {
            words.learn(before);
            if name_without_hash(now) == now {
                words.learn(after);
            }
        }
    }
    words
}

fn say(manifest: &Manifest<'_>, field: &str, name: &str, source: &str, report: &mut Report<'_>) {
    let (code, what) = kind_of(manifest, field, name);
    let shown: String = name.chars().take(100).collect();
    let help = "keep the target's own value (`promotion.keep`), or leave the file out (`promotion.exclude`)";
    let words = if what == "the tag" {
        let gets = |verb: &str| format!("{verb} the tag `{shown}`, which belongs to `{source}`");
        Words { one: gets("gets"), many: gets("get"), detail: String::new() }
    } else {
        let names = |verb: &str| match what {
            "the name" => format!("{verb} what belongs to `{source}`"),
            what => {
                let noun = what.strip_prefix("the ").unwrap_or(what);
                format!("{verb} {} {noun} of `{source}`", article(noun))
            }
        };
        Words { one: names("names"), many: names("name"), detail: format!("`{shown}`") }
    };
    report.advise(code, manifest, field, format!("{what} `{shown}` belongs to `{source}`"), help);
    report.in_other_words(words);
}

/// The same for a Secret before and after: what its values are is not shown, and of what they name no more than whose it
/// is.
fn check_secret(
    (manifest, then): (&Manifest<'_>, Option<&Node>),
    (source, target): (&EnvironmentWords, &EnvironmentWords),
    environment: &EnvironmentName,
    report: &mut Report<'_>,
) {
    let known = then.map(values_of_secret).unwrap_or_default();
    let names_source = |text: &String| source.find(text).is_some();
    for (field, text) in values_of_secret(manifest.node) {
        let is_foreign = names_source(&text) && target.find(&text).is_none();
        if is_foreign && !known.get(&field).is_some_and(names_source) {
            say_of_secret(manifest, &field, environment.as_str(), report);
        }
    }
}

fn say_of_secret(manifest: &Manifest<'_>, field: &str, source: &str, report: &mut Report<'_>) {
    let message = format!("a value of this Secret names what belongs to `{source}`");
    let help = "give the target its own value";
    report.advise(OTHER, manifest, field, message, help);
    let has = |verb: &str| format!("{verb} a secret value that names what belongs to `{source}`");
    let (one, many) = (has("has"), has("have"));
    report.in_other_words(Words { one, many, detail: format!("`{field}`") });
}

/// What a Secret's values say, by their fields; of what is in base64 what that stands for.
fn values_of_secret(node: &Node) -> BTreeMap<String, String> {
    let part = |part: &'static str, read: fn(&str) -> Option<String>| {
        let pairs = node.get(part).and_then(Node::as_mapping).into_iter().flat_map(Mapping::iter);
        pairs.filter_map(move |pair| {
            Some((format!("{part}.[{}]", pair.key.text), read(pair.value.text()?)?))
        })
    };
    part("stringData", |text| Some(text.to_owned())).chain(part("data", text_in_base64)).collect()
}

fn kind_of(manifest: &Manifest<'_>, field: &str, name: &str) -> (Code, &'static str) {
    let last = field.rsplit(['.', '[']).next().unwrap_or_default().to_ascii_lowercase();
    if FETCHERS.contains(&manifest.id.gvk.kind.as_str()) && field.starts_with("spec") {
        return (SECRET_PATH, "the secret");
    }
    if last.contains("namespace") {
        return (NAMESPACE, "the namespace");
    }
    if last.contains("cluster") {
        return (OTHER, "the cluster");
    }
    if field.ends_with("image") || last == "tag" || last == "newtag" {
        let is_tag = !name.contains(['/', '.']);
        return (OTHER, if is_tag { "the tag" } else { "the image" });
    }
    if is_host(name) || field.contains("host") {
        return (HOST, "the host");
    }
    (OTHER, "the name")
}

/// Whether a name could be a host's: labels of letters, digits and hyphens, and the last no ending of a file.
fn is_host(name: &str) -> bool {
    const FILES: [&str; 8] = ["conf", "env", "json", "properties", "toml", "txt", "yaml", "yml"];
    let mut labels = name.trim_start_matches("*.").split('.');
    let is_label = |label: &str| label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let ending = labels.clone().next_back().unwrap_or_default();
    name.contains('.') && !FILES.contains(&ending) && labels.all(is_label)
}

/// Whether a name is a script's or a program's: `setup_internal_db.sh` is about a thing inside, not of an
/// environment.
fn is_program(name: &str) -> bool {
    const ENDINGS: [&str; 7] = [".sh", ".py", ".rb", ".pl", ".js", ".ts", ".sql"];
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Every scalar by its field.
fn scalars(node: &Node) -> BTreeMap<String, &str> {
    let mut scalars = BTreeMap::new();
    visit(node, &mut String::new(), &mut |field, text| {
        scalars.insert(field.to_owned(), text);
    });
    scalars
}

fn visit<'n>(node: &'n Node, field: &mut String, see: &mut dyn FnMut(&str, &'n str)) {
    let end = field.len();
    match &node.value {
        Value::Scalar(scalar) => see(field, &scalar.text),
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                field.push_str(&format!("[{index}]"));
                visit(item, field, see);
                field.truncate(end);
            }
        }
        Value::Mapping(mapping) => {
            for pair in mapping.iter() {
                let is_dotted = pair.key.text.contains(['.', '/']);
                if end > 0 {
                    field.push('.');
                }
                match is_dotted {
                    true => field.push_str(&format!("[{}]", pair.key.text)),
                    false => field.push_str(&pair.key.text),
                }
                visit(&pair.value, field, see);
                field.truncate(end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_a_programs_own() {
        let dev = EnvironmentWords::of(&crate::model::EnvironmentName::parse("dev").unwrap());
        let of = |field: &str, text| named(&dev, field, text).map(str::to_owned);
        let args = "spec.template.spec.containers[0].args[2]";
        assert_eq!(of("rules[0].apiGroups[1]", "things.shop.dev"), None);
        assert_eq!(of("spec.group", "orders-dev").as_deref(), Some("orders-dev"));
        assert_eq!(of("spec.host", "api.shop.dev").as_deref(), Some("api.shop.dev"));
        assert_eq!(of(args, "-dev-listen-address=0.0.0.0"), None);
        assert_eq!(of(args, "server -dev --to=db.dev.x").as_deref(), Some("db.dev.x"));
        assert_eq!(of(args, "--namespace dev").as_deref(), Some("dev"));
        assert_eq!(of("spec.nameSuffix", "-dev").as_deref(), Some("-dev"));
    }

    #[test]
    fn the_end_of_a_domain_is_told_from_an_environment_in_it() {
        let dev = EnvironmentWords::of(&crate::model::EnvironmentName::parse("dev").unwrap());
        assert_eq!(own_domain(&dev, "api.shop.dev"), Some(".shop.dev"));
        assert_eq!(own_domain(&dev, "api.dev.shop.dev"), None);
        assert_eq!(own_domain(&dev, "shop.dev"), None);
        assert_eq!(own_domain(&dev, "dev"), None);
    }

    #[test]
    fn hosts_are_told_from_files_and_programs() {
        for host in ["db.staging.internal", "*.staging.shop.io", "staging-db.shop"] {
            assert!(is_host(host) && !is_program(host), "{host}");
        }
        for other in ["values-staging.yaml", "setup_staging_db.x", "staging", "a.x/staging"] {
            assert!(!is_host(other), "{other}");
        }
        assert!(is_program("setup_internal_db.sh") && is_program("/scripts/staging.py"));
    }
}
