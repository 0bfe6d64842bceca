//! The answers of the design's table, over real connections.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use overlift::rooms::app::{App, Clock, merge_payloads};
use overlift::rooms::github::webhook::sign;
use overlift::rooms::github::{Authentication, Github, GithubSettings};
use overlift::rooms::redact::{Credential, WebhookSecrets};
use overlift::rooms::server::{Listeners, serve};
use overlift::rooms::store::Store;

const PUSH: &str = r#"{"ref":"refs/heads/main","before":"0000000000000000000000000000000000000000",
    "after":"1111111111111111111111111111111111111111",
    "repository":{"full_name":"o/r","default_branch":"main"}}"#;

/// Nobody is there: a delivery is answered all the same.
fn github() -> Github {
    let settings = GithubSettings {
        api_url: "http://127.0.0.1:9".to_owned(),
        authentication: Authentication::Token(Credential::new("token", "ghp_x").unwrap()),
        cache_directory: None,
        cache_bytes: 1,
        now: Clock::time_of_day,
        timeout: std::time::Duration::from_secs(10),
    };
    Github::new(&settings).unwrap()
}

struct World {
    _dir: tempfile::TempDir,
    address: std::net::SocketAddr,
    store: Store,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
}

impl World {
    async fn new() -> Self {
        Self::with_metrics(None).await
    }

    async fn with_metrics(metrics: Option<TcpListener>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/overlift.db?mode=rwc", dir.path().display());
        let store = Store::open(&url, merge_payloads).await.unwrap();
        let (app, writer) = App::new(store.clone(), github(), Clock::of(|| 1_000));
        tokio::spawn(writer.run(std::future::pending()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let secrets = WebhookSecrets::parse("old,new").unwrap();
        let listeners = Listeners { webhooks: listener, metrics };
        let served = tokio::spawn(serve(listeners, app, secrets, async {
            let _ = stopped.await;
        }));
        Self { _dir: dir, address, store, stop, served }
    }

    /// Sends bytes and returns the status and everything that comes back.
    async fn send(&self, bytes: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        read_answer(&mut stream).await
    }

    async fn post(&self, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        self.send(request(headers, body).as_bytes()).await
    }
}

async fn read_answer(stream: &mut TcpStream) -> (u16, String) {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
    (status, answer)
}

fn request(headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!(
        "POST /webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text + "\r\n" + body
}

fn signed(secret: &str, body: &str) -> String {
    sign(&Credential::new("webhook secret", secret).unwrap(), body.as_bytes())
}

/// The headers of a good delivery, with changes: an empty value takes a header away.
fn headers(body: &str, id: &str, changes: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("content-type", "application/json".to_owned()),
        ("x-github-event", "push".to_owned()),
        ("x-github-delivery", id.to_owned()),
        ("x-hub-signature-256", signed("new", body)),
    ];
    for (name, value) in changes {
        all.retain(|(there, _)| there != name);
        if !value.is_empty() {
            all.push((name, (*value).to_owned()));
        }
    }
    all
}

async fn deliver(world: &World, id: &str, body: &str, changes: &[(&'static str, &str)]) -> u16 {
    let headers = headers(body, id, changes);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    world.post(&headers, body).await.0
}

#[tokio::test]
async fn a_delivery_is_on_disk_when_it_is_answered() {
    let world = World::new().await;
    assert_eq!(deliver(&world, "d1", PUSH, &[]).await, 202);
    assert!(world.store.knows_delivery("d1").await.unwrap());
    assert_eq!(world.store.job_counts().await.unwrap().queued, 1);
    assert_eq!(deliver(&world, "d1", PUSH, &[]).await, 200, "the same delivery again");
    let old = signed("old", PUSH);
    assert_eq!(deliver(&world, "d2", PUSH, &[("x-hub-signature-256", &old)]).await, 202);
    assert_eq!(deliver(&world, "d3", "{}", &[("x-github-event", "ping")]).await, 200);
    assert_eq!(
        deliver(&world, "d4", "{}", &[("x-github-event", "Push")]).await,
        202,
        "another event"
    );
    assert_eq!(deliver(&world, "d5", "{}", &[("x-github-event", "star")]).await, 202);
    assert_eq!(world.store.job_counts().await.unwrap().queued, 1);
    let json = "application/json; charset=utf-8";
    assert_eq!(deliver(&world, "d6", PUSH, &[("content-type", json)]).await, 202);
}

/// A body, its headers, and the status that answers them.
type Refused<'a> = (&'a str, &'a [(&'static str, &'a str)], u16);

#[tokio::test]
async fn refusals_are_as_the_design_says() {
    let world = World::new().await;
    let wrong = signed("other", PUSH);
    let cut = &signed("new", PUSH)[..60];
    let cases: [Refused<'_>; 14] = [
        (PUSH, &[("x-hub-signature-256", "")], 401),
        (PUSH, &[("x-hub-signature-256", &wrong)], 401),
        (PUSH, &[("x-hub-signature-256", cut)], 401),
        (PUSH, &[("x-hub-signature-256", ""), ("x-hub-signature", "sha1=00")], 401),
        ("not json", &[("x-hub-signature-256", "sha256=00")], 401),
        (PUSH, &[("content-type", "application/x-www-form-urlencoded")], 415),
        (PUSH, &[("content-type", "")], 415),
        (PUSH, &[("x-github-event", "")], 400),
        (PUSH, &[("x-github-delivery", "")], 400),
        (PUSH, &[("x-github-delivery", "a b")], 400),
        ("not json", &[], 400),
        ("", &[], 400),
        ("{}", &[], 400),
        ("[]", &[("x-github-event", "star")], 400),
    ];
    for (number, (body, changes, want)) in cases.into_iter().enumerate() {
        let status = deliver(&world, "d", body, changes).await;
        assert_eq!(status, want, "case {number}: {changes:?} {body}");
    }
    let deep = format!("{{\"a\":{}", "[".repeat(100_000));
    assert_eq!(deliver(&world, "d", &deep, &[("x-github-event", "star")]).await, 400);
    assert!(!world.store.knows_delivery("d").await.unwrap());
}

#[tokio::test]
async fn what_cannot_be_stored_is_to_be_sent_again() {
    let world = World::new().await;
    world.store.close().await;
    let headers = headers(PUSH, "d", &[]);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (status, answer) = world.post(&headers, PUSH).await;
    assert_eq!(status, 503);
    assert!(answer.to_lowercase().contains("\r\nretry-after: "), "{answer}");
    assert_eq!(
        world.send(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.0,
        503
    );
    assert_eq!(
        world.send(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.0,
        200
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_gets_its_answer() {
    let world = World::new().await;
    let body = "x".repeat(26 << 20);
    let headers = [("content-type", "application/json")];
    assert_eq!(world.post(&headers, &body).await.0, 413);
    let mut chunked = b"POST /webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
        content-type: application/json\r\nx-github-event: push\r\nx-github-delivery: d\r\n"
        .to_vec();
    let signature = signed("new", PUSH);
    chunked.extend_from_slice(format!("x-hub-signature-256: {signature}\r\n").as_bytes());
    chunked.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
    for _ in 0..26 {
        chunked.extend_from_slice(b"100000\r\n");
        chunked.resize(chunked.len() + (1 << 20), b'x');
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(world.send(&chunked).await.0, 413);
}

#[tokio::test]
async fn metrics_have_an_address_of_their_own_if_they_are_given_one() {
    let metrics = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let apart = metrics.local_addr().unwrap();
    let world = World::with_metrics(Some(metrics)).await;
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert_eq!(world.send(ask("/metrics").as_bytes()).await.0, 404);
    assert_eq!(world.send(ask("/healthz").as_bytes()).await.0, 200);
    for (path, status) in [("/metrics", 200), ("/webhook", 404), ("/readyz", 404)] {
        let mut stream = TcpStream::connect(apart).await.unwrap();
        stream.write_all(ask(path).as_bytes()).await.unwrap();
        assert_eq!(read_answer(&mut stream).await.0, status, "{path}");
    }
    world.stop.send(()).unwrap();
    world.served.await.unwrap();
}

#[tokio::test]
async fn metrics_and_other_paths() {
    let world = World::new().await;
    overlift::rooms::telemetry::metric::start();
    deliver(&world, "d1", PUSH, &[]).await;
    let (status, text) =
        world.send(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(status, 200);
    // Tests that run beside this one count too.
    for series in [
        "overlift_deliveries_total{event=\"push\",outcome=\"queued\"} ",
        "overlift_jobs{state=\"queued\"} ",
    ] {
        let value = text.lines().find_map(|line| line.strip_prefix(series));
        assert!(value.is_some_and(|value| value.parse::<f64>().unwrap() >= 1.0), "{series}{text}");
    }
    assert_eq!(world.send(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.0, 404);
    assert_eq!(
        world.send(b"GET /webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.0,
        405
    );
}

#[tokio::test]
async fn stopping_answers_what_is_under_way() {
    let world = World::new().await;
    let headers = headers(PUSH, "d", &[]);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let request = request(&headers, PUSH);
    let (first, rest) = request.split_at(request.len() - 10);
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    // Another request's answer shows that the first one's connection was accepted before it.
    assert_eq!(
        world.send(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.0,
        200
    );
    world.stop.send(()).unwrap();
    stream.write_all(rest.as_bytes()).await.unwrap();
    assert_eq!(read_answer(&mut stream).await.0, 202);
    tokio::time::timeout(Duration::from_secs(10), world.served).await.unwrap().unwrap();
    assert!(TcpStream::connect(world.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn who_sends_slowly_or_breaks_off_holds_nothing_up() {
    let world = World::new().await;
    let all: Vec<(&str, String)> = headers(PUSH, "slow", &[]);
    let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let request = request(&all, PUSH);
    // Headers that never end, a body that never comes, and a connection without a word.
    let mut slow = Vec::new();
    for part in [&request[..40], &request[..request.len() - 10], ""].repeat(100) {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        stream.write_all(part.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    assert_eq!(deliver(&world, "meanwhile", PUSH, &[]).await, 202);
    // All of them are cut, the way a proxy that restarts does it.
    drop(slow);
    assert_eq!(deliver(&world, "afterwards", PUSH, &[]).await, 202);
    assert!(!world.store.knows_delivery("slow").await.unwrap(), "half a body is none");
}

/// Who has no signature to show is not listened to: the answer comes before the body does.
#[tokio::test]
async fn headers_that_are_no_deliverys_are_answered_before_the_body_comes() {
    let world = World::new().await;
    let length = ("content-length", "20000000");
    let good = headers("", "d", &[]);
    for (path, missing, want) in [
        ("/webhook", "x-hub-signature-256", 401),
        ("/webhook", "content-type", 415),
        ("/webhook", "x-github-event", 400),
        ("/webhook", "x-github-delivery", 400),
        ("/health-events", "x-hub-signature-256", 401),
        ("/health-events", "content-type", 415),
    ] {
        let kept = good.iter().filter(|(name, _)| *name != missing);
        let kept = kept.map(|(name, value)| (*name, value.as_str())).chain([length]);
        let lines: String = kept.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let expect = "expect: 100-continue\r\n";
        let text = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{expect}{lines}\r\n");
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(5), read_answer(&mut stream)).await;
        assert_eq!(answer.unwrap().0, want, "{path} without {missing}");
    }
}

/// More than there are places for, none of which says anything; those who come later are let in.
#[tokio::test]
async fn idle_connections_keep_no_delivery_out() {
    let world = World::new().await;
    let mut idle = Vec::new();
    for _ in 0..1_100 {
        idle.push(TcpStream::connect(world.address).await.unwrap());
    }
    let began = std::time::Instant::now();
    for number in 0..20 {
        assert_eq!(deliver(&world, &format!("d{number}"), PUSH, &[]).await, 202);
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // Whoever sends half a delivery is no better.
    let all = headers(PUSH, "slow", &[]);
    let all: Vec<_> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let half = request(&all, PUSH);
    for stream in &mut idle {
        let _ = stream.write_all(&half.as_bytes()[..half.len() - 10]).await;
    }
    assert_eq!(deliver(&world, "after", PUSH, &[]).await, 202);
}

/// GitHub's other way to send: the same JSON as the field of a form, signed as it is sent.
#[tokio::test]
async fn a_form_is_understood() {
    let world = World::new().await;
    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &PUSH.replace("main", "caf\u{e9}&x+y"))
        .finish();
    let kind = "application/x-www-form-urlencoded";
    assert_eq!(deliver(&world, "f1", &form, &[("content-type", kind)]).await, 202);
    assert_eq!(deliver(&world, "f1", &form, &[("content-type", kind)]).await, 200);
    let broken = "payload=%7Bno+json";
    assert_eq!(deliver(&world, "f2", broken, &[("content-type", kind)]).await, 400);
    assert_eq!(deliver(&world, "f3", "other=1", &[("content-type", kind)]).await, 415);
}
