//! "Our GitHub has a certificate of our own authority, and everything goes through a proxy."

use std::fs;
use std::path::Path;

use crate::support::github::GithubStandIn;
use crate::support::network::{AUTHORITY_FILE, AUTHORITY_HASH, Proxy, address_of, encrypt};
use crate::support::scene::{FILES, RATE_PATH, REPO, rate};
use crate::support::{Run, overlift_command, run};

/// A GitHub Enterprise Server that is reached by `https://ghe.example/api/v3` or `http://…`, through the
/// proxy alone.
struct Company {
    github: GithubStandIn,
    token: String,
}

impl Company {
    async fn new() -> Self {
        let github = GithubStandIn::start_below("/api/v3").await;
        github.add_repository(REPO, &FILES);
        let token = github.add_person(REPO, "ann", "write");
        github.commit(REPO, "main", "mona", &[(RATE_PATH, &rate("6"))]);
        Self { github, token }
    }

    /// A proxy that leads to it, by encrypted connections.
    async fn proxy(&self, password: Option<&'static str>) -> Proxy {
        Proxy::start(encrypt(&self.github.api_url()).await, password).await
    }

    async fn promote(&self, url: &str, variables: &[(&str, &str)]) -> Run {
        let mut command =
            overlift_command(Path::new("/"), &["promote", "dev", "staging", "--repo", REPO]);
        command.env("GITHUB_API_URL", url).env("GH_TOKEN", &self.token);
        command.envs(variables.iter().copied());
        tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
    }

    fn open(&self) -> usize {
        self.github.world().repo(REPO).open_pulls().len()
    }
}

const URL: &str = "https://ghe.example/api/v3";
const PLAIN_URL: &str = "http://ghe.example/api/v3";

#[tokio::test(flavor = "multi_thread")]
async fn an_enterprise_server_is_reached_through_a_proxy_by_the_companys_authority() {
    let company = Company::new().await;
    let proxy = company.proxy(None).await;
    let variables = [("HTTPS_PROXY", &*proxy.url()), ("SSL_CERT_FILE", AUTHORITY_FILE)];
    let said = company.promote(URL, &variables).await.ok();
    assert!(said.contains("was opened"), "{said}");
    assert_eq!(company.open(), 1);
    let asked = proxy.asked();
    assert!(!asked.is_empty());
    assert!(asked.iter().all(|line| line == "CONNECT ghe.example:443"), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_mean_what_they_mean_elsewhere() {
    let company = Company::new().await;
    let proxy = company.proxy(Some("bWU6c2VjcmV0")).await;
    let here = address_of(&company.github.api_url());
    let plain = Proxy::start(here, None).await;
    let authorities = tempfile::tempdir().unwrap();
    fs::copy(AUTHORITY_FILE, authorities.path().join(AUTHORITY_HASH)).unwrap();
    let authorities = authorities.path().to_str().unwrap();

    let (url, with) = (proxy.url(), format!("http://me:secret@{}", proxy.address));
    let wrong = format!("http://me:wrong@{}", proxy.address);
    let (bare, plain_url) = (with.replace("http://", ""), plain.url());
    let trust = ("SSL_CERT_FILE", AUTHORITY_FILE);
    let here_url = format!("https://{}/api/v3", encrypt(&company.github.api_url()).await);
    let direct = company.github.api_url();
    // Address, variables, and what the person reads: of a success or of a failure.
    type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, Result<&'a str, &'a str>);
    let cases: Vec<Case<'_>> = vec![
        (URL, vec![("HTTPS_PROXY", &with), trust], Ok("was opened")),
        (URL, vec![("https_proxy", &bare), ("SSL_CERT_DIR", authorities)], Ok("already")),
        (URL, vec![("ALL_PROXY", &with), ("HTTPS_PROXY", ""), trust], Ok("already")),
        (PLAIN_URL, vec![("HTTP_PROXY", &plain_url)], Ok("already")),
        (
            &direct,
            vec![("HTTP_PROXY", &wrong), ("NO_PROXY", "x.example, 127.0.0.0/8")],
            Ok("already"),
        ),
        (&direct, vec![("HTTP_PROXY", &wrong), ("no_proxy", "*")], Ok("already")),
        (URL, vec![("HTTPS_PROXY", &url), trust], Err("asks for a name and password (407)")),
        (PLAIN_URL, vec![("HTTP_PROXY", &wrong)], Err("does not accept the name and password")),
        (URL, vec![("HTTPS_PROXY", &wrong), trust], Err("does not accept the name and password")),
        (URL, vec![("HTTPS_PROXY", &with)], Err("SSL_CERT_FILE can name a file")),
        (
            URL,
            vec![("HTTPS_PROXY", &with), ("SSL_CERT_FILE", "/nonexistent.pem")],
            Err("SSL_CERT_FILE names none"),
        ),
        (&here_url, vec![("HTTPS_PROXY", &wrong), ("NO_PROXY", "127.0.0.1"), trust], Ok("already")),
        (
            URL,
            vec![("HTTPS_PROXY", "http://me:secret@127.0.0.1:1"), trust],
            Err("the proxy 127.0.0.1:1"),
        ),
        (
            URL,
            vec![("HTTPS_PROXY", "socks5://me:secret@127.0.0.1:1")],
            Err("HTTPS_PROXY names a SOCKS"),
        ),
        (URL, vec![("HTTP_PROXY", "nonsense://me:secret@x")], Err("HTTP_PROXY is no address")),
    ];
    for (url, variables, want) in cases {
        let run = company.promote(url, &variables).await;
        let said = format!("{}{}", run.stdout, run.stderr);
        let (code, words) = match want {
            Ok(words) => (0, words),
            Err(words) => (2, words),
        };
        assert!(run.code == code && said.contains(words), "{url} {variables:?}: {run:#?}");
        assert!(!said.contains("secret") && !said.contains("wrong"), "{url} {variables:?}: {said}");
    }
    assert_eq!(company.open(), 1);
    let asked = plain.asked();
    assert!(asked.iter().all(|line| line.contains(" http://ghe.example/api/v3/")), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn schemas_are_fetched_the_same_way() {
    let company = Company::new().await;
    let proxy = company.proxy(None).await;
    let mut command = overlift_command(
        Path::new("/"),
        &["schemas", "fetch", "--index", "https://pypi.example", "--output", "/nonexistent/x"],
    );
    command.env("HTTPS_PROXY", proxy.url()).env("SSL_CERT_FILE", AUTHORITY_FILE);
    let run = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    assert_eq!(proxy.asked(), ["CONNECT pypi.example:443"], "{run:#?}");
    // The stand-in behind it is no package index: it was reached, which is the point.
    assert!(run.stderr.contains("404"), "{run:#?}");
}
