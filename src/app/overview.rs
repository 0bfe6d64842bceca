//! What the pages and `/api/v1` show: promotions, environments, the queue; read from the store alone.
//!
//! Nothing is asked from GitHub here, so that two hundred open pages cost it nothing, and nothing is
//! written. Texts are those of the pull request, masked before they were ever stored.

mod environments;
mod evidence;
mod promotions;
mod question;
mod queue;

pub use environments::{EnvironmentCell, EnvironmentList};
pub use evidence::EvidenceLine;
pub use promotions::PromotionLine;
pub use question::{LARGEST_PAGE, Part, Question};
pub use queue::{JobLine, QueuePage};

use super::App;
use crate::store::{Millis, StoreError};

impl App {
    /// A value that is another one once something changed that pages show.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn generation(&self) -> Result<(Millis, Millis), StoreError> {
        self.store.generation().await
    }

    /// The time, as pages tell it.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }
}
