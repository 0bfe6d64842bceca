//! Deliveries: each is on disk before it is answered, and known when it comes again.
//!
//! A commit to disk costs milliseconds, whatever is in it. So deliveries that arrive at the same time
//! share one: whoever has one hands it to the [`Inbox`] and waits; the [`InboxWriter`] takes all that wait,
//! commits them together and answers each. Under load the batches grow by themselves, without load
//! nobody waits for company.

use std::collections::BTreeSet;
use std::future::Future;

use tokio::sync::{mpsc, oneshot};

use super::database::Transaction;
use super::error::StoreError;
use super::evidence::{Evidence, hear};
use super::handle::{Millis, Store};
use super::job::{NewJob, enqueue_in};
use super::statement::Statement;

/// How many deliveries may wait to be written.
const INBOX_SIZE: usize = 1024;

/// How many deliveries one commit takes at most.
const BATCH_SIZE: usize = 256;

/// A delivery with the jobs that follow from it.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The id that GitHub gave it.
    pub id: String,
    /// The event's name.
    pub event: String,
    /// Where it happened.
    pub repository: Option<String>,
    /// What becomes of it, such as `queued` or `ignored`.
    pub state: &'static str,
    /// When it arrived.
    pub received_at: Millis,
    /// What it says of environments; noted in the same commit.
    pub evidence: Vec<Evidence>,
    /// What is to be done; queued in the same commit.
    pub jobs: Vec<NewJob>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It is on disk, and so are its jobs.
    New,
    /// It was there already; nothing was queued.
    Duplicate,
}

struct Incoming {
    delivery: Delivery,
    answer: oneshot::Sender<Result<Receipt, StoreError>>,
}

/// Where deliveries are handed in. Cloning shares the writer.
#[derive(Clone, Debug)]
pub struct Inbox(mpsc::Sender<Incoming>);

/// Writes what is handed in.
pub struct InboxWriter {
    store: Store,
    incoming: mpsc::Receiver<Incoming>,
}

impl Inbox {
    /// Waits until the delivery and its jobs are on disk.
    ///
    /// # Errors
    /// [`StoreError`] if it could not be written; then it is not known, and may be sent again.
    pub async fn take(&self, delivery: Delivery) -> Result<Receipt, StoreError> {
        let (answer, written) = oneshot::channel();
        let sent = self.0.send(Incoming { delivery, answer }).await;
        sent.map_err(|_| StoreError::Closed)?;
        written.await.map_err(|_| StoreError::Closed)?
    }
}

impl InboxWriter {
    /// Writes until `stop` comes and all that was handed in before is written.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut stopping = false;
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                () = &mut stop, if !stopping => {
                    stopping = true;
                    self.incoming.close();
                }
                count = self.incoming.recv_many(&mut batch, BATCH_SIZE) => {
                    if count == 0 {
                        return;
                    }
                    self.write(std::mem::take(&mut batch)).await;
                }
            }
        }
    }

    /// Writes a batch, and if that fails each of it alone, so that one that cannot be stored takes no
    /// other with it.
    async fn write(&self, batch: Vec<Incoming>) {
        let (deliveries, answers): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|incoming| (incoming.delivery, incoming.answer)).unzip();
        match self.store.take_deliveries(&deliveries).await {
            Ok(receipts) => {
                for (answer, receipt) in answers.into_iter().zip(receipts) {
                    // Whoever does not wait any more will ask again.
                    let _ = answer.send(Ok(receipt));
                }
            }
            Err(error) if answers.len() == 1 => {
                if let Some(answer) = answers.into_iter().next() {
                    let _ = answer.send(Err(error));
                }
            }
            Err(_) => {
                for (delivery, answer) in deliveries.iter().zip(answers) {
                    let receipt = self.store.take_deliveries(std::slice::from_ref(delivery)).await;
                    let _ = answer.send(receipt.map(|receipts| receipts[0]));
                }
            }
        }
    }
}

impl Store {
    /// The place where deliveries are handed in, and the writer that somebody has to run.
    #[must_use]
    pub fn inbox(&self) -> (Inbox, InboxWriter) {
        let (sender, incoming) = mpsc::channel(INBOX_SIZE);
        (Inbox(sender), InboxWriter { store: self.clone(), incoming })
    }

    /// Writes deliveries and their jobs in one commit; the receipts are in the order of the deliveries.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then none of them is written.
    pub async fn take_deliveries(
        &self,
        deliveries: &[Delivery],
    ) -> Result<Vec<Receipt>, StoreError> {
        let run = async {
            match self.take_new(deliveries).await? {
                Some(receipts) => Ok(receipts),
                None => self.take_some(deliveries).await,
            }
        };
        run.await.map_err(StoreError::while_to("store a delivery"))
    }

    /// Takes deliveries of which none came before; `None`, and nothing is written, if one did.
    async fn take_new(&self, deliveries: &[Delivery]) -> Result<Option<Vec<Receipt>>, sqlx::Error> {
        let mut tx = self.database.begin().await?;
        let inserted = tx.execute(INSERT, &[(&rows(deliveries)).into()]).await?;
        if inserted < deliveries.len() as u64 {
            tx.roll_back().await?;
            return Ok(None);
        }
        self.queue_jobs(&mut tx, deliveries.iter()).await?;
        tx.commit().await?;
        Ok(Some(vec![Receipt::New; deliveries.len()]))
    }

    /// Takes those that did not come before. It costs more, since the database has to say which those are.
    async fn take_some(&self, deliveries: &[Delivery]) -> Result<Vec<Receipt>, sqlx::Error> {
        let mut tx = self.database.begin().await?;
        let inserted = tx.fetch(INSERT_RETURNING, &[(&rows(deliveries)).into()]).await?;
        let mut new: BTreeSet<String> =
            inserted.iter().map(|row| row.text("id")).collect::<Result<_, _>>()?;
        let is_new: Vec<bool> = deliveries.iter().map(|it| new.remove(&it.id)).collect();
        let taken = deliveries.iter().zip(&is_new).filter(|(_, is_new)| **is_new);
        self.queue_jobs(&mut tx, taken.map(|(delivery, _)| delivery)).await?;
        tx.commit().await?;
        let receipt = |is_new| if is_new { Receipt::New } else { Receipt::Duplicate };
        Ok(is_new.into_iter().map(receipt).collect())
    }

    async fn queue_jobs(
        &self,
        tx: &mut Transaction,
        deliveries: impl Iterator<Item = &Delivery>,
    ) -> Result<(), sqlx::Error> {
        let (mut jobs, mut now) = (Vec::<&NewJob>::new(), 0);
        let deliveries: Vec<&Delivery> = deliveries.collect();
        hear(tx, deliveries.iter().flat_map(|delivery| &delivery.evidence)).await?;
        // In the order in which they came: the newest payload wins a merge. Of equal ones in a row, one will do.
        for delivery in deliveries {
            for job in &delivery.jobs {
                let same = |last: &&NewJob| last.key == job.key && last.payload == job.payload;
                if !jobs.last().is_some_and(same) {
                    jobs.push(job);
                }
            }
            now = now.max(delivery.received_at);
        }
        let jobs = jobs.into_iter().cloned().collect();
        enqueue_in(tx, jobs, self.merge, now).await
    }

    /// Whether a delivery was taken already.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn knows_delivery(&self, id: &str) -> Result<bool, StoreError> {
        const FIND: &str = "SELECT id FROM deliveries WHERE id = $1";
        let rows = self.database.fetch(FIND, &[id.into()]).await;
        Ok(!rows.map_err(StoreError::while_to("look for a delivery"))?.is_empty())
    }
}

// All in one statement: one for each would cost a change of threads for each (SQLite) or a round trip
// (PostgreSQL). On PostgreSQL in the order of the ids, so that two processes cannot wait for each other.
const INSERT: Statement = Statement::of_each(
    "INSERT INTO deliveries (id, event, repository, state, received_at) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 \
     FROM json_each($1) WHERE true ON CONFLICT (id) DO NOTHING",
    "INSERT INTO deliveries (id, event, repository, state, received_at) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, (value ->> 4)::bigint \
     FROM jsonb_array_elements($1::jsonb) AS rows (value) ORDER BY value ->> 0 \
     ON CONFLICT (id) DO NOTHING",
);

const INSERT_RETURNING: Statement = Statement::of_each(
    "INSERT INTO deliveries (id, event, repository, state, received_at) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 \
     FROM json_each($1) WHERE true ON CONFLICT (id) DO NOTHING RETURNING id",
    "INSERT INTO deliveries (id, event, repository, state, received_at) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, (value ->> 4)::bigint \
     FROM jsonb_array_elements($1::jsonb) AS rows (value) ORDER BY value ->> 0 \
     ON CONFLICT (id) DO NOTHING RETURNING id",
);

/// The rows as one parameter.
fn rows(deliveries: &[Delivery]) -> String {
    let rows: Vec<_> = deliveries
        .iter()
        .map(|it| (&it.id, &it.event, &it.repository, it.state, it.received_at))
        .collect();
    serde_json::to_string(&rows).expect("texts and numbers can always be written")
}
