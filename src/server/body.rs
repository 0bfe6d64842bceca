//! Reading a body that may be large, slow, endless, or cut off.
//!
//! GitHub sends up to 25 MB, mostly a few kilobytes. All bodies together hold at most 128 MiB: large ones take a share
//! as long as they say they are before they are read, small ones take theirs as they come. Where there is none
//! left, those who send slowly lose theirs; who gets none in time is to send again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The largest body that is taken: 25 MB, as GitHub limits itself.
pub(super) const LIMIT_BYTES: usize = 25 << 20;

/// Up to here a body is a small one.
const SMALL_BYTES: usize = 256 << 10;

/// What all large bodies hold together: four of the largest.
const ALL_LARGE_BYTES: usize = 4 * LIMIT_BYTES;

/// What all small bodies hold together, which with the large ones makes 128 MiB.
const ALL_SMALL_BYTES: usize = (128 << 20) - ALL_LARGE_BYTES;

/// In such steps a small body takes its share.
const STEP_BYTES: usize = 4 << 10;

/// How much of a body that is too large is read and thrown away, so that its sender reads our answer instead of
/// finding the connection reset.
const DRAINED_BYTES: usize = 100 << 20;

/// The same of a body that nobody asked for.
const DRAINED_UNREAD_BYTES: usize = 1 << 20;

/// How long a body may take, waiting for its share included. GitHub gives up after ten seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long what is thrown away may take.
const DRAINING_PATIENCE: Duration = Duration::from_secs(5);

/// Who has sent for longer than this, and at less than the pace, sends slowly.
const GRACE: Duration = Duration::from_secs(1);
const PACE_BYTES_PER_SECOND: u32 = 2 << 20;

/// How often somebody who waits looks for a slow sender.
const LOOK: Duration = Duration::from_millis(50);

/// The memory of all bodies. Cloning shares it.
#[derive(Clone)]
pub(super) struct Bodies(Arc<Shared>);

struct Shared {
    large: Pot,
    small: Pot,
}

/// A part of the memory, in KiB, and those who have not sent all of theirs yet, the oldest first.
struct Pot {
    free: Arc<Semaphore>,
    senders: Mutex<BTreeMap<u64, Sender>>,
}

/// Somebody who sends.
struct Sender {
    since: Instant,
    received: usize,
    lost: Arc<Notify>,
}

impl Sender {
    fn is_slow(&self, now: Instant) -> bool {
        let received = u32::try_from(self.received).unwrap_or(u32::MAX);
        let due = Duration::from_secs(1) * received / PACE_BYTES_PER_SECOND;
        now.duration_since(self.since) > GRACE + due
    }
}

impl Pot {
    fn of(bytes: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(bytes >> 10)), senders: Mutex::default() }
    }

    fn senders(&self) -> MutexGuard<'_, BTreeMap<u64, Sender>> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a share, from slow senders if there is no other.
    async fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, BodyError> {
        let count = u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX);
        let mut taking = std::pin::pin!(Arc::clone(&self.free).acquire_many_owned(count));
        loop {
            match tokio::time::timeout(LOOK, taking.as_mut()).await {
                Ok(taken) => return taken.map_err(|_| BodyError::Busy),
                Err(_) => self.lose_a_slow_one(),
            }
        }
    }

    fn lose_a_slow_one(&self) {
        let now = Instant::now();
        let mut senders = self.senders();
        let slow = senders.iter().find(|(_, sender)| sender.is_slow(now)).map(|(id, _)| *id);
        if let Some(sender) = slow.and_then(|id| senders.remove(&id)) {
            sender.lost.notify_one();
        }
    }

    fn enter(&self, received: usize) -> (u64, Arc<Notify>) {
        let mut senders = self.senders();
        let id = senders.last_key_value().map_or(0, |(id, _)| id + 1);
        let lost = Arc::new(Notify::new());
        senders.insert(id, Sender { since: Instant::now(), received, lost: Arc::clone(&lost) });
        (id, lost)
    }
}

impl Default for Bodies {
    fn default() -> Self {
        Self::of(ALL_LARGE_BYTES, ALL_SMALL_BYTES)
    }
}

impl Bodies {
    fn of(large: usize, small: usize) -> Self {
        Self(Arc::new(Shared { large: Pot::of(large), small: Pot::of(small) }))
    }
}

/// A whole body. Its share is free again when it is dropped.
#[derive(Debug)]
pub(super) struct WholeBody {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    _share: Vec<OwnedSemaphorePermit>,
}

/// Why there is no whole body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// It is larger than the limit.
    TooLarge,
    /// It ended early or was malformed.
    Cut,
    /// It did not arrive in time.
    TooSlow,
    /// There was no memory for it in time.
    Busy,
}

/// Whether the sender says so itself.
pub(super) fn is_too_large(declared: Option<u64>) -> bool {
    declared.is_some_and(|bytes| bytes > LIMIT_BYTES as u64)
}

/// Reads a body to its end. `declared` is its length if the sender said so, and `waits` tells that the sender
/// does not begin before we ask (`Expect: 100-continue`).
pub(super) async fn read(
    body: Body,
    declared: Option<u64>,
    waits: bool,
    bodies: &Bodies,
) -> Result<WholeBody, BodyError> {
    read_patiently(body, declared, waits, bodies, PATIENCE).await
}

async fn read_patiently(
    body: Body,
    declared: Option<u64>,
    waits: bool,
    bodies: &Bodies,
    patience: Duration,
) -> Result<WholeBody, BodyError> {
    if is_too_large(declared) {
        if !waits {
            drain(body, DRAINED_BYTES, PATIENCE).await;
        }
        return Err(BodyError::TooLarge);
    }
    let declared = declared.and_then(|bytes| usize::try_from(bytes).ok());
    let mut reader = Reader { body, whole: Vec::new(), share: Vec::new(), waits_for_share: false };
    let reading = reader.read(declared, &bodies.0);
    let result = match tokio::time::timeout(patience, reading).await {
        Ok(result) => result,
        Err(_) if reader.waits_for_share => Err(BodyError::Busy),
        Err(_) => Err(BodyError::TooSlow),
    };
    let Reader { body, whole, share, .. } = reader;
    match result {
        Ok(()) => Ok(WholeBody { bytes: whole, _share: share }),
        Err(error) => {
            // Memory goes first: what follows is thrown away piece by piece.
            drop((whole, share));
            if error == BodyError::TooLarge {
                drain(body, DRAINED_BYTES, PATIENCE).await;
            }
            Err(error)
        }
    }
}

/// Throws away the beginning of a body that is refused by its headers, so that who sends a little reads the answer.
pub(super) async fn leave(body: Body, waits: bool) {
    if !waits {
        drain(body, DRAINED_UNREAD_BYTES, DRAINING_PATIENCE).await;
    }
}

async fn drain(body: Body, limit: usize, patience: Duration) {
    let draining = async {
        let (mut stream, mut drained) = (body.into_data_stream(), 0);
        while let Some(Ok(piece)) = stream.next().await {
            drained += Bytes::len(&piece);
            if drained > limit {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(patience, draining).await;
}

struct Reader {
    body: Body,
    whole: Vec<u8>,
    share: Vec<OwnedSemaphorePermit>,
    waits_for_share: bool,
}

impl Reader {
    async fn read(&mut self, declared: Option<usize>, shared: &Shared) -> Result<(), BodyError> {
        let declared_large = declared.filter(|bytes| *bytes > SMALL_BYTES);
        if let Some(bytes) = declared_large {
            self.take(bytes, &shared.large).await?;
        }
        let pot = if declared_large.is_some() { &shared.large } else { &shared.small };
        if !self.read_within(SMALL_BYTES, pot, declared_large.is_some()).await? {
            // Nobody said that it would be large, so that it takes as much as it might need.
            self.take(LIMIT_BYTES, &shared.large).await?;
            self.share.drain(..self.share.len() - 1);
            self.read_within(LIMIT_BYTES, &shared.large, true).await?;
        }
        Ok(())
    }

    /// Reads on, and returns whether the end was reached; not if more than `most` came, unless that has its share.
    async fn read_within(
        &mut self,
        most: usize,
        pot: &Pot,
        has_share: bool,
    ) -> Result<bool, BodyError> {
        let place = Admission::in_pot(pot, self.whole.len());
        let mut stream = std::mem::take(&mut self.body).into_data_stream();
        let ended = loop {
            let piece = tokio::select! {
                piece = stream.next() => piece,
                () = place.lost.notified() => return Err(BodyError::TooSlow),
            };
            let Some(piece) = piece else { break true };
            let piece = piece.map_err(|_| BodyError::Cut)?;
            let bytes = self.whole.len() + piece.len();
            if bytes > LIMIT_BYTES {
                self.body = Body::from_stream(stream);
                return Err(BodyError::TooLarge);
            }
            if !has_share && bytes > self.whole.capacity() {
                let step = piece.len().max(self.whole.len()).max(STEP_BYTES);
                let began = Instant::now();
                tokio::select! {
                    taken = self.take(step, pot) => taken?,
                    () = place.lost.notified() => return Err(BodyError::TooSlow),
                }
                place.waited(began.elapsed());
            }
            self.whole.extend_from_slice(&piece);
            place.received(bytes);
            if !has_share && bytes > most {
                break false;
            }
        };
        self.body = Body::from_stream(stream);
        Ok(ended)
    }

    async fn take(&mut self, bytes: usize, pot: &Pot) -> Result<(), BodyError> {
        self.waits_for_share = true;
        self.share.push(pot.take(bytes).await?);
        self.waits_for_share = false;
        // Once and exactly: doubling would need the bytes twice. Pages that are not written cost nothing.
        self.whole.reserve_exact(bytes.min(LIMIT_BYTES));
        Ok(())
    }
}

/// Being among those who send.
struct Admission<'p> {
    pot: &'p Pot,
    id: u64,
    lost: Arc<Notify>,
}

impl<'p> Admission<'p> {
    fn in_pot(pot: &'p Pot, received: usize) -> Self {
        let (id, lost) = pot.enter(received);
        Self { pot, id, lost }
    }

    /// Whoever has to wait for us is not slow.
    fn waited(&self, time: Duration) {
        if let Some(sender) = self.pot.senders().get_mut(&self.id) {
            sender.since += time;
        }
    }

    fn received(&self, bytes: usize) {
        if let Some(sender) = self.pot.senders().get_mut(&self.id) {
            sender.received = bytes;
        }
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        self.pot.senders().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(count: usize, bytes: usize) -> Body {
        let piece = Bytes::from(vec![b'x'; bytes]);
        Body::from_stream(futures_util::stream::iter(
            (0..count).map(move |_| Ok::<_, std::io::Error>(piece.clone())),
        ))
    }

    /// A beginning, and nothing after it.
    fn stalled(bytes: usize) -> Body {
        Body::from_stream(
            pieces(1, bytes).into_data_stream().chain(futures_util::stream::pending()),
        )
    }

    fn free_bytes(bodies: &Bodies) -> usize {
        let Shared { large, small } = &*bodies.0;
        (large.free.available_permits() + small.free.available_permits()) << 10
    }

    #[tokio::test]
    async fn takes_25_megabytes_and_not_one_byte_more() {
        let bodies = Bodies::default();
        assert_eq!(free_bytes(&bodies), 128 << 20, "what docs/operating.md says");
        let whole = read(pieces(25, 1 << 20), None, false, &bodies).await.unwrap();
        assert_eq!(whole.bytes.len(), LIMIT_BYTES);
        drop(whole);
        let one_more =
            pieces(25, 1 << 20).into_data_stream().chain(pieces(1, 1).into_data_stream());
        let body = Body::from_stream(one_more);
        assert_eq!(read(body, None, false, &bodies).await.unwrap_err(), BodyError::TooLarge);
        let declared = Some(LIMIT_BYTES as u64 + 1);
        let error = read(pieces(26, 1 << 20), declared, false, &bodies).await.unwrap_err();
        assert_eq!(error, BodyError::TooLarge);
        assert_eq!(free_bytes(&bodies), 128 << 20);
    }

    #[tokio::test]
    async fn a_large_body_waits_for_its_share_and_small_ones_pass() {
        let bodies = Bodies::default();
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(read(pieces(2, 1 << 20), None, false, &bodies).await.unwrap());
        }
        let declared = Some(2 << 20);
        let mut waiting = Box::pin(read(pieces(2, 1 << 20), declared, false, &bodies));
        assert!(futures_util::FutureExt::now_or_never(&mut waiting).is_none());
        let small = read(pieces(1, 1000), None, false, &bodies).await.unwrap();
        assert_eq!(small.bytes.len(), 1000);
        held.pop();
        assert_eq!(waiting.await.unwrap().bytes.len(), 2 << 20);
    }

    #[tokio::test]
    async fn a_flood_is_told_to_come_again_and_holds_no_more_than_its_limit() {
        let bodies = Bodies::of(8 << 20, 64 << 10);
        let held = read(pieces(1, 60 << 10), None, false, &bodies).await.unwrap();
        let soon = Duration::from_millis(200);
        let late = read_patiently(pieces(1, 40 << 10), None, false, &bodies, soon).await;
        assert_eq!(late.unwrap_err(), BodyError::Busy);
        drop(held);
        assert_eq!(free_bytes(&bodies), (8 << 20) + (64 << 10));
        assert!(read(pieces(1, 40 << 10), None, false, &bodies).await.is_ok());
    }

    #[tokio::test]
    async fn who_sends_slowly_loses_its_share_to_others() {
        for declared in [None, Some(900 << 10)] {
            let bodies = Bodies::of(1 << 20, 64 << 10);
            let slow = bodies.clone();
            let slow = tokio::spawn(async move {
                let body = stalled(40 << 10);
                let began = Instant::now();
                (read(body, declared, false, &slow).await.unwrap_err(), began.elapsed())
            });
            tokio::time::sleep(Duration::from_millis(200)).await;
            let began = Instant::now();
            let size = declared.unwrap_or(40 << 10);
            let body = pieces(10, usize::try_from(size).unwrap() / 10);
            assert!(read(body, declared, false, &bodies).await.is_ok());
            assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
            let (error, after) = slow.await.unwrap();
            assert_eq!(error, BodyError::TooSlow);
            assert!(after < Duration::from_secs(2), "{after:?}");
        }
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_none() {
        let cut = futures_util::stream::iter([
            Ok(Bytes::from_static(b"x")),
            Err(std::io::Error::other("gone")),
        ]);
        let bodies = Bodies::default();
        let error = read(Body::from_stream(cut), None, false, &bodies).await.unwrap_err();
        assert_eq!(error, BodyError::Cut);
    }
}
