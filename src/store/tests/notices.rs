//! Notices: each in order, and known once it was sent.

use super::*;

pub(super) fn notice(id: &str, stream: &str, content: &str) -> NewNotice {
    NewNotice {
        id: id.to_owned(),
        stream: stream.to_owned(),
        content: content.to_owned(),
        job: job(&format!("job of {id}"), &format!("notice {stream}")),
    }
}

pub(super) async fn tells_each_notice_in_order(url: String) {
    let store = open(&url).await;
    let add = async |notices, now| store.add_notices(notices, now - 1_000, now).await.unwrap();
    assert_eq!(add(vec![notice("n1", "s", "opened"), notice("n2", "s", "held")], 10).await, 2);
    assert_eq!(add(vec![notice("n1", "s", "opened")], 20).await, 0, "the id is known");
    assert_eq!(add(vec![notice("n3", "s", "held")], 20).await, 0, "said just now");
    assert_eq!(add(vec![notice("n4", "s", "merged"), notice("n5", "other", "held")], 30).await, 2);
    assert_eq!(store.job_counts().await.unwrap().queued, 2, "a stream is one job");

    let lease = claim(&store, 30).await.unwrap().lease;
    let begin = async || {
        let waiting = store.begin_notice(&lease, "s").await.unwrap();
        waiting.map(|it| (it.content, it.attempt))
    };
    assert_eq!(begin().await, Some(("opened".to_owned(), 1)));
    assert_eq!(begin().await, Some(("opened".to_owned(), 2)), "until it arrived");
    for (id, next) in [("n1", Some("held")), ("n2", Some("merged")), ("n4", None)] {
        store.note_sent(&lease, id, 40).await.unwrap();
        assert_eq!(begin().await, next.map(|content| (content.to_owned(), 1)));
    }
    assert_eq!(add(vec![notice("n2", "s", "held")], 5_000).await, 0, "what was sent stays known");
    assert_eq!(add(vec![notice("n6", "s", "merged")], 5_000).await, 1, "said long ago");
    store.finish(&lease, Vec::new(), 50).await.unwrap();
    let lost = store.begin_notice(&lease, "s").await.unwrap_err();
    assert!(matches!(lost, StoreError::LeaseLost { .. }));
    assert!(matches!(store.note_sent(&lease, "n6", 60).await, Err(StoreError::LeaseLost { .. })));
    store.forget(0, 6_000).await.unwrap();
    assert_eq!(add(vec![notice("n1", "s", "opened")], 7_000).await, 1);

    assert_eq!(store.subscriptions("o/r").await.unwrap(), None);
    for text in ["[1]", "[1]", "[2]"] {
        store.note_subscriptions("o/r", text, 1).await.unwrap();
        assert_eq!(store.subscriptions("o/r").await.unwrap().as_deref(), Some(text));
    }
}
