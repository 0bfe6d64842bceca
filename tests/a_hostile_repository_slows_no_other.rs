//! The service beside a repository that pushes what is made to harm, every second: another repository's
//! promotion takes at most twice as long as alone, memory stays, and SIGTERM ends it in time.
//!
//! It takes minutes, so it is asked for: `OVERLIFT_SOAK_MINUTES=10 cargo nextest run --run-ignored only
//! -E 'test(hostile_repository)' --no-capture`, with `OVERLIFT_SOAK_PROGRAM` for another build than the tests'.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::support::free_address;
use super::support::github::{APP_ID, APP_KEY, GithubStandIn, payloads};
use super::support::scene::{FILES, RATE_PATH, SECRET, copying, post, rate};

const GOOD: &str = "octo/good";
const BAD: &str = "octo/bad";
const STAGED: &str = "overlays/staging/patches/rate.yaml";
const BRANCH: &str = "promote/dev-to-staging";
/// What `deploy/` allows.
const MEMORY_MIB: u64 = 2048;

struct Service {
    github: GithubStandIn,
    address: SocketAddr,
    child: Child,
    _dir: tempfile::TempDir,
    deliveries: u64,
}

impl Service {
    async fn start() -> Self {
        let github = GithubStandIn::start().await;
        // Nothing is merged here, and more than two hundred changes that wait are more than a history tells apart.
        let copying = copying();
        let mut files = FILES;
        files[0].1 = &copying;
        for name in [GOOD, BAD] {
            github.add_repository(name, &files);
        }
        github.install_app(7, &[GOOD, BAD]);
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key.pem");
        std::fs::write(&key, APP_KEY).unwrap();
        let address = free_address();
        let program = std::env::var("OVERLIFT_SOAK_PROGRAM");
        let program = program.unwrap_or_else(|_| env!("CARGO_BIN_EXE_overlift").to_owned());
        let child = Command::new(program)
            .arg("serve")
            .current_dir(dir.path())
            .env_clear()
            .env("OVERLIFT_LISTEN", address.to_string())
            .env("OVERLIFT_WEBHOOK_SECRET", SECRET)
            .env("GITHUB_API_URL", github.api_url())
            .env("OVERLIFT_APP_ID", APP_ID)
            .env("OVERLIFT_APP_PRIVATE_KEY_FILE", &key)
            .env("OVERLIFT_DATABASE_URL", "sqlite://overlift.db?mode=rwc")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut service = Self { github, address, child, _dir: dir, deliveries: 0 };
        let start = Instant::now();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            assert!(start.elapsed() < Duration::from_secs(30), "it does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        service.tell(GOOD, None).await;
        service.tell(BAD, None).await;
        service
    }

    async fn tell(&mut self, repo: &str, before: Option<&str>) {
        self.deliveries += 1;
        let body = payloads::push(&self.github.world(), repo, "main", before).to_string();
        assert_eq!(
            post(self.address, "push", &format!("soak-{}", self.deliveries), &body).await,
            202
        );
    }

    async fn push(&mut self, repo: &str, path: &str, text: &str) {
        let before = self.github.world().repo(repo).branches["main"].clone();
        self.github.commit(repo, "main", "mona", &[(path, text)]);
        self.tell(repo, Some(&before)).await;
    }

    /// How long a value takes from a push to the pull request's branch.
    async fn promote(&mut self, value: u64) -> Duration {
        let wanted = rate(&value.to_string());
        let start = Instant::now();
        self.push(GOOD, RATE_PATH, &wanted).await;
        loop {
            let there = {
                let world = self.github.world();
                let repo = world.repo(GOOD);
                repo.branches.contains_key(BRANCH)
                    && repo.file(BRANCH, STAGED).as_deref() == Some(wanted.as_str())
            };
            if there {
                return start.elapsed();
            }
            assert!(start.elapsed() < Duration::from_secs(120), "{value} does not come");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// What the service holds, and what it does with those that it started, in MiB.
    fn memory(&self) -> (u64, u64) {
        let own = resident(self.child.id());
        let task = format!("/proc/{0}/task", self.child.id());
        let threads = std::fs::read_dir(task).into_iter().flatten().flatten();
        let children = threads.flat_map(|thread| {
            let list = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()
        });
        let children: u64 = children.map(resident).sum();
        (own, own + children)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.and_then(|it| it.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    kib >> 10
}

/// What is pushed in the round.
fn hostile(round: u64) -> (&'static str, String) {
    const KUSTOMIZATION: &str = "overlays/dev/kustomization.yaml";
    let resources = "resources: [../../base]\n";
    let text = |count: usize| "x".repeat(count);
    match round % 8 {
        0 => {
            let path = "a/".repeat(100_000);
            let fields = format!(
                "labels:\n- pairs: {{a: b}}\n  fields: [{{path: {path}z, create: true}}]\n"
            );
            (KUSTOMIZATION, format!("{resources}{fields}"))
        }
        1 => {
            let copies: String = (0..400)
                .map(|n| format!("    - {{op: copy, from: /data, path: /data/b{n}}}\n"))
                .collect();
            (
                KUSTOMIZATION,
                format!("{resources}patches:\n- target: {{name: limits}}\n  patch: |-\n{copies}"),
            )
        }
        2 => (RATE_PATH, format!("{}{}", "[".repeat(60_000), "]".repeat(60_000))),
        3 => {
            let levels: String =
                (1..40).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1)).collect();
            (RATE_PATH, format!("a0: &a0 [x, x]\n{levels}"))
        }
        4 => {
            let entries: String = (0..300)
                .map(|n| {
                    format!(
                        "- source: {{kind: ConfigMap, name: limits, fieldPath: data}}\n  targets:\n  - select: {{kind: ConfigMap}}\n    fieldPaths: [data.k{n}]\n    options: {{create: true}}\n"
                    )
                })
                .collect();
            (KUSTOMIZATION, format!("{resources}replacements:\n{entries}"))
        }
        5 => (
            RATE_PATH,
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: limits}}\ndata: {{a: {}}}\n",
                text(8 << 20)
            ),
        ),
        6 => {
            let files: String = (0..200).map(|n| format!("  - k{n}=patches/rate.yaml\n")).collect();
            (KUSTOMIZATION, format!("{resources}configMapGenerator:\n- name: g\n  files:\n{files}"))
        }
        _ => {
            let documents: String = (0..20_000)
                .map(|n| {
                    format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\n")
                })
                .collect();
            (RATE_PATH, documents)
        }
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn a_hostile_repository_slows_no_other() {
    let minutes = std::env::var("OVERLIFT_SOAK_MINUTES").ok();
    let minutes: f64 = minutes.and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let mut service = Service::start().await;
    let mut value = 100;
    let mut alone = Vec::new();
    for _ in 0..15 {
        value += 1;
        alone.push(service.promote(value).await);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    // The first ones are cold.
    let (alone_most, alone) = (*alone[3..].iter().max().unwrap(), median(&mut alone[3..]));
    let (start, mut round, mut beside, mut memory) = (Instant::now(), 0, Vec::new(), Vec::new());
    while start.elapsed().as_secs_f64() < minutes * 60.0 {
        let second = Instant::now();
        let (path, text) = hostile(round);
        service.push(BAD, path, &text).await;
        // Six a minute: GitHub lets nobody write much more than both do together.
        if round % 10 == 9 {
            value += 1;
            beside.push(service.promote(value).await);
        }
        memory.push(service.memory());
        // Both ask for more than GitHub's hour has requests for; that is another test's.
        service.github.world().remaining = 5000;
        round += 1;
        if round % 60 == 0 {
            let seconds = start.elapsed().as_secs();
            eprintln!("{seconds} s: {:?}, {:?}", memory.last().unwrap(), beside.last().unwrap());
        }
        tokio::time::sleep(Duration::from_secs(1).saturating_sub(second.elapsed())).await;
    }
    let (early, late) = memory.split_at(memory.len() / 2);
    let most = |part: &[(u64, u64)]| part.iter().map(|it| it.0).max().unwrap_or_default();
    let all = memory.iter().map(|it| it.1).max().unwrap_or_default();
    let (early, late) = (most(early), most(late));
    let beside_most = *beside.iter().max().unwrap();
    let count = beside.len();
    let beside = median(&mut beside);
    let stopping = Instant::now();
    let pid = rustix::process::Pid::from_raw(i32::try_from(service.child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let status = loop {
        if let Some(status) = service.child.try_wait().unwrap() {
            break status;
        }
        assert!(stopping.elapsed() < Duration::from_secs(15), "SIGTERM does not end it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let stopped = stopping.elapsed();
    eprintln!(
        "alone {alone:?} (most {alone_most:?}); beside {round} hostile pushes {beside:?} (most {beside_most:?}, {count} promotions); \
         memory of the service {early} MiB, then {late} MiB; with what it started {all} MiB at most; SIGTERM {stopped:?}"
    );
    assert!(status.success(), "{status}");
    assert!(beside <= alone * 2 + Duration::from_millis(20), "{beside:?} beside, {alone:?} alone");
    assert!(late <= early + early / 5 + 16, "{early} MiB, then {late} MiB");
    assert!(all <= MEMORY_MIB, "{all} MiB");
}
