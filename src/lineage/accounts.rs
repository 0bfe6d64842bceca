//! Accounts of a cloud that values are bound to: what belongs to staging's account is nothing for production's.

/// The accounts that the ARNs of a text name: `arn:aws:iam::239043911459:role/deploy`.
///
/// Source: the format of ARNs in the reference of AWS Identity and Access Management.
pub(super) fn accounts_in(text: &str) -> impl Iterator<Item = &str> {
    let account = |(at, _)| -> Option<&str> {
        let mut parts = text[at..].split(':').skip(1);
        let is_partition = |part: &str| part == "aws" || part.starts_with("aws-");
        parts.next().filter(|part| is_partition(part))?;
        let account = parts.nth(2)?;
        let is_account = account.len() == 12 && account.bytes().all(|it| it.is_ascii_digit());
        is_account.then_some(account)
    };
    text.match_indices("arn:aws").filter_map(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_stands_behind_service_and_region() {
        let of = |text| accounts_in(text).collect::<Vec<_>>();
        assert_eq!(of("arn:aws:iam::123456789012:role/a"), ["123456789012"]);
        let two = "- arn:aws-us-gov:sqs:us-gov-west-1:123456789012:q\n- arn:aws:sns:eu-west-1:210987654321:t";
        assert_eq!(of(two), ["123456789012", "210987654321"]);
        for none in [
            "arn:aws:s3:::bucket/x",
            "arn:aws:iam::aws:policy/A",
            "arn:awsome:a:b:123456789012",
            "arn:aws",
        ] {
            assert!(of(none).is_empty(), "{none}");
        }
    }
}
