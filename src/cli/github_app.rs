//! `overlift app`: makes the GitHub App from a manifest, so that nobody types permissions into a form.
//!
//! GitHub takes a manifest only from a browser, and gives its code back to an address: both are a page of
//! this machine's own, on the loopback, which ends with the command.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;

use super::outcome::{Outcome, Result};
use super::output::{Output, harmless};
use super::system;
use crate::app::{EVENTS, PERMISSIONS};
use crate::github::{NewApp, exchange_code};
use crate::workdir;

/// Makes the GitHub App of the service.
#[derive(Debug, Args)]
pub(super) struct AppArguments {
    #[command(subcommand)]
    command: AppCommand,
}

#[derive(Debug, Subcommand)]
enum AppCommand {
    /// Makes the App with a browser and keeps its credentials.
    ///
    /// A page of this machine's sends the manifest (permissions, events, webhook) to GitHub, which asks you
    /// for a name and sends the browser back with a code; that is exchanged for the App's credentials.
    Create(CreateArguments),
    /// Exchanges a code for the App's credentials, where the browser is on another machine: it is in the
    /// address that GitHub sent the browser to. It lasts an hour and works once.
    Exchange {
        /// The code.
        code: String,
        #[command(flatten)]
        keep: KeepArguments,
    },
    /// Prints the manifest.
    Manifest(ManifestArguments),
}

#[derive(Debug, Args)]
struct CreateArguments {
    #[command(flatten)]
    manifest: ManifestArguments,
    /// The organisation that shall own it [default: whoever is logged in].
    #[arg(long, value_name = "NAME")]
    organization: Option<String>,
    /// Where the page is shown.
    #[arg(
        long,
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:0",
        hide_default_value = true
    )]
    listen: String,
    #[command(flatten)]
    keep: KeepArguments,
}

#[derive(Debug, Args)]
struct ManifestArguments {
    /// Where GitHub reaches the service, such as `https://overlift.example.com`.
    #[arg(long, value_name = "URL")]
    url: String,
    /// The App's name, which nobody else on GitHub may have.
    #[arg(long, default_value = "Overlift")]
    name: String,
}

#[derive(Debug, Args)]
struct KeepArguments {
    /// Directory for `private-key.pem` and `webhook-secret`; what is there is not overwritten.
    #[arg(long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
    /// Base of GitHub's API [default: `https://api.github.com`].
    #[arg(long, env = "GITHUB_API_URL", value_name = "URL")]
    github_api_url: Option<String>,
}

impl KeepArguments {
    fn api_url(&self) -> &str {
        let given = self.github_api_url.as_deref().filter(|url| !url.is_empty());
        given.unwrap_or("https://api.github.com").trim_end_matches('/')
    }

    /// Where people are: `https://HOST` of `https://HOST/api/v3`.
    fn web_url(&self) -> &str {
        match self.api_url() {
            "https://api.github.com" => "https://github.com",
            api => api.strip_suffix("/api/v3").unwrap_or(api),
        }
    }
}

const KEY_FILE: &str = "private-key.pem";
const SECRET_FILE: &str = "webhook-secret";
const CLIENT_SECRET_FILE: &str = "client-secret";

/// Runs one of the three.
pub(super) fn run(arguments: &AppArguments, directory: &Path, output: &Output) -> Result {
    match &arguments.command {
        AppCommand::Manifest(given) => {
            output.print(format!("{:#}\n", manifest(given, None)?))?;
        }
        AppCommand::Exchange { code, keep } => {
            free(keep, directory)?;
            exchange(keep, directory, code, output)?;
        }
        AppCommand::Create(create) => {
            free(&create.keep, directory)?;
            let (code, browser) = ask(create, output)?;
            let page = exchange(&create.keep, directory, &code, output);
            let said = match &page {
                Ok(app) => format!(
                    "<p>Done: the credentials are where the command runs. \
                     <a href=\"{}/installations/new\">Install it</a> on the repositories that it shall promote.</p>",
                    escape(&app.page)
                ),
                Err(_) => "<p>It did not work: the terminal says why.</p>".to_owned(),
            };
            // Whoever closed the browser reads it in the terminal.
            let _ = answer(browser, "200 OK", &said);
            page?;
        }
    }
    Ok(Outcome::Done)
}

/// The manifest, from the one list of what the App needs.
fn manifest(given: &ManifestArguments, back: Option<&str>) -> anyhow::Result<serde_json::Value> {
    let url = given.url.trim_end_matches('/');
    anyhow::ensure!(
        url.starts_with("https://") || url.starts_with("http://"),
        "`{url}` is no address: write `https://HOST`"
    );
    let permissions: serde_json::Map<_, _> =
        PERMISSIONS.iter().map(|it| (it.name.to_owned(), json!(it.level))).collect();
    let events: Vec<&str> = EVENTS.iter().map(|(event, _)| *event).collect();
    Ok(json!({
        "name": given.name,
        "url": "https://github.com/overlift/overlift",
        "description": "Promotes kustomize overlays from one environment to the next, as pull requests that show what will change in the cluster.",
        "public": false,
        "hook_attributes": { "url": format!("{url}/webhook"), "active": true },
        "redirect_url": back.unwrap_or(url),
        "callback_urls": [format!("{url}/login/github/callback")],
        "default_permissions": permissions,
        "default_events": events,
    }))
}

/// Refuses to write over credentials, before anything is made.
fn free(keep: &KeepArguments, directory: &Path) -> anyhow::Result<()> {
    for file in [KEY_FILE, SECRET_FILE, CLIENT_SECRET_FILE] {
        let path = directory.join(&keep.output).join(file);
        anyhow::ensure!(
            workdir::read_input(&path).is_err(),
            "`{}` is there already: name another directory with `--output`",
            path.display()
        );
    }
    Ok(())
}

/// Shows the page until GitHub sends the browser back; returns the code and the browser, which waits.
fn ask(create: &CreateArguments, output: &Output) -> anyhow::Result<(String, TcpStream)> {
    let listener = TcpListener::bind(&create.listen)
        .with_context(|| format!("cannot listen on `{}`", create.listen))?;
    let here = format!("http://{}", listener.local_addr()?);
    let state = format!("{:032x}", rand::random::<u128>());
    let manifest = manifest(&create.manifest, Some(&format!("{here}/made")))?;
    let owner = match &create.organization {
        Some(name) => format!("/organizations/{}", escape(name)),
        None => String::new(),
    };
    let page = format!(
        "<form method=\"post\" action=\"{}{owner}/settings/apps/new?state={state}\">\
         <input type=\"hidden\" name=\"manifest\" value=\"{}\">\
         <p>GitHub asks for a name next, and sends you back here.</p>\
         <button>Make the GitHub App</button></form>",
        escape(create.keep.web_url()),
        escape(&manifest.to_string())
    );
    output.say(&format!("Open {here} in a browser."));
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let Some(target) = target(&stream) else { continue };
        match target.strip_prefix("/made?") {
            None if target == "/" => drop(answer(stream, "200 OK", &page)),
            None => drop(answer(stream, "404 Not Found", "<p>There is nothing here.</p>")),
            Some(query) => {
                let value = |name: &str| {
                    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
                };
                match (value("code"), value("state")) {
                    // Another page may send a browser here, but does not know the state.
                    (Some(code), Some(told)) if told == state => {
                        return Ok((code.to_owned(), stream));
                    }
                    _ => drop(answer(
                        stream,
                        "400 Bad Request",
                        "<p>That is not what was asked for.</p>",
                    )),
                }
            }
        }
    }
    anyhow::bail!("the page came to an end")
}

/// What a browser asks for.
fn target(stream: &TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    // The rest is read, or closing the connection would cut the answer off.
    for line in lines.by_ref().take(200) {
        if line.ok()?.is_empty() {
            break;
        }
    }
    first.strip_prefix("GET ")?.split(' ').next().map(str::to_owned)
}

fn answer(mut stream: TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    let page = format!("<!doctype html><title>Overlift</title><h1>Overlift</h1>{body}");
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n{page}",
        page.len()
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn exchange(
    keep: &KeepArguments,
    directory: &Path,
    code: &str,
    output: &Output,
) -> anyhow::Result<NewApp> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let app = runtime
        .block_on(exchange_code(keep.api_url(), code))
        .context("there are no credentials: a code lasts an hour and works once")?;
    // Nobody else's to read.
    system::write_private_files();
    let folder = directory.join(&keep.output);
    workdir::make_directory(&folder)
        .with_context(|| format!("cannot make `{}`", folder.display()))?;
    let write = |file: &str, text: &str| workdir::write_output(&folder.join(file), text.as_bytes());
    write(KEY_FILE, &format!("{}\n", app.private_key.expose()))?;
    write(SECRET_FILE, &format!("{}\n", app.webhook_secret.expose()))?;
    let at = keep.output.display();
    let mut sign_in = String::new();
    if let Some((id, secret)) = &app.sign_in {
        write(CLIENT_SECRET_FILE, &format!("{}\n", secret.expose()))?;
        sign_in = format!(
            "# People see the pages of what they can read:\n\
             export OVERLIFT_APP_CLIENT_ID={}\n\
             export OVERLIFT_APP_CLIENT_SECRET_FILE={at}/{CLIENT_SECRET_FILE}\n",
            harmless(id)
        );
    }
    output.print(format!(
        "The App `{}` was made. Install it: {}/installations/new\n\n\
         export OVERLIFT_APP_ID={}\n\
         export OVERLIFT_APP_PRIVATE_KEY_FILE={at}/{KEY_FILE}\n\
         export OVERLIFT_WEBHOOK_SECRET_FILE={at}/{SECRET_FILE}\n{sign_in}",
        harmless(&app.slug),
        harmless(&app.page),
        app.id
    ))?;
    Ok(app)
}
