//! What pages say of environments: one text for each subject, opaque here.

use super::EnvironmentKey;
use super::error::StoreError;
use super::handle::{Millis, Store};
use super::overview::{Stretch, named, stretch};
use super::statement::Statement;

/// What was noted of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentNote {
    /// Of which.
    pub key: EnvironmentKey,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub content: String,
    /// When it was noted.
    pub updated_at: Millis,
}

impl Store {
    /// Notes something of an environment in the place of what was noted on that subject before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_of_environment(&self, note: &EnvironmentNote) -> Result<(), StoreError> {
        const NOTE: &str = "INSERT INTO environment_notes (repository, application, environment, \
             subject, content, updated_at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (repository, application, environment, subject) DO UPDATE SET \
             content = excluded.content, updated_at = excluded.updated_at \
             WHERE environment_notes.content <> excluded.content \
             OR environment_notes.updated_at < excluded.updated_at - 60000";
        let EnvironmentKey { repository, application, environment } = &note.key;
        let values = [
            repository.into(),
            application.into(),
            environment.into(),
            (&note.subject).into(),
            (&note.content).into(),
            note.updated_at.into(),
        ];
        let touched = self.database.execute(NOTE, &values).await;
        touched.map(|_| ()).map_err(StoreError::while_to("note something of an environment"))
    }

    /// What was noted in these repositories.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn notes_of_environments(
        &self,
        of: &Stretch<'_>,
    ) -> Result<Vec<EnvironmentNote>, StoreError> {
        const FIND: Statement = Statement::of_each(
            concat!(
                "SELECT * FROM environment_notes WHERE ",
                stretch!("SELECT value FROM json_each($1)"),
                " ORDER BY repository, application, environment, subject"
            ),
            concat!(
                "SELECT * FROM environment_notes WHERE ",
                stretch!("SELECT json_array_elements_text($1::json)"),
                " ORDER BY repository, application, environment, subject"
            ),
        );
        let read = async {
            let rows = self.database.fetch(FIND, &of.values(&named(of.repositories))).await?;
            let note = |row: &super::database::Row| {
                Ok::<_, sqlx::Error>(EnvironmentNote {
                    key: EnvironmentKey {
                        repository: row.text("repository")?,
                        application: row.text("application")?,
                        environment: row.text("environment")?,
                    },
                    subject: row.text("subject")?,
                    content: row.text("content")?,
                    updated_at: row.int("updated_at")?,
                })
            };
            rows.iter().map(note).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(StoreError::while_to("look what was noted of environments"))
    }
}
