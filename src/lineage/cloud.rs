//! What is there once and values are bound to, such as accounts of a cloud and what is in them: staging's disk is none
//! for production.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// What a cloud bills by, something in it that is there once, or a network of somebody's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CloudObject {
    /// What it is.
    pub kind: CloudKind,
    /// Its number, its id, its host or its range of addresses.
    pub name: String,
}

/// A kind of object in a cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CloudKind {
    /// An account of AWS.
    Aws,
    /// A subscription of Azure.
    Azure,
    /// A project of Google Cloud.
    Google,
    /// A disk, a network or the like of AWS, by what its ids begin with.
    WithId(&'static str),
    /// A registry of images, by a part of its host.
    Registry(&'static str),
    /// A database, a vault, a store, by a part of its host.
    Endpoint(&'static str),
    /// A part of the address ranges that everybody has.
    PrivateNetwork,
}

impl CloudKind {
    /// The part of a host that tells that somebody made it.
    const fn part_of_host(self) -> Option<&'static str> {
        match self {
            Self::Registry(part) | Self::Endpoint(part) => Some(part),
            _ => None,
        }
    }
}

/// Texts of which a file has one that names something of a cloud.
pub(super) fn marks() -> Vec<&'static str> {
    let hosts = HOSTS.into_iter().filter_map(CloudKind::part_of_host);
    let networks = PRIVATE_RANGES.into_iter().map(|(begins, _)| begins);
    let others = [ARN, SUBSCRIPTIONS, SERVICE_ACCOUNTS].into_iter().chain(ID_PREFIXES);
    others.chain(hosts).chain(networks).collect()
}

/// What ids of AWS begin with that name something which is there once: addresses, network interfaces, file systems and
/// their access points, security groups, subnets, disks, networks and their end points. Images (`ami-`) and copies of
/// disks (`snap-`) are versions, which are promoted.
const ID_PREFIXES: [&str; 9] =
    ["eipalloc-", "eni-", "fs-", "fsap-", "sg-", "subnet-", "vol-", "vpc-", "vpce-"];

/// What the hosts have that somebody made in Azure or AWS, and the kind of each. Azure's registries and storage accounts
/// have names without a hyphen, so that an environment's name in one is no word of its own (`shopprod.azurecr.io`).
///
/// Source: *Naming rules and restrictions for Azure resources*, *Azure Private Endpoint private DNS zone values*;
/// endpoints in the guides of Amazon ECR, RDS, `ElastiCache`, `DocumentDB` and `OpenSearch`.
const HOSTS: [CloudKind; 17] = [
    CloudKind::Registry(".azurecr.io"),
    CloudKind::Registry(".dkr.ecr."),
    CloudKind::Endpoint(".azconfig.io"),
    CloudKind::Endpoint(".cache.amazonaws.com"),
    CloudKind::Endpoint(".cognitiveservices.azure.com"),
    CloudKind::Endpoint(".core.windows.net"),
    CloudKind::Endpoint(".database.azure.com"),
    CloudKind::Endpoint(".database.windows.net"),
    CloudKind::Endpoint(".docdb.amazonaws.com"),
    CloudKind::Endpoint(".documents.azure.com"),
    CloudKind::Endpoint(".es.amazonaws.com"),
    CloudKind::Endpoint(".openai.azure.com"),
    CloudKind::Endpoint(".rds.amazonaws.com"),
    CloudKind::Endpoint(".redis.cache.windows.net"),
    CloudKind::Endpoint(".search.windows.net"),
    CloudKind::Endpoint(".servicebus.windows.net"),
    CloudKind::Endpoint(".vault.azure.net"),
];

/// How addresses begin that each network may use for itself, and how many bits of them are fixed.
///
/// Source: RFC 1918, RFC 6598.
const PRIVATE_RANGES: [(&str, u32); 4] = [("10.", 8), ("172.", 12), ("192.168.", 16), ("100.", 10)];

const ARN: &str = "arn:aws";
const SUBSCRIPTIONS: &str = "/subscriptions/";
const SERVICE_ACCOUNTS: &str = ".iam.gserviceaccount.com";

/// The objects that a text names. Accounts by ARNs (`arn:aws:iam::239043911459:role/deploy`), by ids of Azure's resources
/// (`/subscriptions/2f4a…/resourceGroups/shop`), by Google's service accounts (`deploy@shop-7.iam.gserviceaccount.com`).
/// What is in them by ids of AWS (`vol-061c43dc309660f3d`) and by hosts (`shopprod.azurecr.io`). Networks by ranges of
/// private addresses (`10.1.0.0/16`).
///
/// Source: the format of ARNs in the reference of AWS Identity and Access Management; `resourceId` of Azure Resource
/// Manager's template functions; *Service accounts overview* of Google Cloud's IAM.
pub(super) fn objects_in(text: &str) -> impl Iterator<Item = CloudObject> {
    let found = |mark: &'static str, read: fn(&str, usize) -> Option<&str>, kind: CloudKind| {
        let places = text.match_indices(mark).map(|(at, _)| at);
        places.filter_map(move |at| Some(CloudObject { kind, name: read(text, at)?.to_owned() }))
    };
    let of_aws = found(ARN, of_arn, CloudKind::Aws);
    let of_azure = found(SUBSCRIPTIONS, of_resource, CloudKind::Azure);
    let of_google = found(SERVICE_ACCOUNTS, of_service_account, CloudKind::Google);
    let with_id = ID_PREFIXES.into_iter().flat_map(move |prefix| with_id(text, prefix));
    of_aws.chain(of_azure).chain(of_google).chain(with_id).chain(replaceable_in(text))
}

/// Whether each of two texts names a private network that the other does not.
pub(super) fn name_networks_apart(one: &str, other: &str) -> bool {
    let of = |text: &str| networks_in(text).collect::<BTreeSet<CloudObject>>();
    let (one, other) = (of(one), of(other));
    !one.is_subset(&other) && !other.is_subset(&one)
}

/// What a text names that another environment has its own of, in the same place: hosts that somebody made in a cloud,
/// and networks.
pub(super) fn replaceable_in(text: &str) -> impl Iterator<Item = CloudObject> {
    hosts_in(text).chain(networks_in(text))
}

/// The hosts in a text that somebody made in a cloud.
fn hosts_in(text: &str) -> impl Iterator<Item = CloudObject> {
    let joins = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let parts = HOSTS.into_iter().filter_map(|kind| Some((kind, kind.part_of_host()?)));
    parts.flat_map(move |(kind, part)| {
        text.match_indices(part).filter_map(move |(at, _)| {
            let from = text[..at].rfind(|c| !joins(c)).map_or(0, |at| at + 1);
            let rest = &text[at..];
            let host = &text[from..at + rest.find(|c| !joins(c)).unwrap_or(rest.len())];
            // One that a variable begins is no host yet.
            let is_whole = from < at && (part.ends_with('.') || host.ends_with(part));
            let is_begun = text[..from].ends_with(['}', '*', '_', '%']);
            (is_whole && !is_begun).then(|| CloudObject { kind, name: host.to_owned() })
        })
    })
}

/// The ids with a prefix: eight or seventeen hexadecimal digits behind it.
fn with_id<'t>(text: &'t str, prefix: &'static str) -> impl Iterator<Item = CloudObject> + 't {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let id = move |(at, _): (usize, &str)| {
        let digits = &text[at + prefix.len()..];
        let digits = &digits[..digits.find(|c| !is_word(c)).unwrap_or(digits.len())];
        let is_id = matches!(digits.len(), 8 | 17)
            && digits.bytes().all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it))
            && !text[..at].ends_with(is_word);
        is_id.then(|| CloudObject {
            kind: CloudKind::WithId(prefix),
            name: format!("{prefix}{digits}"),
        })
    };
    text.match_indices(prefix).filter_map(id)
}

/// The ranges of private addresses in a text, but those that are all there are of their kind, which name no network.
fn networks_in(text: &str) -> impl Iterator<Item = CloudObject> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | '/');
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '.' | '/' | '-' | '_');
    PRIVATE_RANGES.into_iter().flat_map(move |(begins, fixed)| {
        text.match_indices(begins).filter_map(move |(at, _)| {
            let rest = &text[at..];
            let (range, rest) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
            let (address, bits) = range.split_once('/')?;
            let (address, bits) = (address.parse::<Ipv4Addr>().ok()?, bits.parse::<u32>().ok()?);
            let is_alone = !text[..at].ends_with(joins) && !rest.starts_with(joins);
            let is_one = is_private(address) && (fixed + 1..=32).contains(&bits);
            (is_alone && is_one)
                .then(|| CloudObject { kind: CloudKind::PrivateNetwork, name: range.to_owned() })
        })
    })
}

/// Whether an address is one that each network may use for itself.
const fn is_private(address: Ipv4Addr) -> bool {
    let shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
    address.is_private() || shared
}

fn of_arn(text: &str, at: usize) -> Option<&str> {
    let mut parts = text[at..].split(':').skip(1);
    let is_partition = |part: &str| part == "aws" || part.starts_with("aws-");
    parts.next().filter(|part| is_partition(part))?;
    let account = parts.nth(2)?;
    let is_account = account.len() == 12 && account.bytes().all(|it| it.is_ascii_digit());
    is_account.then_some(account)
}

fn of_resource(text: &str, at: usize) -> Option<&str> {
    let id = text[at + SUBSCRIPTIONS.len()..].split(['/', '"', '\'', ' ', '\n']).next()?;
    let is_id = id.len() == 36 && id.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-');
    is_id.then_some(id)
}

fn of_service_account(text: &str, at: usize) -> Option<&str> {
    let project = text[..at].rsplit_once('@')?.1;
    let is_id = (6..=30).contains(&project.len())
        && project.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-');
    is_id.then_some(project)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_told_by_what_stands_around_them() {
        let of = |text: &str| {
            let found = objects_in(text).map(|it| format!("{:?} {}", it.kind, it.name));
            found.collect::<Vec<_>>()
        };
        assert_eq!(of("arn:aws:iam::123456789012:role/a"), ["Aws 123456789012"]);
        let two = "- arn:aws-us-gov:sqs:us-gov-west-1:123456789012:q\n- arn:aws:sns:eu-west-1:210987654321:t";
        assert_eq!(of(two), ["Aws 123456789012", "Aws 210987654321"]);
        let id = "0b1f6471-1bf0-4dda-aec3-cb9272f09590";
        let vault = format!("id: \"/subscriptions/{id}/resourceGroups/shop\"");
        assert_eq!(of(&vault), [format!("Azure {id}")]);
        assert_eq!(of(&format!("scope: /subscriptions/{id}")), [format!("Azure {id}")]);
        let service = "iam.gke.io/gcp-service-account: dns@shop-main-7.iam.gserviceaccount.com";
        assert_eq!(of(service), ["Google shop-main-7"]);
        let disks = "volumeId: vol-061c43dc309660f3d\nsubnets: [subnet-0a1b2c3d, subnet-x]";
        let with_id =
            ["WithId(\"subnet-\") subnet-0a1b2c3d", "WithId(\"vol-\") vol-061c43dc309660f3d"];
        assert_eq!(of(disks), with_id);
        let hosts = "image: shopdev.azurecr.io/web:1\nurl: postgres://a@shop.c1x2.eu-west-1.rds.amazonaws.com:5432/b";
        let of_hosts = [
            "Registry(\".azurecr.io\") shopdev.azurecr.io",
            "Endpoint(\".rds.amazonaws.com\") shop.c1x2.eu-west-1.rds.amazonaws.com",
        ];
        assert_eq!(of(hosts), of_hosts);
        let registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        assert_eq!(
            of(&format!("{registry}/shop@sha256:0")),
            [format!("Registry(\".dkr.ecr.\") {registry}")]
        );
        let networks = of("cidr: 10.1.0.0/16, 172.31.4.0/22; 192.168.7.9/32 100.64.8.0/24\n");
        assert_eq!(
            networks,
            ["10.1.0.0/16", "172.31.4.0/22", "192.168.7.9/32", "100.64.8.0/24"]
                .map(|range| format!("PrivateNetwork {range}"))
        );
        for none in [
            "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 0.0.0.0/0",
            "8.8.8.8/32 172.32.0.0/16 100.128.0.0/16 210.1.0.0/16",
            "10.1.0.0 10.1.0/16 10.1.0.0/33 10.1.0.0/16/x v10.1.0.0/16 10.1.0.0/16-a",
            "${REGISTRY}.azurecr.io/web",
            "all of .azurecr.io",
            "shop.azurecr.io.example",
            "arn:aws:s3:::bucket/x",
            "arn:aws:iam::aws:policy/A",
            "arn:awsome:a:b:123456789012",
            "arn:aws",
            "ami-061c43dc309660f3d",
            "my-vol-061c43dc309660f3d",
            "vol-deadbeef1",
            "https://shop.example/subscriptions/weekly/all",
            "/subscriptions/${SUBSCRIPTION_ID}/resourceGroups/shop",
            "all of .iam.gserviceaccount.com",
            "dns@${PROJECT}.iam.gserviceaccount.com",
        ] {
            assert!(of(none).is_empty(), "{none}");
        }
    }
}
