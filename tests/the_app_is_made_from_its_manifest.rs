//! "Make me the App": a browser's way to GitHub and back, and the credentials that come of it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::support::{APP_KEY_LINE, Run, overlift_command, run};

/// A GitHub that knows one code, once.
fn github() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut used = false;
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let good = request.starts_with("POST /app-manifests/c0de/conversions ") && !used;
            used |= good;
            let body = serde_json::json!({
                "id": 4711, "slug": "overlift-octo", "html_url": "https://github.com/apps/overlift-octo",
                "pem": APP_KEY_LINE, "webhook_secret": "a-secret-of-the-webhook",
                "client_id": "Iv23liStandIn", "client_secret": "a-secret-of-the-client",
            });
            let (status, body) = if good {
                ("201 Created", body.to_string())
            } else {
                ("404 Not Found", "{}".into())
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
        }
    });
    address
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn create(directory: &Path, github: &str) -> (Child, String) {
    let arguments = [
        "app",
        "create",
        "--url",
        "https://overlift.example.com/",
        "--organization",
        "octo",
        "--output",
        "keep",
    ];
    let mut command: Command = overlift_command(directory, &arguments);
    command.env("GITHUB_API_URL", github).stderr(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("Open http://").unwrap().split(' ').next().unwrap().to_owned();
    (child, address)
}

#[test]
fn a_browser_brings_the_code_and_the_credentials_are_kept() {
    let github = github();
    let temp = tempfile::tempdir().unwrap();
    let (child, address) = create(temp.path(), &github);
    let page = get(&address, "/");
    let action = page.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
    let state = action.rsplit_once("state=").unwrap().1;
    assert_eq!(action, format!("{github}/organizations/octo/settings/apps/new?state={state}"));
    let manifest = page.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    let manifest: Value = serde_json::from_str(&manifest.replace("&quot;", "\"")).unwrap();
    assert_eq!(manifest["hook_attributes"]["url"], "https://overlift.example.com/webhook");
    assert_eq!(manifest["redirect_url"], format!("http://{address}/made"));
    let back = "https://overlift.example.com/login/github/callback";
    assert_eq!(manifest["callback_urls"], serde_json::json!([back]));
    // The same as the file that the page shows.
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/github-app-manifest.json");
    let file: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    for key in ["default_permissions", "name", "description", "public", "callback_urls"] {
        assert_eq!(manifest[key], file[key], "{key}");
    }

    // Whoever does not know the state is turned away, and the way stays open.
    assert!(get(&address, "/made?code=evil&state=1").contains("400 Bad Request"));
    assert!(get(&address, "/favicon.ico").contains("404"));
    let done = get(&address, &format!("/made?code=c0de&state={state}"));
    assert!(done.contains("https://github.com/apps/overlift-octo/installations/new"), "{done}");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("export OVERLIFT_APP_ID=4711\n"), "{said}");
    assert!(said.contains("export OVERLIFT_APP_CLIENT_ID=Iv23liStandIn\n"), "{said}");
    assert!(!said.contains("a-secret") && !done.contains("a-secret"), "{said}");
    for (file, text) in [
        ("private-key.pem", APP_KEY_LINE),
        ("webhook-secret", "a-secret-of-the-webhook"),
        ("client-secret", "a-secret-of-the-client"),
    ] {
        let path = temp.path().join("keep").join(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{text}\n"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{file}");
    }

    // The code was used, and what is there stays.
    let exchange = |output: &str| -> Run {
        let mut command =
            overlift_command(temp.path(), &["app", "exchange", "c0de", "--output", output]);
        run(command.env("GITHUB_API_URL", &github))
    };
    let again = exchange("other");
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("a code lasts an hour and works once"), "{again:#?}");
    assert!(exchange("keep").stderr.contains("is there already"));
}
