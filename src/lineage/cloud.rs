//! Objects of a cloud that values are bound to, accounts and what is in them: staging's disk is none for production.

/// What a cloud bills by, or something in it that is there once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CloudObject {
    /// What it is.
    pub kind: CloudKind,
    /// Its number, its id or its host.
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
    [ARN, SUBSCRIPTIONS, SERVICE_ACCOUNTS].into_iter().chain(ID_PREFIXES).chain(hosts).collect()
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
/// endpoints in the guides of Amazon ECR, RDS and ElastiCache.
const HOSTS: [CloudKind; 12] = [
    CloudKind::Registry(".azurecr.io"),
    CloudKind::Registry(".dkr.ecr."),
    CloudKind::Endpoint(".cache.amazonaws.com"),
    CloudKind::Endpoint(".core.windows.net"),
    CloudKind::Endpoint(".database.azure.com"),
    CloudKind::Endpoint(".database.windows.net"),
    CloudKind::Endpoint(".documents.azure.com"),
    CloudKind::Endpoint(".rds.amazonaws.com"),
    CloudKind::Endpoint(".redis.cache.windows.net"),
    CloudKind::Endpoint(".search.windows.net"),
    CloudKind::Endpoint(".servicebus.windows.net"),
    CloudKind::Endpoint(".vault.azure.net"),
];

const ARN: &str = "arn:aws";
const SUBSCRIPTIONS: &str = "/subscriptions/";
const SERVICE_ACCOUNTS: &str = ".iam.gserviceaccount.com";

/// The objects that a text names. Accounts by ARNs (`arn:aws:iam::239043911459:role/deploy`), by ids of Azure's resources
/// (`/subscriptions/2f4a…/resourceGroups/shop`), by Google's service accounts (`deploy@shop-7.iam.gserviceaccount.com`).
/// What is in them by ids of AWS (`vol-061c43dc309660f3d`) and by hosts (`shopprod.azurecr.io`).
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
    of_aws.chain(of_azure).chain(of_google).chain(with_id).chain(hosts_in(text))
}

/// The hosts in a text that somebody made in a cloud.
pub(super) fn hosts_in(text: &str) -> impl Iterator<Item = CloudObject> {
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
        for none in [
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
