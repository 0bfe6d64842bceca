//! `overlift serve`: the service.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::outcome::{self, Outcome};
use super::system;
use crate::app::{App, Clock, Prometheus, merge_payloads, plan_in_sandbox};
use crate::config::{Identity, NOTICES, RawSettings, Settings};
use crate::github::{Authentication, Github, GithubSettings, SignIn};
use crate::model::ReceiverName;
use crate::notices::{Receiver, Receivers};
use crate::redact::Scrubber;
use crate::server::{self, PageSettings};
use crate::store::Store;
use crate::telemetry::{LogFormat, metric, start_logging};

/// How many bytes of trees and files of repositories are kept: in memory little, on disk more.
const MEMORY_CACHE_BYTES: u64 = 64 << 20;
const DISK_CACHE_BYTES: u64 = 1 << 30;

/// How long a request to GitHub may take. GitHub itself gives up after ten seconds.
const GITHUB_PATIENCE: Duration = Duration::from_secs(15);

/// Answers GitHub's webhooks with promotions.
///
/// Every flag has a variable. Credentials belong into variables or files, since other people of
/// the machine can read flags.
#[derive(Args)]
pub(super) struct ServeArguments {
    /// Address to listen on [default: 127.0.0.1:8080].
    #[arg(long, env = "OVERLIFT_LISTEN", value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Another address for `/metrics`, which then is nowhere else.
    #[arg(long, env = "OVERLIFT_METRICS_LISTEN", value_name = "HOST:PORT")]
    metrics_listen: Option<String>,
    /// Secrets of the webhook, separated by commas while they are rotated.
    #[arg(long, env = "OVERLIFT_WEBHOOK_SECRET", value_name = "SECRETS", hide_env_values = true)]
    webhook_secret: Option<String>,
    /// File with the secrets of the webhook.
    #[arg(long, env = "OVERLIFT_WEBHOOK_SECRET_FILE", value_name = "FILE")]
    webhook_secret_file: Option<String>,
    /// Base of GitHub's API [default: `https://api.github.com`].
    #[arg(long, env = "GITHUB_API_URL", value_name = "URL")]
    github_api_url: Option<String>,
    /// Personal or workflow token.
    #[arg(long, env = "GITHUB_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    github_token: Option<String>,
    /// Id of the GitHub App.
    #[arg(long, env = "OVERLIFT_APP_ID", value_name = "ID")]
    app_id: Option<String>,
    /// Private key of the GitHub App, in PEM.
    #[arg(long, env = "OVERLIFT_APP_PRIVATE_KEY", value_name = "PEM", hide_env_values = true)]
    app_private_key: Option<String>,
    /// File with the private key of the GitHub App.
    #[arg(long, env = "OVERLIFT_APP_PRIVATE_KEY_FILE", value_name = "FILE")]
    app_private_key_file: Option<String>,
    /// Database [default: sqlite://overlift.db?mode=rwc].
    #[arg(long, env = "OVERLIFT_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Directory that keeps files of repositories [default: memory].
    #[arg(long, env = "OVERLIFT_CACHE_DIR", value_name = "DIR")]
    cache_dir: Option<String>,
    /// Prometheus that health queries go to, such as `http://prometheus.monitoring:9090`.
    #[arg(long, env = "OVERLIFT_PROMETHEUS_URL", value_name = "URL")]
    prometheus_url: Option<String>,
    /// Token for Prometheus.
    #[arg(long, env = "OVERLIFT_PROMETHEUS_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    prometheus_token: Option<String>,
    /// File with the token for Prometheus.
    #[arg(long, env = "OVERLIFT_PROMETHEUS_TOKEN_FILE", value_name = "FILE")]
    prometheus_token_file: Option<String>,
    // Each name has a variable of its own, which clap does not know how to tell.
    #[arg(
        long,
        value_name = "NAME=URL",
        help = "Where notices for a name go [env: OVERLIFT_NOTICES_<NAME>_URL]"
    )]
    notices_url: Vec<String>,
    #[arg(
        long,
        value_name = "NAME=SECRET",
        help = "What notices for a name are signed with [env: OVERLIFT_NOTICES_<NAME>_SECRET]"
    )]
    notices_secret: Vec<String>,
    /// Token that opens all pages; without it and without a sign-in with GitHub there are none.
    #[arg(long, env = "OVERLIFT_PAGE_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    page_token: Option<String>,
    /// File with the token that opens the pages.
    #[arg(long, env = "OVERLIFT_PAGE_TOKEN_FILE", value_name = "FILE")]
    page_token_file: Option<String>,
    /// Client id of the GitHub App: people sign in to it and see the pages of what they can read.
    #[arg(long, env = "OVERLIFT_APP_CLIENT_ID", value_name = "ID")]
    app_client_id: Option<String>,
    /// Client secret of the GitHub App.
    #[arg(long, env = "OVERLIFT_APP_CLIENT_SECRET", value_name = "SECRET", hide_env_values = true)]
    app_client_secret: Option<String>,
    /// File with the client secret of the GitHub App.
    #[arg(long, env = "OVERLIFT_APP_CLIENT_SECRET_FILE", value_name = "FILE")]
    app_client_secret_file: Option<String>,
    /// What is logged, such as `info` or `overlift=debug`.
    #[arg(long, env = "OVERLIFT_LOG", value_name = "FILTER", default_value = "info")]
    log: String,
}

impl std::fmt::Debug for ServeArguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Half of them are credentials.
        f.write_str("ServeArguments")
    }
}

impl ServeArguments {
    pub(super) fn raw(&self) -> RawSettings {
        RawSettings {
            listen: self.listen.clone(),
            metrics_listen: self.metrics_listen.clone(),
            webhook_secret: self.webhook_secret.clone(),
            webhook_secret_file: self.webhook_secret_file.clone(),
            github_api_url: self.github_api_url.clone(),
            github_token: self.github_token.clone(),
            app_id: self.app_id.clone(),
            app_private_key: self.app_private_key.clone(),
            app_private_key_file: self.app_private_key_file.clone(),
            database_url: self.database_url.clone(),
            cache_dir: self.cache_dir.clone(),
            prometheus_url: self.prometheus_url.clone(),
            prometheus_token: self.prometheus_token.clone(),
            prometheus_token_file: self.prometheus_token_file.clone(),
            notices: self.notices(),
            page_token: self.page_token.clone(),
            page_token_file: self.page_token_file.clone(),
            app_client_id: self.app_client_id.clone(),
            app_client_secret: self.app_client_secret.clone(),
            app_client_secret_file: self.app_client_secret_file.clone(),
        }
    }
}

impl ServeArguments {
    /// The settings of notices; a flag takes the place of its variable.
    fn notices(&self) -> Vec<(String, String)> {
        let flags = [(&self.notices_url, "URL"), (&self.notices_secret, "SECRET")];
        let given = flags.into_iter().flat_map(|(texts, part)| {
            texts.iter().map(move |text| {
                let (name, value) = text.split_once('=').unwrap_or((text, ""));
                (variable_of(name, part), value.to_owned())
            })
        });
        let mut all: Vec<(String, String)> = given.collect();
        let flags: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
        all.extend(variables().filter(|(name, _)| !flags.contains(name)));
        all
    }
}

fn variable_of(name: &str, part: &str) -> String {
    let name = ReceiverName::parse(name).map_or_else(|_| name.to_owned(), |it| it.as_str().into());
    format!("{NOTICES}{name}_{part}")
}

/// The variables of notices. Those that are not set to anything are as if they were not there.
#[expect(clippy::disallowed_methods, reason = "their names are the operator's to make up")]
fn variables() -> impl Iterator<Item = (String, String)> {
    let texts = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut texts: Vec<(String, String)> =
        texts.filter(|(name, value)| name.starts_with(NOTICES) && !value.is_empty()).collect();
    texts.sort();
    texts.into_iter()
}

/// Twice what the process has in which a plan is tried, so that what is nested too deeply ends there: what it
/// could follow in 8 MiB overflowed the 2 MiB of a thread here, and the service with it.
const STACK_BYTES: usize = 16 << 20;

/// Serves until a signal says stop.
#[expect(clippy::disallowed_methods, reason = "plans are tried with this very program")]
pub(super) fn run(arguments: &ServeArguments, directory: &Path) -> outcome::Result {
    system::check_limits()?;
    // Database and cache are nobody else's to read.
    system::write_private_files();
    system::allow_many_files();
    enter(directory)?;
    let settings = Settings::check(&arguments.raw(), &read_file)?;
    let person = std::io::stderr().is_terminal();
    let format = if person { LogFormat::Text } else { LogFormat::Json };
    start_logging(format, &arguments.log, Scrubber::new(settings.credentials()));
    metric::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()?;
    if let Ok(program) = std::env::current_exe() {
        plan_in_sandbox(program);
    }
    runtime.block_on(serve(settings))?;
    // Whatever still computes: it ends with the process.
    runtime.shutdown_timeout(Duration::from_secs(2));
    Ok(Outcome::Done)
}

#[expect(clippy::disallowed_methods, reason = "`-C` is about this process")]
pub(super) fn enter(directory: &Path) -> anyhow::Result<()> {
    std::env::set_current_dir(directory)
        .with_context(|| format!("`{}` is no directory to work in", directory.display()))
}

#[expect(clippy::disallowed_methods, reason = "credentials may come from files outside a checkout")]
pub(super) fn read_file(path: &str) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let github = Github::new(&github_settings(&settings)).context("the settings cannot be used")?;
    let store = Store::open(settings.database_url.expose(), merge_payloads).await?;
    let listener = TcpListener::bind(&settings.listen)
        .await
        .with_context(|| format!("cannot listen on `{}`", settings.listen))?;
    let metrics = match &settings.metrics_listen {
        None => None,
        Some(address) => {
            let bound = TcpListener::bind(address).await;
            Some(bound.with_context(|| format!("cannot listen on `{address}`"))?)
        }
    };
    let prometheus = settings
        .prometheus_url
        .as_deref()
        .map(|url| Prometheus::new(url, settings.prometheus_token.clone()))
        .transpose()
        .context("Prometheus cannot be asked")?;
    let (app, writer) = App::new(store.clone(), github, Clock::system());
    let receivers = settings.receivers.iter().map(|(name, it)| {
        (name.clone(), Receiver { url: it.url.clone(), secret: it.secret.clone() })
    });
    let receivers = Receivers::new(receivers.collect()).context("notices cannot be sent")?;
    let sign_in = settings
        .sign_in
        .map(|(id, secret)| SignIn::new(&settings.github_api_url, &id, secret))
        .transpose()
        .context("nobody can sign in with GitHub")?;
    let has_pages = settings.page_token.is_some() || sign_in.is_some();
    let app = app.with_prometheus(prometheus).with_receivers(receivers).with_sign_in(sign_in);
    let stop = system::stop_on_signal()?;
    let (close_inbox, inbox_closed) = watch::channel(false);
    let writing = App::write_deliveries(writer, turned(inbox_closed))?;
    let working = tokio::spawn({
        let (app, stop) = (app.clone(), stop.clone());
        async move { app.work(stop).await }
    });
    tracing::info!(address = %listener.local_addr()?, "listening");
    if let Some(metrics) = &metrics {
        tracing::info!(address = %metrics.local_addr()?, "metrics");
    }
    let listeners = server::Listeners { webhooks: listener, metrics };
    let secrets = settings.webhook_secrets;
    if has_pages {
        let pages = PageSettings::new(settings.page_token, &settings.github_api_url);
        server::serve_with_pages(listeners, app, secrets, pages, turned(stop)).await;
    } else {
        server::serve(listeners, app, secrets, turned(stop)).await;
    }
    tracing::info!("stopping");
    working.await.context("the workers stopped")?;
    let _ = close_inbox.send(true);
    writing.await.context("the writer of deliveries stopped")?;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

pub(super) fn github_settings(settings: &Settings) -> GithubSettings {
    let authentication = match &settings.identity {
        Identity::Token(token) => Authentication::Token(token.clone()),
        Identity::App { id, private_key } => {
            Authentication::App { id: id.clone(), private_key: private_key.clone() }
        }
    };
    let on_disk = settings.cache_dir.is_some();
    GithubSettings {
        api_url: settings.github_api_url.clone(),
        authentication,
        cache_directory: settings.cache_dir.as_ref().map(Into::into),
        cache_bytes: if on_disk { DISK_CACHE_BYTES } else { MEMORY_CACHE_BYTES },
        now: Clock::time_of_day,
        timeout: GITHUB_PATIENCE,
    }
}

async fn turned(mut flag: watch::Receiver<bool>) {
    let _ = flag.wait_for(|stop| *stop).await;
}
