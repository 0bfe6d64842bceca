//! Reading a body that may be large, slow, endless, or cut off.
//!
//! GitHub sends up to 25 MB, mostly a few kilobytes. A small body is read at once; one that grows past that
//! waits for one of a few places, and is not read from the socket until it has one. So however many clients send
//! 25 MB at a time, a fixed amount of memory is used.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest body that is taken: 25 MB, as GitHub limits itself.
pub(super) const LIMIT_BYTES: usize = 25 << 20;

/// Up to here a body needs no place among the large ones.
const SMALL_BYTES: usize = 256 << 10;

/// How many large bodies are in memory at a time.
const LARGE_BODIES: usize = 4;

/// How much of a body that is too large is read and thrown away, so that its sender reads our answer instead of
/// finding the connection reset.
const DRAINED_BYTES: usize = 100 << 20;

/// How long a body may take. GitHub gives up after ten seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// The places for large bodies.
#[derive(Clone)]
pub(super) struct LargeBodies(Arc<Semaphore>);

impl Default for LargeBodies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LARGE_BODIES)))
    }
}

/// A whole body. Its place is free again when it is dropped.
#[derive(Debug)]
pub(super) struct WholeBody {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    _place: Option<OwnedSemaphorePermit>,
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
    /// No place for a large body became free in time.
    Busy,
}

/// Reads a body to its end. `declared` is its length if the sender said so, and `waits` tells that the sender
/// does not begin before we ask (`Expect: 100-continue`).
pub(super) async fn read(
    body: Body,
    declared: Option<u64>,
    waits: bool,
    places: &LargeBodies,
) -> Result<WholeBody, BodyError> {
    let too_large = declared.is_some_and(|bytes| bytes > LIMIT_BYTES as u64);
    if too_large && waits {
        return Err(BodyError::TooLarge);
    }
    let mut reader = Reader { body, whole: Vec::new(), place: None };
    let reading = async {
        if too_large { Err(BodyError::TooLarge) } else { reader.read(declared, places).await }
    };
    let result = match tokio::time::timeout(PATIENCE, reading).await {
        Ok(result) => result,
        Err(_) if reader.place.is_none() && reader.whole.len() >= SMALL_BYTES => {
            Err(BodyError::Busy)
        }
        Err(_) => Err(BodyError::TooSlow),
    };
    match result {
        Ok(()) => Ok(WholeBody { bytes: reader.whole, _place: reader.place }),
        Err(BodyError::TooLarge) => {
            // Memory and place go first: what follows is thrown away piece by piece.
            (reader.whole, reader.place) = (Vec::new(), None);
            let _ = tokio::time::timeout(PATIENCE, reader.drain()).await;
            Err(BodyError::TooLarge)
        }
        Err(error) => Err(error),
    }
}

struct Reader {
    body: Body,
    whole: Vec<u8>,
    place: Option<OwnedSemaphorePermit>,
}

impl Reader {
    async fn read(&mut self, declared: Option<u64>, places: &LargeBodies) -> Result<(), BodyError> {
        let declared = declared.and_then(|bytes| usize::try_from(bytes).ok());
        self.whole.reserve_exact(declared.unwrap_or(0).min(SMALL_BYTES));
        let mut stream = std::mem::take(&mut self.body).into_data_stream();
        let result = loop {
            let Some(piece) = stream.next().await else { break Ok(()) };
            let Ok(piece) = piece else { break Err(BodyError::Cut) };
            let bytes = self.whole.len() + piece.len();
            if bytes > LIMIT_BYTES {
                break Err(BodyError::TooLarge);
            }
            if bytes > SMALL_BYTES && self.place.is_none() {
                self.take_place(declared.unwrap_or(LIMIT_BYTES), places).await?;
            }
            self.whole.extend_from_slice(&piece);
        };
        self.body = Body::from_stream(stream);
        result
    }

    async fn take_place(&mut self, bytes: usize, places: &LargeBodies) -> Result<(), BodyError> {
        let place = Arc::clone(&places.0).acquire_owned().await;
        self.place = Some(place.map_err(|_| BodyError::Busy)?);
        // Once and exactly: doubling would need the bytes twice. Pages that are not written cost nothing.
        self.whole.reserve_exact(bytes.min(LIMIT_BYTES).saturating_sub(self.whole.len()));
        Ok(())
    }

    async fn drain(&mut self) {
        let mut stream = std::mem::take(&mut self.body).into_data_stream();
        let mut drained = 0;
        while let Some(Ok(piece)) = stream.next().await {
            drained += Bytes::len(&piece);
            if drained > DRAINED_BYTES {
                return;
            }
        }
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

    #[tokio::test]
    async fn takes_25_megabytes_and_not_one_byte_more() {
        let places = LargeBodies::default();
        let whole = read(pieces(25, 1 << 20), None, false, &places).await.unwrap();
        assert_eq!(whole.bytes.len(), LIMIT_BYTES);
        drop(whole);
        let one_more =
            pieces(25, 1 << 20).into_data_stream().chain(pieces(1, 1).into_data_stream());
        let body = Body::from_stream(one_more);
        assert_eq!(read(body, None, false, &places).await.unwrap_err(), BodyError::TooLarge);
        let declared = Some(LIMIT_BYTES as u64 + 1);
        let error = read(pieces(26, 1 << 20), declared, false, &places).await.unwrap_err();
        assert_eq!(error, BodyError::TooLarge);
        assert_eq!(places.0.available_permits(), LARGE_BODIES);
    }

    #[tokio::test]
    async fn a_large_body_waits_for_a_place_and_small_ones_pass() {
        let places = LargeBodies::default();
        let mut held = Vec::new();
        for _ in 0..LARGE_BODIES {
            held.push(read(pieces(2, 1 << 20), None, false, &places).await.unwrap());
        }
        let mut waiting = Box::pin(read(pieces(2, 1 << 20), None, false, &places));
        assert!(futures_util::FutureExt::now_or_never(&mut waiting).is_none());
        let small = read(pieces(1, 1000), None, false, &places).await.unwrap();
        assert_eq!(small.bytes.len(), 1000);
        held.pop();
        assert_eq!(waiting.await.unwrap().bytes.len(), 2 << 20);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_none() {
        let cut = futures_util::stream::iter([
            Ok(Bytes::from_static(b"x")),
            Err(std::io::Error::other("gone")),
        ]);
        let places = LargeBodies::default();
        let error = read(Body::from_stream(cut), None, false, &places).await.unwrap_err();
        assert_eq!(error, BodyError::Cut);
    }
}
