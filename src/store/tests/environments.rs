//! Evidence, and the commits at which environments are what they are.

use super::*;

pub(super) fn environment() -> EnvironmentKey {
    EnvironmentKey {
        repository: "o/r".to_owned(),
        application: String::new(),
        environment: "staging".to_owned(),
    }
}

pub(super) fn known_environment(inputs: &str) -> KnownEnvironment {
    KnownEnvironment {
        key: environment(),
        commit: "c1".to_owned(),
        inputs: inputs.to_owned(),
        asked_at: None,
        leads_to: "[]".to_owned(),
    }
}

pub(super) fn evidence(commit: &str, state: &str, at: Millis) -> Evidence {
    Evidence {
        repository: "o/r".to_owned(),
        kind: "status".to_owned(),
        name: "argocd".to_owned(),
        commit: commit.to_owned(),
        application: String::new(),
        environment: String::new(),
        state: state.to_owned(),
        message: String::new(),
        url: None,
        at,
        heard: at + 1000,
    }
}

/// The rule for one source and commit: a healthy word begins to soak, a degraded one ends that, others leave
/// it; what is older than what is known changes nothing.
pub(super) async fn hears_the_newest_word_of_each_source(url: String) {
    let store = open(&url).await;
    let commits = ["c1".to_owned()];
    store.note_environment(&known_environment("i"), &commits, 1).await.unwrap();
    for (state, at, newest, healthy_since, degraded_at) in [
        ("not yet", 1, "not yet", None, None),
        ("healthy", 5, "healthy", Some(1005), None),
        ("healthy", 6, "healthy", Some(1005), None),
        ("not yet", 7, "not yet", Some(1005), None),
        ("degraded", 3, "not yet", Some(1005), None),
        ("healthy", 8, "healthy", Some(1005), None),
        ("degraded", 9, "degraded", None, Some(1009)),
        ("not yet", 10, "not yet", None, Some(1009)),
        ("healthy", 12, "healthy", Some(1012), Some(1009)),
    ] {
        store.note_evidence(&[evidence("c1", state, at)]).await.unwrap();
        let known = store.evidence_of(&environment()).await.unwrap();
        let [known] = known.as_slice() else { panic!("{known:?}") };
        assert_eq!(known.newest.state, newest, "{state} at {at}");
        assert_eq!((known.healthy_since, known.degraded_at), (healthy_since, degraded_at));
    }
    // With a delivery, in one commit, and once.
    let of = Evidence { name: "other".to_owned(), ..evidence("c1", "healthy", 1) };
    let told = Delivery { evidence: vec![of], ..delivery("told", vec![]) };
    for receipt in [Receipt::New, Receipt::Duplicate] {
        assert_eq!(store.take_deliveries(std::slice::from_ref(&told)).await.unwrap(), [receipt]);
    }
    assert_eq!(store.evidence_of(&environment()).await.unwrap().len(), 2);
}

pub(super) async fn knows_the_commits_of_an_environment(url: String) {
    let store = open(&url).await;
    let known = known_environment("i1");
    let commits = ["c1".to_owned(), "c2".to_owned()];
    store.note_environment(&known, &commits, 1).await.unwrap();
    store
        .note_evidence(&[evidence("c2", "healthy", 1), evidence("c9", "degraded", 2)])
        .await
        .unwrap();
    assert_eq!(store.evidence_of(&environment()).await.unwrap().len(), 1, "c9 is no commit of it");
    assert_eq!(store.environments_at("o/r", "c2").await.unwrap(), std::slice::from_ref(&known));
    assert!(store.environments_at("o/r", "c9").await.unwrap().is_empty());
    assert_eq!(store.repositories_with_commit("c2").await.unwrap(), ["o/r"]);
    // Another head with the same files, then other files.
    store.note_environment(&known, &["c3".to_owned()], 2).await.unwrap();
    assert_eq!(store.evidence_of(&environment()).await.unwrap().len(), 1);
    let other = KnownEnvironment { commit: "c4".to_owned(), ..known_environment("i2") };
    store.note_environment(&other, &["c4".to_owned()], 3).await.unwrap();
    assert!(store.evidence_of(&environment()).await.unwrap().is_empty());
    assert_eq!(store.environments("o/r").await.unwrap(), [other]);
    store.note_standing("p1", "{}", None, 1).await.unwrap();
    store.note_standing("p1", "{1}", Some("[]"), 2).await.unwrap();
    assert_eq!(store.standing("p1").await.unwrap().as_deref(), Some("{1}"));
    store.forget_environment(&environment()).await.unwrap();
    assert!(store.environments("o/r").await.unwrap().is_empty());
}
