//! "I wrote a configuration and asked for a pull request": nobody promotes by another one unknowingly.

use std::path::Path;

use crate::support::github::GithubStandIn;
use crate::support::scene::{FILES, RATE_PATH, REPO, rate};
use crate::support::{Repo, Run, overlift_command, run};

struct Newcomer {
    github: GithubStandIn,
    token: String,
    repo: Repo,
}

const CONFIG: &str = ".github/overlift.yaml";

impl Newcomer {
    /// A clone of a repository without a configuration, with something to promote.
    async fn new() -> Self {
        let files: Vec<_> = FILES.iter().copied().filter(|(path, _)| *path != CONFIG).collect();
        let github = GithubStandIn::start().await;
        github.add_repository(REPO, &files);
        let token = github.add_person(REPO, "ann", "write");
        github.commit(REPO, "main", "mona", &[(RATE_PATH, &rate("6"))]);
        let repo = Repo::new(&files);
        repo.write(RATE_PATH, &rate("6"));
        repo.commit("rate");
        repo.git(&["remote", "add", "origin", "https://github.com/octo/mesh.git"]);
        Self { github, token, repo }
    }

    async fn at(&self, directory: &Path, arguments: &[&str]) -> Run {
        let mut command = overlift_command(directory, arguments);
        command.env("GITHUB_API_URL", self.github.api_url()).env("GH_TOKEN", &self.token);
        tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
    }

    async fn overlift(&self, arguments: &[&str]) -> Run {
        self.at(self.repo.root(), arguments).await
    }

    fn open(&self) -> usize {
        self.github.world().repo(REPO).open_pulls().len()
    }
}

const PROMOTE: [&str; 3] = ["promote", "dev", "staging"];

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_is_not_pushed_stops_a_promotion() {
    let newcomer = Newcomer::new().await;
    let said = newcomer.overlift(&["init", "--yes"]).await;
    assert!(said.stderr.contains("Commit and push this"), "{said:#?}");
    let named = [&PROMOTE[..], &["--repo", REPO]].concat();
    for arguments in [&PROMOTE[..], &named] {
        let run = newcomer.overlift(arguments).await;
        assert_eq!(run.code, 2, "{run:#?}");
        for words in [
            "`.github/overlift.yaml` here is not on the default branch `main` of `octo/mesh`",
            "git push",
            "--config .github/overlift.yaml",
        ] {
            assert!(run.stderr.contains(words), "{words}: {run:#?}");
        }
    }
    assert_eq!(newcomer.open(), 0);

    // By this one, once.
    let given = [&PROMOTE[..], &["--dry-run", "--config", CONFIG]].concat();
    let said = newcomer.overlift(&given).await.ok();
    assert!(said.contains("by the configuration in `.github/overlift.yaml`"), "{said}");

    // Pushed: it is followed, and said so.
    let text = newcomer.repo.read(CONFIG);
    newcomer.github.commit(REPO, "main", "mona", &[(CONFIG, &text)]);
    let said = newcomer.overlift(&PROMOTE).await.ok();
    let head = newcomer.github.world().repo(REPO).head("main").sha;
    let told = format!("Planned `main` of octo/mesh at {}, by its own `{CONFIG}`.", &head[..7]);
    assert!(said.contains(&told) && said.contains("was opened"), "{told}: {said}");

    // Changed here and not there.
    newcomer.repo.write(CONFIG, &format!("{text}# more\n"));
    let run = newcomer.overlift(&PROMOTE).await;
    assert!(run.stderr.contains("here is not what is on the default branch"), "{run:#?}");
    assert!(run.stderr.contains("git pull"), "{run:#?}");
    // Line endings are the checkout's own business.
    newcomer.repo.write(CONFIG, &text.replace('\n', "\r\n"));
    newcomer.overlift(&PROMOTE).await.ok();
    // And another repository's is none of this one's.
    newcomer.repo.git(&["remote", "set-url", "origin", "https://github.com/octo/other.git"]);
    newcomer.repo.write(CONFIG, "version: 1\n");
    newcomer.overlift(&named).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_without_a_configuration_says_so() {
    let newcomer = Newcomer::new().await;
    let said = newcomer.at(Path::new("/"), &[&PROMOTE[..], &["--repo", REPO]].concat()).await.ok();
    assert!(
        said.contains("by the names of its folders: it has no `.github/overlift.yaml`"),
        "{said}"
    );
}

/// What used to cost trust, as a table: the command, its exit code, and what it says.
#[test]
fn small_things_are_right() {
    let repo = Repo::istio_config();
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&["help"], 0, &["Examples:", "https://github.com/overlift/overlift/tree/main/docs"]),
        (&["help", "plan"], 0, &["--diff"]),
        (&["promote", "staging", "production", "--local", "--commit"], 2, &["cannot be used with"]),
        (&["--color", "always", "plan", "staging", "production"], 0, &["\u{1b}["]),
        (&["status", "--color=never"], 0, &["production"]),
        (&["man", "out/man"], 0, &[]),
        (&["queue", "list", "--database-url", "sqlite://new.db"], 0, &["The queue is empty."]),
        (
            &["queue", "list", "--database-url", "sqlite://no/such/new.db"],
            2,
            &["cannot open the database file `no/such/new.db`: unable to open database file\n"],
        ),
        (
            &["queue", "list", "--database-url", "sqlite://none.db?mode=rw"],
            2,
            &["cannot open the database file `none.db`"],
        ),
        (
            &["queue", "list", "--database-url", "postgres://me:secret@127.0.0.1:1/db"],
            2,
            &["cannot open the database at `127.0.0.1:1`: Connection refused"],
        ),
    ];
    for (arguments, code, words) in cases {
        let run = repo.overlift(arguments);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert_eq!(run.code, *code, "{arguments:?}: {run:#?}");
        for words in *words {
            assert!(said.contains(words), "{arguments:?}: {words}: {run:#?}");
        }
        assert!(!said.contains("secret") && !said.contains("because"), "{arguments:?}: {said}");
    }
    assert!(repo.path("out/man/overlift.1").exists() && repo.path("new.db").exists());
    assert!(!repo.path("out/man/overlift-help.1").exists() && !repo.path("none.db").exists());
}

/// What a shell completes, as a person types it.
#[test]
fn environments_and_applications_are_completed() {
    let repo = Repo::istio_config();
    let built = Path::new(env!("CARGO_BIN_EXE_overlift")).parent().unwrap();
    let path = format!("{}:{}", built.display(), std::env::var("PATH").unwrap());
    let script = "source <(overlift completions bash)\nCOMP_WORDS=(overlift plan st) COMP_CWORD=2\n\
                  _overlift_with_names overlift st plan\nprintf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash = std::process::Command::new("bash");
    bash.args(["-c", script]).current_dir(repo.root()).env("PATH", path);
    let completed = run(&mut bash).stdout;
    assert!(completed.lines().any(|line| line == "staging"), "{completed}");
    assert!(!completed.contains("production"), "{completed}");
    assert_eq!(repo.overlift(&["names"]).ok(), "development\nstaging\nproduction\n");
    let zsh = repo.overlift(&["completions", "zsh"]).ok();
    assert!(zsh.starts_with("#compdef overlift\n"), "{zsh}");
    assert!(zsh.contains("environment that it goes to:_overlift_names'"), "{zsh}");
    let fish = repo.overlift(&["completions", "fish"]).ok();
    assert!(fish.contains("(overlift names 2>/dev/null)"), "{fish}");
}

/// What a newcomer meets in a fresh, a bare, or an old place, with the way out.
#[test]
fn hints_for_repositories_that_are_not_ready() {
    let fresh = Repo::without_git(&[("overlays/dev/kustomization.yaml", "resources: []\n")]);
    fresh.write("overlays/prod/kustomization.yaml", "resources: []\n");
    fresh.git(&["init", "--quiet"]);
    let result = fresh.overlift(&["plan", "dev", "prod", "--rev", "HEAD"]);
    assert_eq!(result.code, 2);
    assert!(result.stderr.contains("has no commit yet"), "{}", result.stderr);
    assert!(result.stderr.contains("help: commit the files first"), "{}", result.stderr);
    assert_eq!(fresh.overlift(&["plan", "dev", "prod"]).code, 0, "the working tree is there");

    let bare = Repo::without_git(&[]);
    bare.git(&["init", "--quiet", "--bare"]);
    let result = bare.overlift(&["plan", "dev", "prod"]);
    assert_eq!(result.code, 2);
    assert!(result.stderr.contains("is a bare repository"), "{}", result.stderr);
    assert!(result.stderr.contains("git worktree add"), "{}", result.stderr);

    let old = Repo::new(&[("overlays/dev/kustomization.yaml", "resources: []\n")]);
    let script = "#!/bin/sh\necho \"error: unknown option \\`end-of-options'\" >&2\nexit 129\n";
    let path = old.program("git", script);
    let mut command = overlift_command(old.root(), &["plan", "dev", "prod", "--rev", "main"]);
    let result = run(command.env("PATH", path));
    assert_eq!(result.code, 2);
    assert!(
        result.stderr.contains("this git is older than Overlift needs (2.31)"),
        "{}",
        result.stderr
    );
}
