//! Signing in to the pages with GitHub: each person sees what GitHub lets them read, and nothing else.

use std::net::SocketAddr;

use overlift::rooms::github::SignIn;
use overlift::rooms::redact::{Credential, WebhookSecrets};
use overlift::rooms::server::{PageSettings, serve_with_pages};
use tokio::net::TcpListener;

use crate::support::browser::{Answer, ask};
use crate::support::github::endpoint;
use crate::support::github::sign_in::{CLIENT_ID, CLIENT_SECRET};
use crate::support::pages::fill;
use crate::support::scene::{RATE_PATH, REPO, Scene, rate};

/// Pages that have no token: people sign in with GitHub alone.
struct Pages {
    scene: Scene,
    address: SocketAddr,
}

impl Pages {
    /// A scene with one open promotion; `mona` may read the repository, `eve` may not.
    async fn new() -> Self {
        let scene = Scene::new().await;
        scene.github.install_app(7, &[REPO]);
        scene.github.add_person(REPO, "mona", "read");
        scene.push(&[(RATE_PATH, &rate("6"))]).await;
        scene.drain().await;
        let address = Self::serve(&scene, CLIENT_SECRET).await;
        Self { scene, address }
    }

    async fn serve(scene: &Scene, secret: &str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let secret = Credential::new("client secret", secret).unwrap();
        let sign_in = SignIn::new(&scene.github.api_url(), CLIENT_ID, secret).unwrap();
        let app = scene.app.clone().with_sign_in(Some(sign_in));
        let pages = PageSettings::new(None, &scene.github.api_url());
        let secrets = WebhookSecrets::parse("a secret of the webhook").unwrap();
        tokio::spawn(serve_with_pages(listener, app, secrets, pages, std::future::pending()));
        address
    }

    async fn get(&self, path: &str, cookies: &str) -> Answer {
        get(self.address, path, cookies).await
    }

    /// Signs somebody in as a browser does; returns the cookie of their session.
    async fn sign_in(&self, login: &str) -> String {
        let away = self.get("/login/github?next=/queue", "").await;
        let state = cookie(&away, "overlift_state").unwrap();
        let code = self.code(login);
        let path = format!("/login/github/callback?code={code}&state={}", state_of(&away));
        let back = self.get(&path, &state).await;
        assert_eq!(back.status, 200, "{}", back.body);
        assert!(back.body.contains("content=\"0; url=/queue\""), "{}", back.body);
        cookie(&back, "overlift_session").unwrap()
    }

    fn code(&self, login: &str) -> String {
        let code = format!("code-of-{login}");
        self.scene.github.world().sign_in_codes.insert(code.clone(), login.to_owned());
        code
    }
}

async fn get(address: SocketAddr, path: &str, cookies: &str) -> Answer {
    ask(address, &format!("GET {path}"), &format!("cookie: {cookies}\r\n"), "").await
}

/// A cookie that an answer sets, as a browser sends it back.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let mut all = answer.headers("set-cookie").map(|it| it.split(';').next().unwrap().to_owned());
    all.find(|pair| pair.starts_with(name) && !pair.ends_with('='))
}

/// The state that GitHub is told.
fn state_of(away: &Answer) -> String {
    let to = away.header("location").unwrap();
    to.rsplit_once("state=").unwrap().1.to_owned()
}

#[tokio::test]
async fn a_person_sees_what_github_lets_them_read() {
    let pages = Pages::new().await;
    let form = pages.get("/login?next=%2Fqueue", "").await;
    assert!(form.body.contains("href=\"/login/github?next=%2Fqueue\""), "{}", form.body);
    assert!(!form.body.contains("type=\"password\""), "there is no token");
    let away = pages.get("/login/github?next=//evil", "").await;
    let github = pages.scene.github.api_url();
    let to = away.header("location").unwrap();
    assert!(to.starts_with(&format!("{github}/login/oauth/authorize?client_id={CLIENT_ID}&")));
    let held = away.header("set-cookie").unwrap();
    assert!(held.contains("HttpOnly; SameSite=Lax") && !held.contains("evil"), "{held}");

    let mona = pages.sign_in("mona").await;
    let list = pages.get("/promotions", &mona).await;
    let id = list.body.split("/promotions/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(list.body.contains(REPO), "{}", list.body);
    assert_eq!(pages.get(&format!("/promotions/{id}"), &mona).await.status, 200);
    assert!(pages.get("/", &mona).await.body.contains(REPO));
    let asked = pages.scene.github.requested();
    let of_sign_in = [endpoint::LIST_USER_INSTALLATIONS, endpoint::LIST_USER_REPOSITORIES];
    let count = asked.iter().filter(|it| of_sign_in.contains(it)).count();
    assert_eq!(count, 2, "pages ask nothing: {asked:?}");

    let eve = pages.sign_in("eve").await;
    // Open pages of both have heard the same news: neither gets what was made for the other.
    for (cookies, sees) in [(&mona, true), (&eve, false)] {
        let headers = format!("cookie: {cookies}\r\noverlift-heard: 7\r\n");
        let list = ask(pages.address, "GET /promotions", &headers, "").await;
        assert_eq!((list.status, list.body.contains(REPO)), (200, sees), "{}", list.body);
    }
    assert_eq!(pages.get(&format!("/promotions/{id}"), &eve).await.status, 404);
    assert_eq!(pages.get(&format!("/api/v1/promotions/{id}"), &eve).await.status, 404);
    // A cursor is no way in: neither to what it names nor to what is behind it.
    fill(&pages.scene, 2, 1).await;
    for path in ["/?cursor=octo/many%20app", "/api/v1/environments?cursor=octo/many%20app"] {
        let said = pages.get(path, &eve).await.body;
        assert!(!said.contains("app-0"), "{path}\n{said}");
    }
    let place = "repository=octo/mesh&environment=staging";
    for path in [
        "/",
        "/?search=mesh",
        "/promotions",
        "/promotions?repository=octo/mesh",
        "/queue",
        "/api/v1/promotions",
        "/api/v1/environments",
        "/api/v1/queue",
        &format!("/api/v1/evidence?{place}"),
    ] {
        let answer = pages.get(path, &eve).await;
        assert_eq!(answer.status, 200, "{path}");
        let said = answer.body.replace("value=\"mesh\"", "").replace("value=\"octo/mesh\"", "");
        assert!(!said.contains("mesh"), "{path}\n{said}");
    }
    let environment = pages.get(&format!("/environment?{place}"), &eve).await;
    assert!(!environment.body.contains("/promotions/"), "{}", environment.body);
}

#[tokio::test]
async fn a_session_ends_and_is_begun_again_unseen() {
    let pages = Pages::new().await;
    let mona = pages.sign_in("mona").await;
    // Another process knows the session, and the store opens nothing.
    let replica = Pages::serve(&pages.scene, CLIENT_SECRET).await;
    assert_eq!(get(replica, "/queue", &mona).await.status, 200);
    let held = mona.split_once('=').unwrap().1;
    let file = pages.scene.database.strip_prefix("sqlite://").unwrap().split('?').next().unwrap();
    for part in ["", "-wal"] {
        let Ok(bytes) = std::fs::read(format!("{file}{part}")) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(held) && !text.contains("ghu_standin"), "{file}{part}");
    }
    // After an hour GitHub is asked again what this person may read.
    pages.scene.later(61).await;
    let ended = pages.get("/queue", &mona).await;
    assert_eq!(ended.header("location"), Some("/login/github?next=%2Fqueue"));
    assert_eq!(pages.get("/api/v1/queue", &mona).await.status, 401);

    let again = pages.sign_in("mona").await;
    let out = ask(pages.address, "POST /logout", &format!("cookie: {again}\r\n"), "").await;
    assert!(out.headers("set-cookie").all(|it| it.contains("Max-Age=0")), "{}", out.head);
    assert_eq!(pages.get("/queue", &again).await.status, 303, "it is ended, not only forgotten");
}

#[tokio::test]
async fn what_is_wrong_on_the_way_is_said_and_lets_nobody_in() {
    let pages = Pages::new().await;
    let away = pages.get("/login/github", "").await;
    let (held, state) = (cookie(&away, "overlift_state").unwrap(), state_of(&away));
    let code = pages.code("mona");
    let refused = async |path: &str, cookies: &str, status: u16, words: &str| {
        let answer = pages.get(path, cookies).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
        assert_eq!(cookie(&answer, "overlift_session"), None);
    };
    // Somebody else's code, brought to this browser: it did not ask for it.
    let foreign = format!("/login/github/callback?code={code}&state={state}");
    refused(&foreign, "", 400, "did not begin here").await;
    refused(
        &format!("/login/github/callback?code={code}&state="),
        "overlift_state=.",
        400,
        "begin",
    )
    .await;
    let denied = format!("/login/github/callback?error=access_denied&state={state}");
    refused(&denied, &held, 403, "not allowed to say who you are").await;
    let old = format!("/login/github/callback?code=used&state={state}");
    refused(&old, &held, 400, "took too long, or was used already").await;
    pages.scene.github.next(endpoint::GET_USER).fails_with(502);
    refused(&foreign, &held, 502, "does not answer at the moment").await;
    let forged = "overlift_session=0000";
    assert_eq!(pages.get("/queue", forged).await.status, 303);

    let wrong = Pages::serve(&pages.scene, "not-the-client-secret").await;
    let code = pages.code("mona");
    let path = format!("/login/github/callback?code={code}&state={state}");
    let answer = get(wrong, &path, &held).await;
    assert_eq!(answer.status, 502);
    assert!(answer.body.contains("the client id or the client secret"), "{}", answer.body);
    // Where it is not offered, there is the form.
    let without = pages.scene.app.clone().with_sign_in(None);
    assert_eq!(without.sign_in_address("x"), None);
}
