//! Promotions, repositories and surveys, as they were noted.

use super::*;
use crate::model::{BranchName, CommitSha, PullRequestNumber};

pub(super) const fn pair<'a>(application: &'a str, source: &'a str, target: &'a str) -> Pair<'a> {
    Pair { application, source, target, intent: "promote" }
}

fn number(number: u64) -> PullRequestNumber {
    PullRequestNumber::new(number).unwrap()
}

fn commit(digit: &str) -> CommitSha {
    CommitSha::parse(&digit.repeat(40)).unwrap()
}

pub(super) fn record(id: &str, created_at: Millis) -> PromotionRecord {
    PromotionRecord {
        id: id.to_owned(),
        repository: "o/r".to_owned(),
        application: String::new(),
        source: "dev".to_owned(),
        target: "prod".to_owned(),
        intent: "promote".to_owned(),
        undoes: None,
        branch: BranchName::parse("promote/dev-to-prod").unwrap(),
        plan_id: "ab".to_owned(),
        base_digest: "b".to_owned(),
        base_commit: Some(commit("0")),
        head_commit: commit("1"),
        tree: "t".to_owned(),
        pull_request: None,
        state: PromotionState::Opening,
        closed_because: None,
        merged_as: None,
        merged_at: None,
        merged_by: None,
        undone_at: None,
        created_at,
    }
}

pub(super) async fn remembers_promotions(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k")], 1).await.unwrap();
    let lease = claim(&store, 10).await.unwrap().lease;
    let first = record("p1", 1);
    store.record_promotion(&lease, &first, 1).await.unwrap();
    let opened = PromotionRecord {
        pull_request: Some(number(7)),
        state: PromotionState::Open,
        ..first.clone()
    };
    store.record_promotion(&lease, &opened, 2).await.unwrap();
    assert_eq!(store.open_promotions("o/r").await.unwrap(), std::slice::from_ref(&opened));
    assert_eq!(
        store.promotion_of_pull_request("o/r", number(7)).await.unwrap(),
        Some(opened.clone())
    );
    // A second one of the pair ends the first.
    let second = record("p2", 3);
    store.record_promotion(&lease, &second, 3).await.unwrap();
    assert_eq!(store.open_promotions("o/r").await.unwrap(), std::slice::from_ref(&second));
    let first = store.promotion_of_pull_request("o/r", number(7)).await.unwrap().unwrap();
    assert_eq!(first.closed_because.as_deref(), Some("superseded"));
    let merged = End {
        state: PromotionState::Merged,
        because: None,
        merged_as: Some(&commit("a")),
        merged_by: None,
    };
    assert!(!store.end_promotion("o/r", number(7), &merged, 4).await.unwrap(), "it ended before");
    let opened = PromotionRecord { pull_request: Some(number(8)), ..second };
    store.record_promotion(&lease, &opened, 4).await.unwrap();
    let closed_by_person = End {
        state: PromotionState::Closed,
        because: Some("person"),
        merged_as: None,
        merged_by: None,
    };
    assert!(store.end_promotion("o/r", number(8), &closed_by_person, 5).await.unwrap());
    let newest = store.newest_promotion("o/r", pair("", "dev", "prod")).await.unwrap().unwrap();
    assert_eq!(
        (newest.state, newest.closed_because.as_deref()),
        (PromotionState::Closed, Some("person"))
    );
    assert_eq!(store.newest_promotion("o/r", pair("", "dev", "staging")).await.unwrap(), None);
    // Applications do not see each other.
    assert_eq!(store.newest_promotion("o/r", pair("cart", "dev", "prod")).await.unwrap(), None);
    let of = |id: &str, application: &str| PromotionRecord {
        application: application.to_owned(),
        state: PromotionState::Open,
        ..record(id, 9)
    };
    let (cart, pay) = (of("p3", "cart"), of("p4", "pay"));
    store.record_promotion(&lease, &pay, 9).await.unwrap();
    store.record_promotion(&lease, &cart, 9).await.unwrap();
    assert_eq!(store.open_promotions("o/r").await.unwrap(), [cart.clone(), pay]);
    let newest = store.newest_promotion("o/r", pair("cart", "dev", "prod")).await.unwrap();
    assert_eq!(newest, Some(cart));
}

pub(super) async fn remembers_repositories(url: String) {
    let store = open(&url).await;
    let known = |default_branch: Option<&str>, looked_at: Option<&str>| KnownRepository {
        name: "o/r".to_owned(),
        default_branch: default_branch.map(str::to_owned),
        installation: None,
        looked_at: looked_at.map(str::to_owned),
        looked_tree: looked_at.map(str::to_owned),
    };
    store.note_repository(&known(Some("main"), None), 1).await.unwrap();
    store.note_repository(&known(None, Some("abc")), 2).await.unwrap();
    let both = known(Some("main"), Some("abc"));
    assert_eq!(store.repositories().await.unwrap(), std::slice::from_ref(&both));
    assert_eq!(store.repository("o/r").await.unwrap(), Some(both));
    store.forget_repository("o/r").await.unwrap();
    assert_eq!(store.repository("o/r").await.unwrap(), None);
}

pub(super) async fn remembers_surveys(url: String) {
    let store = open(&url).await;
    assert!(!store.was_surveyed("o/r", pair("", "dev", "prod")).await.unwrap());
    store.note_survey("o/r", pair("", "dev", "prod"), 1).await.unwrap();
    store.note_survey("o/r", pair("", "dev", "prod"), 2).await.unwrap();
    assert!(store.was_surveyed("o/r", pair("", "dev", "prod")).await.unwrap());
    assert!(!store.was_surveyed("o/r", pair("", "prod", "dev")).await.unwrap());
    assert!(!store.was_surveyed("o/r", pair("cart", "dev", "prod")).await.unwrap());
    store.forget_surveys("o/r").await.unwrap();
    assert!(!store.was_surveyed("o/r", pair("", "dev", "prod")).await.unwrap());
}

pub(super) async fn remembers_what_was_merged_and_undone(url: String) {
    let store = open(&url).await;
    store.enqueue(vec![job("1", "k")], 1).await.unwrap();
    let lease = claim(&store, 10).await.unwrap().lease;
    let open_one = PromotionRecord {
        pull_request: Some(number(7)),
        state: PromotionState::Open,
        ..record("p1", 1)
    };
    store.record_promotion(&lease, &open_one, 2).await.unwrap();
    // An undoing of the same pair stands beside it.
    let undoing = PromotionRecord {
        intent: "undo".to_owned(),
        undoes: Some("ab".to_owned()),
        pull_request: Some(number(8)),
        ..record("p2", 2)
    };
    store.record_promotion(&lease, &undoing, 2).await.unwrap();
    assert_eq!(store.open_promotions("o/r").await.unwrap().len(), 2);
    let merged = End {
        state: PromotionState::Merged,
        because: None,
        merged_as: Some(&commit("7")),
        merged_by: None,
    };
    assert!(store.end_promotion("o/r", number(7), &merged, 5).await.unwrap());
    let found = store.merged_promotions("o/r", "", "prod").await.unwrap();
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((&found.merged_as, found.merged_at), (&Some(commit("7")), Some(5)));
    store.note_undone("o/r", "ab", 9).await.unwrap();
    let found = store.merged_promotions("o/r", "", "prod").await.unwrap();
    assert_eq!(found[0].undone_at, Some(9));
}

pub(super) async fn lists_for_pages(url: String) {
    let store = open(&url).await;
    let empty = store.generation().await.unwrap();
    store.enqueue(vec![job("j1", "k")], 1).await.unwrap();
    let lease = claim(&store, 10).await.unwrap().lease;
    for (id, repository) in [("p1", "o/a"), ("p2", "o/b"), ("p3", "o/b"), ("p4", "o/c")] {
        let target = format!("to {id}");
        let repository = repository.to_owned();
        let record = PromotionRecord { repository, target, ..record(id, 5) };
        store.record_promotion(&lease, &record, 5).await.unwrap();
    }
    assert_ne!(store.generation().await.unwrap(), empty, "pages hear of it");
    let names = async |search, after, limit| {
        let wanted = Wanted { search, limit, ..Wanted::default() };
        store.repositories_with_promotions(&wanted, after).await.unwrap()
    };
    assert_eq!(names("", "", 2).await, ["o/a", "o/b"]);
    assert_eq!(names("", "o/b", 2).await, ["o/c"]);
    assert_eq!(names("TO P3", "", 9).await, ["o/b"]);
    let note = |content: &str| EnvironmentNote {
        key: environment(),
        subject: "health".to_owned(),
        content: content.to_owned(),
        updated_at: 7,
    };
    for content in ["{}", "{1}"] {
        store.note_of_environment(&note(content)).await.unwrap();
        let repositories = [environment().repository];
        let found = store.notes_of_environments(&Stretch::of(&repositories)).await.unwrap();
        assert_eq!(found, [note(content)]);
    }
    let far_apart = ["o/a".to_owned(), "o/c".to_owned()];
    let standing = store.standing_promotions(&Stretch::of(&far_apart), 5_000).await.unwrap();
    let standing: Vec<_> = standing.iter().map(|it| it.record.id.as_str()).collect();
    assert_eq!(standing, ["p1", "p4"], "nothing of what lies between them");
    let before = store.generation().await.unwrap();
    store.note_standing("p1", "{}", Some("[]"), 1).await.unwrap();
    let after = store.generation().await.unwrap();
    assert!(after.0 != before.0 && after.1 == before.1, "a tick is heard, the queue is the same");
    store.enqueue(vec![job("j2", "another")], 1).await.unwrap();
    let queued = store.generation().await.unwrap();
    assert!(queued.0 == after.0 && queued.1 != after.1, "the queue alone");
    let held = store.holds_of_open(&Stretch::of(&["o/a".to_owned()])).await.unwrap();
    assert_eq!(held, [("p1".to_owned(), "[]".to_owned())]);
}
