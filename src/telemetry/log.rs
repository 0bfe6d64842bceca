//! The subscriber: text for a person at a terminal, JSON for machines, credentials taken out of both.

use std::io::{self, Write};
use std::sync::Arc;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

use crate::redact::Scrubber;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object for each line.
    Json,
}

/// Sends all log lines to standard error, scrubbed. Later calls in the same process change nothing.
///
/// `filter` has levels by target, as in `RUST_LOG=info,overlift::app=debug`; an invalid one counts
/// as `info`.
pub fn start_logging(format: LogFormat, filter: &str, scrubber: Scrubber) {
    let writer = RedactingWriter { scrubber: Arc::new(scrubber), sink: io::stderr };
    let lines = fmt::layer().with_writer(writer);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(false).with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).boxed(),
    };
    // A second subscriber is refused; the first one stays.
    let _ = registry().with(lines.with_filter(levels(filter))).try_init();
}

/// The levels of a filter; of a broken one, the default.
fn levels(filter: &str) -> Targets {
    let parse = |filter: &str| filter.parse::<Targets>();
    parse(filter).or_else(|_| parse("info")).expect("the default filter is one")
}

/// Makes writers that scrub; `sink` makes what they write to.
struct RedactingWriter<F> {
    scrubber: Arc<Scrubber>,
    sink: F,
}

/// Collects one event and writes it, scrubbed, when the event is complete. A credential could otherwise
/// slip through in two halves.
struct RedactingEvent<W: Write> {
    scrubber: Arc<Scrubber>,
    sink: W,
    event: Vec<u8>,
}

impl<'a, W: Write, F: Fn() -> W + 'a> MakeWriter<'a> for RedactingWriter<F> {
    type Writer = RedactingEvent<W>;

    fn make_writer(&'a self) -> Self::Writer {
        RedactingEvent {
            scrubber: Arc::clone(&self.scrubber),
            sink: (self.sink)(),
            event: Vec::new(),
        }
    }
}

impl<W: Write> Write for RedactingEvent<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.event.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Drop for RedactingEvent<W> {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.event);
        // Nobody is left to be told that a log line could not be written.
        let _ = self.sink.write_all(self.scrubber.scrub(&text).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::redact::Credential;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn levels_are_given_by_target() {
        use tracing::Level;
        let shows = |filter: &str, target: &str, level| levels(filter).would_enable(target, &level);
        assert!(shows("info", "overlift::app", Level::INFO));
        assert!(!shows("info", "overlift::app", Level::DEBUG));
        assert!(shows("warn,hyper_util=debug", "hyper_util::client", Level::DEBUG));
        assert!(shows("no=such=filter", "overlift", Level::INFO));
        assert!(!shows("error,overlift::store=debug", "overlift::app", Level::WARN));
    }

    #[test]
    fn a_credential_that_was_logged_does_not_arrive() {
        let sink = Shared::default();
        let writer = {
            let sink = sink.clone();
            let secret = Credential::new("webhook secret", "open-sesame").unwrap();
            RedactingWriter {
                scrubber: Arc::new(Scrubber::new([secret])),
                sink: move || sink.clone(),
            }
        };
        let subscriber = tracing_subscriber::fmt().json().with_writer(writer).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "open-sesame!");
        });
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("<redacted>!"), "{text}");
        assert!(!text.contains("16C7e42F") && !text.contains("sesame"), "{text}");
        assert!(text.ends_with("}\n"), "one line for each event: {text}");
    }
}
