//! Deliveries: each once, however often it comes.

use super::*;

pub(super) fn delivery(id: &str, jobs: Vec<NewJob>) -> Delivery {
    Delivery {
        id: id.to_owned(),
        event: "push".to_owned(),
        repository: None,
        state: "queued",
        received_at: 1,
        evidence: Vec::new(),
        jobs,
    }
}

pub(super) async fn takes_a_delivery_once(url: String) {
    let store = open(&url).await;
    let twice = vec![delivery("b", vec![]), delivery("a", vec![]), delivery("b", vec![])];
    let receipts = store.take_deliveries(&twice).await.unwrap();
    assert_eq!(receipts, [Receipt::New, Receipt::New, Receipt::Duplicate]);
    store.close().await;
    let store = open(&url).await;
    let again = store.take_deliveries(&[delivery("a", vec![])]).await.unwrap();
    assert_eq!(again, [Receipt::Duplicate]);
}

pub(super) async fn shares_a_commit_between_deliveries(url: String) {
    let store = open(&url).await;
    let (inbox, writer) = store.inbox();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let waiting =
        futures_util::future::join_all(
            (0..50).map(|n| {
                let (inbox, id) = (inbox.clone(), format!("d{}", n % 40));
                async move {
                    inbox.take(delivery(&id, vec![job(&format!("j{n:02}"), "k")])).await.unwrap()
                }
            }),
        );
    let run = writer.run(async { stopped.await.unwrap() });
    let (receipts, ()) = tokio::join!(
        async {
            let receipts = waiting.await;
            stop.send(()).unwrap();
            receipts
        },
        run
    );
    assert_eq!(receipts.iter().filter(|receipt| **receipt == Receipt::New).count(), 40);
    assert_eq!(store.job_counts().await.unwrap().queued, 1);
    assert!(matches!(inbox.take(delivery("late", vec![])).await, Err(StoreError::Closed)));
}

pub(super) async fn queues_nothing_for_a_duplicate(url: String) {
    let store = open(&url).await;
    store.take_deliveries(&[delivery("d", vec![job("1", "k")])]).await.unwrap();
    store.take_deliveries(&[delivery("d", vec![job("2", "other")])]).await.unwrap();
    assert_eq!(store.job_counts().await.unwrap().queued, 1);
}
