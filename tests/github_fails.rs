//! GitHub fails in all the ways it does, and nothing is done twice or taken for done.

use std::time::Duration;

use overlift::rooms::github::*;
use overlift::rooms::model::*;

use crate::support::github::endpoint::*;
use crate::support::github::{APP_ID, APP_KEY, Plan};
use crate::support::github_scene::{
    REPO, Scene, branch, credential, edit, number, repo_name, settings,
};

fn tip(scene: &Scene) -> Option<String> {
    scene.stand_in.world().repo(REPO).branches.get("promote/a-to-b").cloned()
}

#[tokio::test]
async fn a_lost_answer_to_a_new_branch_is_resolved_by_asking() {
    for lose in [Plan::loses_its_reply, Plan::has_its_reply_cut] {
        let scene = Scene::new(&[("a", "1\n")]).await;
        let commit = scene.commit(&[edit("b", Some(b"2"))], "x").await;
        lose(scene.stand_in.next(CREATE_REF));
        let created = scene.repository.create_branch(&branch("promote/a-to-b"), &commit.sha).await;
        assert_eq!(created.unwrap(), BranchCreation::Created);
        assert_eq!(tip(&scene).as_deref(), Some(commit.sha.as_str()));
        assert_eq!(scene.stand_in.writes(), "commit, ref promote/a-to-b");
    }
}

#[tokio::test]
async fn a_branch_that_was_not_made_is_not_taken_for_made() {
    for fail in [Plan::is_cut, |plan: Plan| plan.fails_with(502)] {
        let scene = Scene::new(&[("a", "1\n")]).await;
        let commit = scene.commit(&[edit("b", Some(b"2"))], "x").await;
        fail(scene.stand_in.next(CREATE_REF));
        let created = scene.repository.create_branch(&branch("promote/a-to-b"), &commit.sha).await;
        assert_eq!(created.unwrap_err().retry(), Retry::Backoff);
        assert_eq!(tip(&scene), None);
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_moved_branch_is_resolved_by_asking() {
    let scene = Scene::with_branch().await;
    let name = branch("promote/a-to-b");
    let from = scene.repository.fetch_tip(&name).await.unwrap().unwrap();
    let to = scene.commit(&[edit("c", Some(b"3"))], "x").await.sha;
    scene.stand_in.next(UPDATE_REF).is_cut();
    let cut = scene.repository.move_branch(&name, &from, &to).await;
    assert_eq!(cut.unwrap_err().retry(), Retry::Backoff);
    scene.stand_in.next(UPDATE_REF).loses_its_reply();
    scene.repository.move_branch(&name, &from, &to).await.unwrap();
    scene.repository.move_branch(&name, &from, &to).await.unwrap();
    assert_eq!(tip(&scene).as_deref(), Some(to.as_str()));
    let moves = scene.stand_in.writes().matches("(forced)").count();
    assert_eq!(moves, 1, "the third call found it done");
}

#[tokio::test]
async fn a_lost_answer_to_a_new_pull_request_finds_the_one_that_was_opened() {
    for lose in [Plan::loses_its_reply, Plan::has_its_reply_cut] {
        let scene = Scene::with_branch().await;
        lose(scene.stand_in.next(CREATE_PULL));
        let opened = scene.open().await.unwrap();
        assert!(matches!(opened, Opened::Created(ref pull) if pull.number == number(1)));
        assert_eq!(scene.stand_in.world().repo(REPO).pulls.len(), 1);
    }
    let scene = Scene::with_branch().await;
    scene.stand_in.next(CREATE_PULL).fails_with(500);
    assert_eq!(scene.open().await.unwrap_err().retry(), Retry::Backoff);
    assert!(scene.stand_in.world().repo(REPO).pulls.is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_an_error_while_asking_fails_too() {
    let scene = Scene::with_branch().await;
    scene.stand_in.next(CREATE_PULL).loses_its_reply();
    scene.stand_in.next(LIST_PULLS).times(3).fails_with(503);
    assert_eq!(scene.open().await.unwrap_err().retry(), Retry::Backoff);
    let again = scene.open().await.unwrap();
    assert!(matches!(again, Opened::Exists(_)), "the second try finds it");
    assert_eq!(scene.stand_in.world().repo(REPO).pulls.len(), 1);
}

#[tokio::test]
async fn a_lost_answer_to_a_comment_or_report_does_not_write_it_twice() {
    let scene = Scene::with_branch().await;
    scene.open().await.unwrap();
    scene.stand_in.next(CREATE_COMMENT).loses_its_reply();
    let id = scene.repository.create_comment(number(1), "a\nb <!-- 1 -->").await.unwrap();
    assert_eq!(scene.stand_in.world().repo(REPO).comments.len(), 1);
    assert_eq!(scene.stand_in.world().repo(REPO).comments[&id].author, "overlift[bot]");

    let head = scene.head().await;
    let report = Report {
        commit: &head.sha,
        name: "overlift",
        conclusion: Conclusion::Success,
        title: "t",
        summary: "s",
        annotations: &[],
    };
    scene.stand_in.next(CREATE_CHECK_RUN).loses_its_reply();
    assert_eq!(scene.repository.report(&report).await.unwrap(), Reported::CheckRun);
    assert_eq!(scene.stand_in.world().repo(REPO).check_runs.len(), 1);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_not_waited_for() {
    let scene = Scene::with_branch().await;
    let app = Authentication::App { id: APP_ID.into(), private_key: credential(APP_KEY) };
    let hasty =
        GithubSettings { timeout: Duration::from_millis(300), ..settings(&scene.stand_in, app) };
    let repository = Github::new(&hasty).unwrap().repository(&repo_name(), None).await.unwrap();
    scene.stand_in.next(GET_REF).takes(Duration::from_secs(60));
    let error = repository.fetch_tip(&branch("main")).await.unwrap_err();
    assert!(matches!(error, GithubError::TooSlow { .. }), "{error}");
    assert_eq!(error.retry(), Retry::Backoff);
}

#[tokio::test]
async fn a_head_without_its_tree_is_asked_for_again() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    let head = scene.head().await;
    let short = format!(r#"{{"name":"main","commit":{{"sha":"{}"}}}}"#, head.sha);
    scene.stand_in.next(GET_BRANCH).answers(200, &[], &short);
    assert_eq!(scene.head().await, head);
}

#[tokio::test]
async fn a_repository_that_was_renamed_is_followed() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    let there = format!("{}/repos/{REPO}/git/ref/heads/main", scene.stand_in.api_url());
    scene.stand_in.next(GET_REF).answers(301, &[("location", &there)], "{}");
    assert!(scene.repository.fetch_tip(&branch("main")).await.unwrap().is_some());
}

/// A server of somebody else, which leads on once and answers then; what it was sent is in the end returned.
async fn stranger() -> (String, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answers = tokio::spawn(async move {
        let mut heard = String::new();
        for answer in ["302 Found\r\nlocation: /second", "200 OK"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 8192];
            let length = stream.read(&mut bytes).await.unwrap();
            heard.push_str(&String::from_utf8_lossy(&bytes[..length]));
            let text =
                format!("HTTP/1.1 {answer}\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}");
            stream.write_all(text.as_bytes()).await.unwrap();
        }
        heard
    });
    (address, answers)
}

#[tokio::test]
async fn a_credential_goes_to_the_api_alone_however_often_it_is_led_on() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    let (address, answers) = stranger().await;
    let location = format!("{address}/first");
    scene.stand_in.next(GET_REF).answers(302, &[("location", &location)], "{}");
    // The stranger's answer is no branch, and GitHub is asked again.
    assert!(scene.repository.fetch_tip(&branch("main")).await.unwrap().is_some());
    let heard = answers.await.unwrap();
    assert!(heard.contains("GET /first") && heard.contains("GET /second"), "{heard}");
    assert!(!heard.to_ascii_lowercase().contains("authorization"), "{heard}");
}

#[tokio::test]
async fn faults_are_told_apart_and_those_that_pass_are_met_at_once() {
    let seconds = |count| Retry::After(Duration::from_secs(count));
    let scene = Scene::new(&[("a", "1\n")]).await;
    scene.head().await;
    type Fails = fn(Plan);
    let cases: [(Fails, Retry, usize); 8] = [
        (|plan| plan.fails_with(500), Retry::Backoff, 3),
        (|plan| plan.fails_with(502), Retry::Backoff, 3),
        (|plan| plan.fails_with(503), Retry::Backoff, 3),
        (|plan| plan.is_limited(429, None), Retry::Backoff, 1),
        (|plan| plan.is_limited(403, None), Retry::Backoff, 1),
        (Plan::is_cut, Retry::Backoff, 3),
        (|plan| plan.answers(200, &[], "<html>a proxy</html>"), Retry::Backoff, 2),
        (|plan| plan.is_limited(403, Some(0)), seconds(0), 1),
    ];
    for (fail, want, turns) in cases {
        if turns == 3 {
            fail(scene.stand_in.next(GET_REF).times(2));
            assert!(scene.repository.fetch_tip(&branch("main")).await.unwrap().is_some());
        }
        fail(scene.stand_in.next(GET_REF).times(turns));
        scene.stand_in.forget_requests();
        let error = scene.repository.fetch_tip(&branch("main")).await.unwrap_err();
        assert_eq!(error.retry(), want, "{error}");
        assert_eq!(scene.stand_in.request_count(), turns);
        assert!(scene.stand_in.faults_are_over());
    }
}

#[tokio::test]
async fn after_a_retry_after_nothing_is_sent_until_then() {
    for status in [403, 429] {
        let scene = Scene::new(&[("a", "1\n")]).await;
        scene.head().await;
        scene.stand_in.next(GET_BRANCH).is_limited(status, Some(40));
        let first = scene.repository.fetch_head(&branch("main")).await.unwrap_err();
        assert_eq!(first.retry(), Retry::After(Duration::from_secs(40)));
        scene.stand_in.forget_requests();
        let second = scene.repository.fetch_tip(&branch("main")).await.unwrap_err();
        let Retry::After(wait) = second.retry() else { panic!("{second}") };
        assert!(wait <= Duration::from_secs(40) && wait > Duration::from_secs(30), "{wait:?}");
        assert_eq!(scene.stand_in.request_count(), 0);
    }
}

#[tokio::test]
async fn a_used_up_limit_is_not_tried() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    scene.stand_in.world().remaining = 1;
    let error = loop {
        match scene.repository.fetch_tip(&branch("main")).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error, GithubError::RateLimited { .. }), "{error}");
    assert!(matches!(error.retry(), Retry::After(wait) if wait > Duration::from_secs(3000)));
    assert!(scene.stand_in.world().requests.iter().all(|request| request.status < 400));
}

#[tokio::test]
async fn a_token_that_cannot_be_had_fails_the_calls_that_wait_for_it_together() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    scene.stand_in.next(CREATE_TOKEN).times(3).fails_with(502);
    let main = branch("main");
    let heads = (0..5).map(|_| scene.repository.fetch_head(&main));
    for head in futures_util::future::join_all(heads).await {
        assert_eq!(head.unwrap_err().retry(), Retry::Backoff);
    }
    assert_eq!(scene.stand_in.requested(), [CREATE_TOKEN; 3]);
    assert!(scene.repository.fetch_head(&main).await.unwrap().is_some());
}

#[tokio::test]
async fn wrong_content_is_refused() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    let head = scene.head().await;
    scene.stand_in.next(GET_TREE).answers(200, &[], r#"{"sha":"x","tree":[],"truncated":false}"#);
    let error = scene.repository.fetch_tree(&head.tree).await.unwrap_err();
    assert!(matches!(error, GithubError::BadAnswer { .. }), "{error}");
    let tree = scene.repository.fetch_tree(&head.tree).await.unwrap();
    let wanted = tree.entries.values().map(|entry| entry.sha.clone()).collect();
    let other = r#"{"encoding":"base64","content":"b3RoZXI="}"#;
    scene.stand_in.next(GET_BLOB).answers(200, &[], other);
    let error = scene.repository.fetch_blobs(&wanted, &head.sha).await.unwrap_err();
    assert!(matches!(error, GithubError::BadAnswer { .. }), "{error}");
    assert_eq!(scene.repository.fetch_blobs(&wanted, &head.sha).await.unwrap().len(), 1);
}

#[tokio::test]
async fn without_its_tarball_a_cold_start_asks_for_each_file() {
    for fail in [|plan: Plan| plan.fails_with(502), |plan: Plan| plan.answers(200, &[], "no gzip")]
    {
        let files: Vec<(String, String)> =
            (0..20).map(|n| (format!("f{n}"), format!("text {n}"))).collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
        let scene = Scene::new(&files).await;
        let head = scene.head().await;
        let tree = scene.repository.fetch_tree(&head.tree).await.unwrap();
        let wanted = tree.entries.values().map(|entry| entry.sha.clone()).collect();
        fail(scene.stand_in.next(GET_TARBALL));
        assert_eq!(scene.repository.fetch_blobs(&wanted, &head.sha).await.unwrap().len(), 20);
    }
}

#[tokio::test]
async fn no_message_holds_a_credential() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    scene.head().await;
    let token = scene.stand_in.world().installation_tokens.keys().next().unwrap().clone();
    let body = format!(r#"{{"message":"Bad token {token}"}}"#);
    scene.stand_in.next(GET_REF).answers(422, &[], &body);
    let error = scene.repository.fetch_tip(&branch("main")).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(&token), "{error:?}");
    scene.stand_in.next(GET_REF).times(3).is_cut();
    let error = scene.repository.fetch_tip(&branch("main")).await.unwrap_err();
    let mut text = format!("{error:?}");
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        text += &error.to_string();
        cause = error.source();
    }
    assert!(!text.contains(&token), "{text}");
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_no_answer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let settings = GithubSettings {
        api_url,
        authentication: Authentication::Token(credential("ghp_x")),
        cache_directory: None,
        cache_bytes: 1 << 20,
        now: std::time::SystemTime::now,
        timeout: Duration::from_secs(30),
    };
    let name = RepoName::parse(REPO).unwrap();
    let repository = Github::new(&settings).unwrap().repository(&name, None).await.unwrap();
    let error = repository.fetch_head(&branch("main")).await.unwrap_err();
    assert!(matches!(error, GithubError::NoAnswer { .. }), "{error}");
    for bad in ["ftp://x", "nonsense", "", "http://x?y=1"] {
        let settings = GithubSettings { api_url: bad.to_owned(), ..settings.clone() };
        assert!(matches!(Github::new(&settings), Err(GithubError::Settings { .. })), "{bad}");
    }
}
