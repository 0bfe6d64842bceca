//! What was heard of environments, and at which commits they are what they are.

use super::database::{Row, Transaction};
use super::error::StoreError;
use super::handle::{Millis, Store};
use super::statement::Value;

/// What a source said of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The repository.
    pub repository: String,
    /// What the source is, such as `status`.
    pub kind: String,
    /// The source's name.
    pub name: String,
    /// The commit.
    pub commit: String,
    /// The application that it speaks of; empty if it does not say.
    pub application: String,
    /// The environment that it speaks of; empty if it does not say.
    pub environment: String,
    /// `healthy`, `degraded` or another word.
    pub state: String,
    /// Its own words.
    pub message: String,
    /// Where to read more.
    pub url: Option<String>,
    /// When it happened, by the source's clock.
    pub at: Millis,
    /// When it was heard.
    pub heard: Millis,
}

/// The newest word of a source on a commit, with what came before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEvidence {
    /// The newest word.
    pub newest: Evidence,
    /// The first healthy word after the last degraded one.
    pub healthy_since: Option<Millis>,
    /// The last degraded word.
    pub degraded_at: Option<Millis>,
}

/// Which environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnvironmentKey {
    /// The repository.
    pub repository: String,
    /// The application; empty in a repository without them.
    pub application: String,
    /// The environment.
    pub environment: String,
}

/// An environment that something is known of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEnvironment {
    /// Which.
    pub key: EnvironmentKey,
    /// The commit that last changed what it builds from.
    pub commit: String,
    /// A hash over those files.
    pub inputs: String,
    /// Whether GitHub was asked what it knows of that commit.
    pub asked_at: Option<Millis>,
    /// The environments that are promoted once this one is healthy, as a JSON list.
    pub leads_to: String,
}

/// So many commits of an environment are remembered.
const MOST_COMMITS: i64 = 500;

impl Store {
    /// Notes what was heard, each unless something newer was heard before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_evidence(&self, evidence: &[Evidence]) -> Result<(), StoreError> {
        let run = async {
            let mut tx = self.database.begin().await?;
            hear(&mut tx, evidence.iter()).await?;
            tx.commit().await
        };
        run.await.map_err(StoreError::while_to("note evidence"))
    }

    /// What is known of the commits at which an environment builds from the same files as now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn evidence_of(&self, of: &EnvironmentKey) -> Result<Vec<KnownEvidence>, StoreError> {
        const FIND: &str = "SELECT evidence.* FROM evidence JOIN environment_commits AS same \
             ON same.repository = evidence.repository AND same.commit_sha = evidence.commit_sha \
             WHERE same.repository = $1 AND same.application = $2 AND same.environment = $3 \
             ORDER BY evidence.kind, evidence.name, evidence.at";
        let read = async {
            let rows = self.database.fetch(FIND, &of.values()).await?;
            rows.iter().map(read_evidence).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(StoreError::while_to("look for evidence"))
    }

    /// The environments of a repository that something is known of.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn environments(
        &self,
        repository: &str,
    ) -> Result<Vec<KnownEnvironment>, StoreError> {
        const ALL: &str = "SELECT * FROM environments WHERE repository = $1 \
             ORDER BY application, environment";
        let read = async {
            let rows = self.database.fetch(ALL, &[repository.into()]).await?;
            rows.iter().map(read_environment).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(StoreError::while_to("look for environments"))
    }

    /// The environments of a repository that are what they are at a commit.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn environments_at(
        &self,
        repository: &str,
        commit: &str,
    ) -> Result<Vec<KnownEnvironment>, StoreError> {
        const AT: &str = "SELECT environments.* FROM environments JOIN environment_commits AS same \
             ON same.repository = environments.repository \
             AND same.application = environments.application \
             AND same.environment = environments.environment \
             WHERE same.repository = $1 AND same.commit_sha = $2 \
             ORDER BY environments.application, environments.environment";
        let read = async {
            let rows = self.database.fetch(AT, &[repository.into(), commit.into()]).await?;
            rows.iter().map(read_environment).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(StoreError::while_to("look for environments"))
    }

    /// Notes at which commits an environment is what it is; others are forgotten if its files are others.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_environment(
        &self,
        known: &KnownEnvironment,
        commits: &[String],
        now: Millis,
    ) -> Result<(), StoreError> {
        let run = async {
            let mut tx = self.database.begin().await?;
            write_environment(&mut tx, known, commits, now).await?;
            tx.commit().await
        };
        run.await.map_err(StoreError::while_to("note an environment"))
    }

    /// Forgets the environments of a repository that are not among these.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_environment(&self, of: &EnvironmentKey) -> Result<(), StoreError> {
        const FORGET: &str = "DELETE FROM environments WHERE repository = $1 AND application = $2 \
             AND environment = $3";
        let touched = self.database.execute(FORGET, &of.values()).await;
        touched.map(|_| ()).map_err(StoreError::while_to("forget an environment"))
    }

    /// The repositories that have a commit at which an environment is what it is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn repositories_with_commit(&self, commit: &str) -> Result<Vec<String>, StoreError> {
        const FIND: &str = "SELECT DISTINCT repository FROM environment_commits \
             WHERE commit_sha = $1 ORDER BY repository";
        let read = async {
            let rows = self.database.fetch(FIND, &[commit.into()]).await?;
            rows.iter().map(|row| row.text("repository")).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(StoreError::while_to("look for a commit"))
    }
}

impl EnvironmentKey {
    fn values(&self) -> [Value<'_>; 3] {
        [(&self.repository).into(), (&self.application).into(), (&self.environment).into()]
    }
}

fn with<'a>(key: &[Value<'a>; 3], more: Vec<Value<'a>>) -> Vec<Value<'a>> {
    [key.to_vec(), more].concat()
}

async fn write_environment(
    tx: &mut Transaction,
    known: &KnownEnvironment,
    commits: &[String],
    now: Millis,
) -> Result<(), sqlx::Error> {
    const FORGET_OTHERS: &str = "DELETE FROM environment_commits WHERE repository = $1 \
         AND application = $2 AND environment = $3 AND NOT EXISTS (SELECT 1 FROM environments \
         WHERE environments.repository = $1 AND environments.application = $2 \
         AND environments.environment = $3 AND environments.inputs = $4)";
    const NOTE: &str = "INSERT INTO environments (repository, application, environment, commit_sha, \
         inputs, asked_at, leads_to, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (repository, application, environment) DO UPDATE SET \
         commit_sha = excluded.commit_sha, inputs = excluded.inputs, asked_at = excluded.asked_at, \
         leads_to = excluded.leads_to, updated_at = excluded.updated_at";
    const COMMIT: &str = "INSERT INTO environment_commits (repository, application, environment, \
         commit_sha, noted_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (repository, application, environment, commit_sha) DO NOTHING";
    const FORGET_OLD: &str = "DELETE FROM environment_commits WHERE repository = $1 \
         AND application = $2 AND environment = $3 AND commit_sha <> $4 AND noted_at < \
         (SELECT MIN(noted_at) FROM (SELECT noted_at FROM environment_commits WHERE repository = $1 \
         AND application = $2 AND environment = $3 ORDER BY noted_at DESC LIMIT $5) AS newest)";
    let key = known.key.values();
    tx.execute(FORGET_OTHERS, &with(&key, vec![(&known.inputs).into()])).await?;
    let note = vec![
        (&known.commit).into(),
        (&known.inputs).into(),
        known.asked_at.into(),
        (&known.leads_to).into(),
        now.into(),
    ];
    tx.execute(NOTE, &with(&key, note)).await?;
    for commit in commits {
        tx.execute(COMMIT, &with(&key, vec![commit.into(), now.into()])).await?;
    }
    tx.execute(FORGET_OLD, &with(&key, vec![(&known.commit).into(), MOST_COMMITS.into()])).await?;
    Ok(())
}

/// Writes what was heard, in the order in which it was.
pub(super) async fn hear<'a>(
    tx: &mut Transaction,
    evidence: impl Iterator<Item = &'a Evidence>,
) -> Result<(), sqlx::Error> {
    // A healthy word begins to soak, a degraded one ends that, any other leaves it as it is. What is older
    // than what is known changes nothing; what is said again neither.
    const HEAR: &str = "INSERT INTO evidence (repository, kind, name, commit_sha, application, \
         environment, state, message, url, at, heard, healthy_since, degraded_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
         CAST($11 AS BIGINT), CASE WHEN $7 = 'healthy' THEN CAST($11 AS BIGINT) END, \
         CASE WHEN $7 = 'degraded' THEN CAST($11 AS BIGINT) END) \
         ON CONFLICT (repository, commit_sha, kind, name, application, environment) DO UPDATE SET \
         state = excluded.state, message = excluded.message, url = excluded.url, at = excluded.at, \
         heard = excluded.heard, healthy_since = CASE excluded.state \
         WHEN 'healthy' THEN COALESCE(evidence.healthy_since, excluded.heard) \
         WHEN 'degraded' THEN NULL ELSE evidence.healthy_since END, \
         degraded_at = COALESCE(excluded.degraded_at, evidence.degraded_at) \
         WHERE excluded.at >= evidence.at AND (excluded.state <> evidence.state \
         OR excluded.message <> evidence.message OR excluded.at <> evidence.at)";
    for it in evidence {
        let values = [
            (&it.repository).into(),
            (&it.kind).into(),
            (&it.name).into(),
            (&it.commit).into(),
            (&it.application).into(),
            (&it.environment).into(),
            (&it.state).into(),
            (&it.message).into(),
            it.url.as_deref().into(),
            it.at.into(),
            it.heard.into(),
        ];
        tx.execute(HEAR, &values).await?;
    }
    Ok(())
}

fn read_evidence(row: &Row) -> Result<KnownEvidence, sqlx::Error> {
    Ok(KnownEvidence {
        newest: Evidence {
            repository: row.text("repository")?,
            kind: row.text("kind")?,
            name: row.text("name")?,
            commit: row.text("commit_sha")?,
            application: row.text("application")?,
            environment: row.text("environment")?,
            state: row.text("state")?,
            message: row.text("message")?,
            url: row.maybe_text("url")?,
            at: row.int("at")?,
            heard: row.int("heard")?,
        },
        healthy_since: row.maybe_int("healthy_since")?,
        degraded_at: row.maybe_int("degraded_at")?,
    })
}

fn read_environment(row: &Row) -> Result<KnownEnvironment, sqlx::Error> {
    Ok(KnownEnvironment {
        key: EnvironmentKey {
            repository: row.text("repository")?,
            application: row.text("application")?,
            environment: row.text("environment")?,
        },
        commit: row.text("commit_sha")?,
        inputs: row.text("inputs")?,
        asked_at: row.maybe_int("asked_at")?,
        leads_to: row.text("leads_to")?,
    })
}
