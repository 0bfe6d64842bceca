//! The pages and `/api/v1`: what people see of promotions, who sees it, and that nothing hostile gets through.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::support::pages::{Pages, TOKEN, fill, merge, with_health};
use crate::support::scene::{FILES, RATE_PATH, REPO, Scene, rate};

#[tokio::test]
async fn without_access_nobody_sees_even_a_name() {
    let pages = Pages::new().await;
    for path in [
        "/",
        "/promotions",
        "/promotions/x",
        "/environment?repository=octo/mesh&environment=prod",
        "/queue",
        "/events",
        "/live.js",
    ] {
        let answer = pages.ask(&format!("GET {path}"), "", "").await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").unwrap().starts_with("/login?next=%2F"), "{path}");
        assert!(!answer.body.contains("mesh"), "{path}");
    }
    for path in ["/api/v1/promotions", "/api/v1/queue", "/api/v1/openapi.json", "/api/v1/nothing"] {
        let answer = pages.ask(&format!("GET {path}"), "", "").await;
        assert_eq!((answer.status, answer.json().as_object().unwrap().len()), (401, 1), "{path}");
    }
    let wrong =
        pages.ask("GET /", "authorization: Bearer nearly\r\ncookie: overlift=9.00\r\n", "").await;
    assert_eq!(wrong.status, 401);
    assert_eq!(pages.ask("GET /healthz", "", "").await.status, 200);
    // A service without a token has no pages at all.
    let mut stream = TcpStream::connect(pages.scene.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[tokio::test]
async fn a_person_signs_in_finds_what_waits_and_opens_it() {
    let pages = Pages::new().await;
    let form = pages.ask("GET /login?next=%2Fpromotions%3Fstate%3Dopen", "", "").await;
    assert!(form.body.contains("value=\"/promotions?state=open\""), "{}", form.body);
    let kind = "content-type: application/x-www-form-urlencoded\r\n";
    let wrong = pages.ask("POST /login", kind, "token=nearly&next=%2F").await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    assert!(wrong.body.contains("role=\"alert\""));
    let body = format!("token={TOKEN}&next=%2Fpromotions%3Fstate%3Dopen");
    let right = pages.ask("POST /login", kind, &body).await;
    assert_eq!((right.status, right.header("location")), (303, Some("/promotions?state=open")));
    let cookie = right.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Strict") && !cookie.contains(TOKEN), "{cookie}");
    let cookie = format!("cookie: {}\r\n", cookie.split(';').next().unwrap());
    let elsewhere = pages.ask("POST /login", kind, &format!("token={TOKEN}&next=//evil")).await;
    assert_eq!(elsewhere.header("location"), Some("/"));

    let list = pages.ask("GET /promotions?state=open", &cookie, "").await;
    assert_eq!(list.status, 200);
    let policy = list.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let start = list.body.find("/promotions/").unwrap();
    let link = list.body[start..].split('"').next().unwrap();
    let promotion = pages.ask(&format!("GET {link}"), &cookie, "").await;
    assert!(promotion.body.contains("Promote dev -&gt; staging"), "{}", promotion.body);
    assert!(promotion.body.contains("<span class=\"add\">"), "{}", promotion.body);
    assert!(
        promotion.body.contains(&format!("https://github.com/{REPO}/pull/")),
        "{}",
        promotion.body
    );
    let matrix = pages.ask("GET /?search=MESH", &cookie, "").await.body;
    let places = ["dev", "staging"].map(|name| matrix.find(&format!(">{name}</a></h3>")).unwrap());
    assert!(places.is_sorted() && matrix.contains("waits"), "{matrix}");
    assert!(pages.ask("GET /?search=nothing", &cookie, "").await.body.contains("Nothing is here"));
    assert!(pages.ask("GET /queue", &cookie, "").await.body.contains("Waiting"));
    let environment =
        pages.ask("GET /environment?repository=octo/mesh&environment=staging", &cookie, "").await;
    assert!(environment.body.contains("merged") && environment.body.contains("open"));
    let out = pages.ask("POST /logout", &cookie, "").await;
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
}

#[tokio::test]
async fn health_holds_and_what_stays_different_are_told_with_their_reasons() {
    let scene = with_health().await;
    let commit = merge(&scene, scene.open()[0]).await;
    scene.status(&commit, "argocd/staging", "failure").await;
    scene.work().await;
    let first = scene.open()[0];
    let pages = Pages::of(scene).await;

    let matrix = pages.get("/").await.body;
    for told in [
        "<span class=\"badge degraded\">degraded</span>",
        "argocd/staging: argocd/staging says failure",
        "<li>health: degraded — staging: argocd/staging is degraded: argocd/staging says failure</li>",
        "<li>checklist: items of the checklist are open</li>",
        "lacks of staging: 1 resource changes, none is deleted",
        "; 1 difference stays",
    ] {
        assert!(matrix.contains(told), "{told}\n{matrix}");
    }
    let prod = pages.get("/environment?repository=octo/mesh&environment=prod").await.body;
    for told in [
        "What stays different, and why",
        "<code>data.burst</code>",
        "<code>9</code>",
        "prod&#x27;s own",
    ] {
        assert!(prod.contains(told), "{told}\n{prod}");
    }
    let json = pages.get("/api/v1/environments").await.json();
    let cell = |name: &str| {
        let cells = json["items"].as_array().unwrap();
        cells.iter().find(|cell| cell["environment"] == name).unwrap().clone()
    };
    assert_eq!(cell("staging")["health"]["state"], "degraded");
    assert_eq!(cell("prod")["lacks"][0]["stays"][0]["field"], "data.burst");
    assert_eq!(cell("prod")["open"][0]["holds"].as_array().unwrap().len(), 2);
    assert_eq!(cell("prod")["open"][0]["number"], first);
    let description = pages.get("/api/v1/openapi.json").await.json();
    let schema = description["components"]["schemas"]["Environments"].clone();
    fits(&json, &schema, &description, "/environments");

    // Healthy again: what held it goes, live.
    pages.scene.status(&commit, "argocd/staging", "success").await;
    pages.scene.work().await;
    let matrix = pages.get("/").await.body;
    assert!(matrix.contains("badge healthy") && !matrix.contains("<li>health:"), "{matrix}");
}

#[tokio::test]
async fn an_environment_tells_who_merged_and_who_undid() {
    let scene = with_health().await;
    let number = scene.open()[0];
    merge(&scene, number).await;
    scene.comment(number, "mona", "/undo").await;
    scene.work().await;
    let undo = *scene.open().iter().max().unwrap();
    merge(&scene, undo).await;
    let pages = Pages::of(scene).await;
    let staging = pages.get("/environment?repository=octo/mesh&environment=staging").await.body;
    assert!(staging.matches("merged by mona").count() >= 2, "{staging}");
    assert!(staging.contains(" by mona with <a href=\"/promotions/"), "{staging}");
    let list = pages.get("/api/v1/promotions?environment=staging&state=merged").await.json();
    assert!(list["items"].as_array().unwrap().iter().all(|it| it["mergedBy"] == "mona"), "{list}");
}

#[tokio::test]
async fn a_page_hears_of_a_change() {
    let pages = Pages::new().await;
    let stream = TcpStream::connect(pages.address).await.unwrap();
    let mut lines = BufReader::new(stream);
    let request =
        format!("GET /events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\r\n");
    lines.get_mut().write_all(request.as_bytes()).await.unwrap();
    let mut events = lines.lines();
    while !events.next_line().await.unwrap().unwrap().starts_with("content-type: text/event-stream")
    {
    }
    pages.scene.push(&[(RATE_PATH, &rate("8"))]).await;
    pages.scene.drain().await;
    let heard = async { while events.next_line().await.unwrap().unwrap() != "event: changed" {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), heard).await.unwrap();
}

/// Whatever a manifest, a status or a title has in it, pages show a text; and of a Secret nobody sees a value.
#[tokio::test]
async fn hostile_texts_stay_texts_and_secrets_are_in_no_answer() {
    const EVIL: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}";
    let secret = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\nstringData:\n  token: {value}\n  '{EVIL}': {value}\n"
        )
    };
    let config = |value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\n  annotations: {{'{EVIL}': '{EVIL}'}}\ndata:\n  rate: '{value}'\n  '{EVIL}': '{value}'\n"
        )
    };
    let (old, new) = (secret("hunter-old-1"), secret("hunter-new-2"));
    let kustomization =
        "resources: [../../base, secret.yaml]\npatches:\n- path: patches/rate.yaml\n";
    let configuration = "environments:\n- name: dev\n  path: overlays/dev\n- name: staging\n  path: overlays/staging\n  \
         trigger: push\n  health:\n    statuses: ['*']\npromotion:\n  by: files\npullRequest:\n  \
         title: 'T <script>alert(3)</script> {{ source }}'\n  checklist: ['<script>alert(4)</script>']\n";
    let mut files = FILES.to_vec();
    files[0].1 = configuration;
    for (path, content) in &mut files {
        if path.ends_with("dev/kustomization.yaml") || path.ends_with("staging/kustomization.yaml")
        {
            *content = kustomization;
        }
    }
    files.extend([("overlays/dev/secret.yaml", &*old), ("overlays/staging/secret.yaml", &*old)]);
    let scene = Scene::with_files(&files).await;
    scene.github.add_person(REPO, "mona", "write");
    scene.push_event(None).await;
    scene.work().await;
    scene.push(&[(RATE_PATH, &config(EVIL)), ("overlays/dev/secret.yaml", &new)]).await;
    scene.work().await;
    let commit = merge(&scene, scene.open()[0]).await;
    scene.status(&commit, EVIL, "failure").await;
    scene.push(&[(RATE_PATH, &config("9")), ("overlays/dev/secret.yaml", &old)]).await;
    scene.work().await;
    let pages = Pages::of(scene).await;

    let list = pages.get("/api/v1/promotions").await.json();
    let ids =
        list["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned());
    let place = "repository=octo/mesh&environment=staging";
    let mut paths = vec!["/".to_owned(), "/promotions".to_owned(), "/queue".to_owned()];
    paths.extend(["environments", "promotions", "queue"].map(|it| format!("/api/v1/{it}")));
    paths.extend([format!("/environment?{place}"), format!("/api/v1/evidence?{place}")]);
    paths.extend(
        ids.flat_map(|id| [format!("/promotions/{id}"), format!("/api/v1/promotions/{id}")]),
    );
    let mut all = String::new();
    for path in &paths {
        let answer = pages.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        for value in ["hunter", "aHVudGVy"] {
            assert!(!answer.body.contains(value), "{path} shows a Secret\n{}", answer.body);
        }
        if !path.starts_with("/api/") {
            for markup in ["<script>", "<img"] {
                assert!(!answer.body.contains(markup), "{path} has {markup}\n{}", answer.body);
            }
        }
        all.push_str(&answer.body);
    }
    assert!(
        all.contains("&lt;script&gt;alert(1)") && all.contains("&lt;script&gt;alert(3)"),
        "{all}"
    );
    assert!(
        all.contains("Secret") && all.contains("keys"),
        "the Secret is told, its values are not"
    );
}

/// Two hundred open pages hear of a change at once: what is made for the first is good for those that heard the same.
#[tokio::test]
async fn pages_that_heard_the_same_get_one_answer() {
    let pages = Pages::new().await;
    let heard = |news: &str| format!("authorization: Bearer {TOKEN}\r\noverlift-heard: {news}\r\n");
    let (seven, eight) = (heard("7"), heard("8"));
    let promotions = "GET /promotions?state=open";
    let first = pages.ask(promotions, &seven, "").await.body;
    pages.scene.merge(pages.scene.open()[0]).await;
    pages.scene.drain().await;
    assert_eq!(pages.ask(promotions, &seven, "").await.body, first);
    for headers in [&eight, &format!("authorization: Bearer {TOKEN}\r\n")] {
        let now = pages.ask(promotions, headers, "").await.body;
        assert!(first.contains("badge open") && !now.contains("badge open"), "{now}");
    }
    let merged = pages.ask("GET /promotions?state=merged", &seven, "").await.body;
    assert!(merged.contains("badge merged"), "another address is another answer: {merged}");
    let elsewhere = pages.ask("GET /promotions/none", &seven, "").await;
    assert_eq!(elsewhere.status, 404, "what is not a page is not shared");
    let out = pages.ask(promotions, "overlift-heard: 7\r\n", "").await;
    assert_eq!((out.status, out.body.as_str()), (303, ""), "the door comes first");
    let answer = pages.ask(promotions, &eight, "").await;
    assert!(answer.header("content-security-policy").is_some() && answer.header("etag").is_none());
}

#[tokio::test]
async fn no_list_ends_without_a_word() {
    let pages = Pages::new().await;
    fill(&pages.scene, 1_800, 3).await;
    let (mut cells, mut parts) = (std::collections::BTreeSet::new(), 0);
    let mut address = "/api/v1/environments?repository=octo/many".to_owned();
    loop {
        let part = pages.get(&address).await.json();
        for cell in part["items"].as_array().unwrap() {
            let cell = format!("{} {}", cell["application"], cell["environment"]);
            assert!(cells.insert(cell.clone()), "{cell} is told twice");
        }
        parts += 1;
        let Some(next) = part["next"].as_str() else { break };
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        address = format!("/api/v1/environments?repository=octo/many&cursor={next}");
    }
    assert_eq!((cells.len(), parts), (1_800 * 4, 2));
    let page = pages.get("/?repository=octo/many").await.body;
    assert!(
        page.contains("<a rel=\"next\" href=\"/?repository=octo%2Fmany&amp;cursor=octo%2Fmany+app"),
        "the page goes on"
    );

    // One application that is larger than a page ends with a way to the rest, and the next one follows.
    let one = Pages::new().await;
    fill(&one.scene, 2, 5_200).await;
    let part = one.get("/api/v1/environments?repository=octo/many").await.json();
    assert_eq!(part["items"].as_array().unwrap().len(), 5_001);
    let left_out = serde_json::json!({ "repository": "octo/many", "application": "app-0" });
    assert_eq!((&part["leftOut"], &part["next"]), (&left_out, &"octo/many app-0".into()));
    let page = one.get("/?repository=octo/many").await.body;
    let rest =
        "<a href=\"/promotions?repository=octo/many&amp;application=app-0\">all its promotions</a>";
    assert!(page.contains(rest), "{}", &page[page.len() - 1_000..]);
    let next = one.get("/api/v1/environments?repository=octo/many&cursor=octo/many%20app-0").await;
    assert_eq!(next.json()["leftOut"]["application"], "app-1");
    let whole = one.get("/promotions?repository=octo/many&application=app-0").await.body;
    assert!(whole.contains("rel=\"next\""), "the list of promotions goes on");
}

#[tokio::test]
async fn what_was_heard_comes_in_parts() {
    let scene = with_health().await;
    let commit = merge(&scene, scene.open()[0]).await;
    for number in 0..7 {
        scene.status(&commit, &format!("argocd/staging-{number}"), "success").await;
    }
    scene.work().await;
    let pages = Pages::of(scene).await;
    let all = "/api/v1/evidence?repository=octo/mesh&environment=staging";
    let all_at_once = pages.get(all).await.json();
    let (mut names, mut next) = (Vec::new(), String::new());
    loop {
        let part = pages.get(&format!("{all}&limit=2&cursor={next}")).await.json();
        names.extend(part["items"].as_array().unwrap().iter().map(|it| it["name"].clone()));
        let Some(more) = part["next"].as_str() else { break };
        next = form_urlencoded::byte_serialize(more.as_bytes()).collect();
    }
    let whole: Vec<_> =
        all_at_once["items"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!((names.len(), &names), (7, &whole));
    let none = pages.get(&format!("{all}&cursor=nonsense")).await;
    assert_eq!(none.json()["items"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn the_api_answers_as_it_is_described() {
    let pages = Pages::new().await;
    let description = pages.get("/api/v1/openapi.json").await.json();
    let promotions = pages.get("/api/v1/promotions?limit=1").await.json();
    let next = promotions["next"].as_str().unwrap();
    let second = pages.get(&format!("/api/v1/promotions?limit=1&cursor={next}")).await.json();
    assert_ne!(promotions["items"][0]["id"], second["items"][0]["id"]);
    assert_eq!(second["next"], Value::Null);
    let id = promotions["items"][0]["id"].as_str().unwrap();
    let answers = [
        ("/promotions", "/promotions?state=merged".to_owned(), 200),
        ("/promotions", "/promotions?limit=0".to_owned(), 400),
        ("/promotions", "/promotions?state=new".to_owned(), 400),
        ("/promotions", "/promotions?cursor=%00&search=%27%22%3C".to_owned(), 400),
        ("/promotions", "/promotions?cursor=x.y&search=%27%22%3C%25_!".to_owned(), 200),
        ("/promotions/{id}", format!("/promotions/{id}"), 200),
        ("/promotions/{id}", "/promotions/%2e%2e%2fetc".to_owned(), 404),
        ("/promotions/{id}", "/promotions/%ff%fe".to_owned(), 404),
        ("/environments", "/environments?repository=octo/mesh".to_owned(), 200),
        ("/environments", "/environments?limit=x".to_owned(), 400),
        ("/evidence", "/evidence?repository=octo/mesh&environment=staging".to_owned(), 200),
        ("/evidence", "/evidence".to_owned(), 400),
        ("/queue", "/queue".to_owned(), 200),
    ];
    for (path, address, status) in answers {
        let answer = pages.get(&format!("/api/v1{address}")).await;
        assert_eq!(answer.status, status, "{address}: {}", answer.body);
        let described = &description["paths"][path]["get"]["responses"][status.to_string()];
        let schema = &described["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{path} {status} is not described");
        fits(&answer.json(), schema, &description, &address);
        if status == 200 {
            let tag = answer.header("etag").unwrap();
            let headers = format!("authorization: Bearer {TOKEN}\r\nif-none-match: {tag}\r\n");
            let again = pages.ask(&format!("GET /api/v1{address}"), &headers, "").await;
            assert_eq!((again.status, again.body.as_str()), (304, ""), "{address}");
        }
    }
    assert_eq!(pages.get("/api/v1/nothing").await.status, 404);
    // What the API knows is what the description knows.
    let paths: Vec<&String> = description["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        [
            "/promotions",
            "/promotions/{id}",
            "/environments",
            "/evidence",
            "/queue",
            "/openapi.json"
        ]
    );
}

/// As much of JSON Schema as the description uses.
fn fits(value: &Value, schema: &Value, all: &Value, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        return fits(value, all.pointer(name.trim_start_matches('#')).unwrap(), all, at);
    }
    if let Some(ways) = schema["oneOf"].as_array() {
        let way = ways.iter().find(|way| (way["type"] == "null") == value.is_null()).unwrap();
        return fits(value, way, all, at);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().any(|it| it == kind),
        one => one == kind,
    };
    assert!(allowed, "{at}: {kind} is not {}", schema["type"]);
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at}: {value}");
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        fits(item, &schema["items"], all, &format!("{at}[{index}]"));
    }
    if let Some(members) = value.as_object() {
        let known = schema["properties"].as_object().unwrap();
        assert!(members.keys().all(|key| known.contains_key(key)), "{at}: {members:?}");
        for (key, schema) in known {
            fits(
                members.get(key).unwrap_or_else(|| panic!("{at}: no {key}")),
                schema,
                all,
                &format!("{at}.{key}"),
            );
        }
    }
}

#[tokio::test]
async fn wrong_tokens_are_few_at_a_time_and_the_right_one_still_opens() {
    let pages = Pages::new().await;
    let guesses = (0..200).map(|_| async {
        pages
            .ask("GET /api/v1/queue", "authorization: Bearer a-wrong-guess-of-it\r\n", "")
            .await
            .status
    });
    let answers = futures_util::future::join_all(guesses).await;
    let looked_at = answers.iter().filter(|status| **status == 401).count();
    assert!(
        looked_at <= 40 && answers.iter().all(|status| [401, 429].contains(status)),
        "{looked_at}"
    );
    assert_eq!(pages.get("/api/v1/queue").await.status, 200);
}
