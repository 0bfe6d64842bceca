//! Accounts of a cloud that values are bound to: what belongs to staging's account is nothing for production's.

/// What a cloud bills by, and what holds everything in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Account {
    /// Whose it is.
    pub cloud: Cloud,
    /// Its number or id.
    pub name: String,
}

/// A cloud, and what an account is called there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cloud {
    /// An account of AWS.
    Aws,
    /// A subscription of Azure.
    Azure,
    /// A project of Google Cloud.
    Google,
}

/// What stands before or behind an account, for each cloud.
pub(super) const MARKS: [&str; 3] = [ARN, SUBSCRIPTIONS, SERVICE_ACCOUNTS];

const ARN: &str = "arn:aws";
const SUBSCRIPTIONS: &str = "/subscriptions/";
const SERVICE_ACCOUNTS: &str = ".iam.gserviceaccount.com";

/// The accounts that a text names: by ARNs (`arn:aws:iam::239043911459:role/deploy`), by ids of Azure's resources
/// (`/subscriptions/2f4a…/resourceGroups/shop`), by Google's service accounts (`deploy@shop-7.iam.gserviceaccount.com`).
///
/// Source: the format of ARNs in the reference of AWS Identity and Access Management; `resourceId` of Azure Resource
/// Manager's template functions; *Service accounts overview* of Google Cloud's IAM.
pub(super) fn accounts_in(text: &str) -> impl Iterator<Item = Account> {
    let found = |mark: &'static str, read: fn(&str, usize) -> Option<&str>, cloud: Cloud| {
        let places = text.match_indices(mark).map(|(at, _)| at);
        places.filter_map(move |at| Some(Account { cloud, name: read(text, at)?.to_owned() }))
    };
    let of_aws = found(ARN, of_arn, Cloud::Aws);
    let of_azure = found(SUBSCRIPTIONS, of_resource, Cloud::Azure);
    let of_google = found(SERVICE_ACCOUNTS, of_service_account, Cloud::Google);
    of_aws.chain(of_azure).chain(of_google)
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
    fn accounts_are_told_by_what_stands_around_them() {
        let of = |text: &str| {
            let found = accounts_in(text).map(|it| format!("{:?} {}", it.cloud, it.name));
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
        for none in [
            "arn:aws:s3:::bucket/x",
            "arn:aws:iam::aws:policy/A",
            "arn:awsome:a:b:123456789012",
            "arn:aws",
            "https://shop.example/subscriptions/weekly/all",
            "/subscriptions/${SUBSCRIPTION_ID}/resourceGroups/shop",
            "all of .iam.gserviceaccount.com",
            "dns@${PROJECT}.iam.gserviceaccount.com",
        ] {
            assert!(of(none).is_empty(), "{none}");
        }
    }
}
