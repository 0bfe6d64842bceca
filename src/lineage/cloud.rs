//! Objects of a cloud that values are bound to, accounts and what is in them: staging's disk is none for production.

/// What a cloud bills by, or something in it that is there once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CloudObject {
    /// What it is.
    pub kind: CloudKind,
    /// Its number or id.
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
}

/// Texts of which a file has one that names something of a cloud.
pub(super) fn marks() -> Vec<&'static str> {
    [ARN, SUBSCRIPTIONS, SERVICE_ACCOUNTS].into_iter().chain(ID_PREFIXES).collect()
}

/// What ids of AWS begin with that name something which is there once: addresses, network interfaces, file systems and
/// their access points, security groups, subnets, disks, networks and their end points. Images (`ami-`) and copies of
/// disks (`snap-`) are versions, which are promoted.
const ID_PREFIXES: [&str; 9] =
    ["eipalloc-", "eni-", "fs-", "fsap-", "sg-", "subnet-", "vol-", "vpc-", "vpce-"];

const ARN: &str = "arn:aws";
const SUBSCRIPTIONS: &str = "/subscriptions/";
const SERVICE_ACCOUNTS: &str = ".iam.gserviceaccount.com";

/// The objects that a text names. Accounts by ARNs (`arn:aws:iam::239043911459:role/deploy`), by ids of Azure's resources
/// (`/subscriptions/2f4a…/resourceGroups/shop`), by Google's service accounts (`deploy@shop-7.iam.gserviceaccount.com`).
/// What is in them by ids of AWS (`vol-061c43dc309660f3d`).
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
    of_aws.chain(of_azure).chain(of_google).chain(with_id)
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
        for none in [
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
