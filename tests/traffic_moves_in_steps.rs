//! A canary and a blue-green as pull requests one after the other: on time, back again, once, and left alone by
//! promotions.

use std::sync::atomic::Ordering;

use crate::support::canary::{
    AUTO, CANARY, SWITCH, api, api_on, configuration, fixture_files, heard, merge, promoted, scene,
    scene_with, second_step, title, web,
};
use crate::support::github::endpoint;
use crate::support::scene::{REPO, Scene, rate};

#[tokio::test]
async fn a_canary_goes_all_the_way_one_pull_request_after_the_other() {
    let scene = scene(&configuration(CANARY, "")).await;
    promoted(&scene, "6").await;
    assert_eq!(api_on(&scene, "main"), api(0), "a promotion leaves weights alone");
    for share in [10, 50, 100] {
        scene.later(30).await;
        assert!(scene.open().is_empty(), "{share}: nobody said that prod is healthy");
        heard(&scene, "success").await;
        scene.later(9).await;
        assert!(scene.open().is_empty(), "{share}: the pause is not over");
        scene.later(1).await;
        let number = scene.open()[0];
        assert_eq!(title(&scene, number), format!("Step: prod, shop/api canary {share} %"));
        assert_eq!(api_on(&scene, "step/prod"), api(share));
        let body = scene.body(number);
        assert!(body.contains(&format!("`canary` gets {share} %")), "{body}");
        let message = {
            let world = scene.github.world();
            let repo = world.repo(REPO);
            repo.objects.commit(&repo.pulls[&number].head_sha).unwrap().message
        };
        assert!(
            message.contains(&format!("\nOverlift-Step: shop/api canary={share}")),
            "{message}"
        );
        scene.later(60).await;
        assert_eq!(scene.open(), [number], "one after the other");
        assert_eq!(scene.check(number, "Overlift / prod").unwrap().0, "success");
        merge(&scene, number).await;
    }
    heard(&scene, "success").await;
    scene.later(600).await;
    assert!(scene.open().is_empty(), "all the way is all there is");
    assert_eq!(api_on(&scene, "main"), api(100));
    assert!(scene.github.world().violations.is_empty());
}

#[tokio::test]
async fn degraded_evidence_leads_back_to_the_start_and_nothing_follows_by_itself() {
    let scene = scene(&configuration(CANARY, "")).await;
    let next = second_step(&scene).await;
    assert_eq!(title(&scene, next), "Step: prod, shop/api canary 50 %");
    // The next one is open already: it becomes the way back.
    heard(&scene, "failure").await;
    heard(&scene, "failure").await;
    assert_eq!(scene.open(), [next]);
    assert_eq!(title(&scene, next), "Step back: prod, shop/api canary 0 %");
    assert_eq!(api_on(&scene, "step/prod"), api(0));
    let body = scene.body(next);
    assert!(body.contains("Nobody asked for it: `prod` is degraded."), "{body}");
    assert_eq!(scene.check(next, "Overlift / prod").unwrap().0, "success", "it waits for nothing");
    merge(&scene, next).await;
    heard(&scene, "success").await;
    scene.later(600).await;
    assert!(scene.open().is_empty(), "{:?}", scene.open());

    // Somebody who asks gets the first step again; the next promotion begins anew.
    scene.comment(next, "mona", "/promote").await;
    scene.work().await;
    assert_eq!(title(&scene, scene.open()[0]), "Step: prod, shop/api canary 10 %");
}

#[tokio::test]
async fn with_merge_auto_the_canary_walks_alone_and_back_alone() {
    let scene = scene(&configuration(CANARY, AUTO)).await;
    scene.push(&[("overlays/staging/patches/rate.yaml", &rate("6"))]).await;
    scene.later(1).await;
    for share in [10, 50] {
        heard(&scene, "success").await;
        scene.later(9).await;
        assert_ne!(api_on(&scene, "main"), api(share));
        scene.later(2).await;
        assert_eq!(api_on(&scene, "main"), api(share), "{}", scene.github.writes());
    }
    heard(&scene, "failure").await;
    scene.later(1).await;
    assert_eq!(api_on(&scene, "main"), api(0));
    heard(&scene, "success").await;
    scene.later(600).await;
    assert_eq!(api_on(&scene, "main"), api(0));
}

#[tokio::test]
async fn a_switch_is_one_pull_request_after_each_promotion() {
    let both = format!("{CANARY}, {SWITCH}");
    for steps in [SWITCH, &both] {
        let scene =
            scene_with(&configuration(steps, ""), &[("overlays/prod/api.yaml", &api(100))]).await;
        for (value, live) in [("6", "green"), ("7", "blue")] {
            promoted(&scene, value).await;
            heard(&scene, "success").await;
            scene.later(10).await;
            let number = scene.open()[0];
            assert!(
                title(&scene, number).ends_with(&format!("to {live}")),
                "{}",
                title(&scene, number)
            );
            assert_eq!(scene.file("step/prod", "overlays/prod/web.yaml").unwrap(), web(live));
            merge(&scene, number).await;
            heard(&scene, "success").await;
            scene.later(60).await;
            assert!(scene.open().is_empty());
        }
        // Degraded after the switch: back again, and not forth by itself.
        heard(&scene, "failure").await;
        let number = scene.open()[0];
        assert_eq!(title(&scene, number), "Step back: prod, shop/web from blue to green");
        merge(&scene, number).await;
        heard(&scene, "success").await;
        scene.later(60).await;
        assert!(scene.open().is_empty());
    }
}

#[tokio::test]
async fn a_promotion_leaves_weights_alone_however_it_edits() {
    for more in ["", "promotion: {copy: ['**']}\n"] {
        let scene = scene(
            &configuration(CANARY, "").replace("pullRequest:", &format!("{more}pullRequest:")),
        )
        .await;
        // The source changes the same file beside its weights, and its weights.
        let changed = api(50) + "    timeout: 3s\n";
        scene.push(&[("overlays/staging/api.yaml", &changed)]).await;
        scene.work().await;
        let promoted = api_on(&scene, "promote/staging-to-prod");
        assert_eq!(promoted, api(0) + "    timeout: 3s\n", "{more}");
    }
}

#[tokio::test]
async fn who_owns_the_traffic_is_told_and_no_step_is_made() {
    let canary = "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: api, namespace: shop}\n\
                  spec: {targetRef: {kind: Deployment, name: api}}\n";
    let owned = [
        (
            "overlays/prod/kustomization.yaml",
            "resources: [../../base, api.yaml, web.yaml, canary.yaml]\npatches:\n- path: patches/rate.yaml\n",
        ),
        ("overlays/prod/canary.yaml", canary),
    ];
    let scene = scene_with(&configuration(CANARY, ""), &owned).await;
    let number = promoted(&scene, "6").await;
    heard(&scene, "success").await;
    scene.later(60).await;
    assert!(scene.open().is_empty());
    let said = scene.said(number).join("\n");
    assert!(said.contains("is moved by Flagger's Canary shop/api"), "{said}");
    scene.comment(number, "mona", "/promote").await;
    scene.work().await;
    let said = scene.said(number).join("\n");
    assert!(said.contains("This step cannot be taken"), "{said}");
}

#[tokio::test]
async fn freezes_and_health_hold_a_step_forward() {
    let freeze = "  freeze: [{from: 1970-01-01, until: 2099-01-01}]\n";
    let scene = scene(&configuration(CANARY, freeze)).await;
    let number = promoted(&scene, "6").await;
    let comment = scene.comment(number, "mona", "/promote").await;
    scene.work().await;
    let step = scene.open()[0];
    let body = scene.body(step);
    assert!(body.contains("- `freeze`: until") && body.contains("- `health`: not yet"), "{body}");
    assert!(scene.reactions(comment).contains(&"rocket".to_owned()));
}

#[tokio::test]
async fn an_open_step_is_planned_again_when_the_target_changes() {
    let scene = scene(&configuration(CANARY, "")).await;
    let number = promoted(&scene, "6").await;
    scene.comment(number, "mona", "/promote").await;
    scene.work().await;
    let step = scene.open()[0];
    let renamed = api(0).replace("# most", "# nearly all");
    scene.push(&[("overlays/prod/api.yaml", &renamed)]).await;
    scene.work().await;
    assert_eq!(scene.open(), [step]);
    assert_eq!(api_on(&scene, "step/prod"), api(10).replace("# most", "# nearly all"));
    // Somebody moved it by hand: nothing is left of the step.
    scene.push(&[("overlays/prod/api.yaml", &api(10))]).await;
    scene.work().await;
    assert!(scene.open().is_empty());
    let said = scene.said(step).join("\n");
    assert!(said.contains("Nothing is left to move in `prod`"), "{said}");
}

/// As a promotion that is configured no more: closed, with one comment that says why.
#[tokio::test]
async fn an_open_step_that_is_configured_no_more_is_closed() {
    let no_steps = configuration("", "");
    let other = configuration(SWITCH, "");
    let gone = "environments:\n- {name: staging, path: overlays/staging}\n".to_owned();
    for (without, says) in [
        (no_steps, "`steps` of `prod` move no traffic of `shop/api`"),
        (other, "`steps` of `prod` move no traffic of `shop/api`"),
        (gone, "no environment `prod`"),
    ] {
        let scene = scene(&configuration(CANARY, "")).await;
        promoted(&scene, "6").await;
        heard(&scene, "success").await;
        scene.later(10).await;
        let number = scene.open()[0];
        scene.push(&[(".github/overlift.yaml", &without)]).await;
        scene.later(1).await;
        assert!(scene.open().is_empty(), "{says}: {}", scene.github.writes());
        let said = scene.said(number);
        let told = said.iter().filter(|it| it.contains("no such step of `prod` any more")).count();
        assert!(told == 1 && said.iter().any(|it| it.contains(says)), "{said:?}");
        let world = scene.github.world();
        assert!(!world.repo(REPO).branches.contains_key("step/prod"), "its branch is gone");
    }
}

/// The advice of the refusal, followed: the routes in a patch of the environment, and the next step is there.
#[tokio::test]
async fn weights_in_a_shared_base_are_refused_with_advice_that_helps() {
    let base = "resources: [config.yaml, api.yaml]\n";
    let from_base = "resources: [../../base]\npatches:\n- path: patches/rate.yaml\n";
    let extra = [
        ("base/kustomization.yaml", base),
        ("base/api.yaml", &*api(0)),
        ("overlays/prod/kustomization.yaml", from_base),
        ("overlays/staging/kustomization.yaml", from_base),
    ];
    let scene = scene_with(&configuration(CANARY, ""), &extra).await;
    let token = scene.github.add_person(REPO, "dev", "write");
    let (code, text) = scene.command(&token, "step", &["prod"]).await;
    assert_eq!(code, Some(2), "{text}");
    for told in
        ["base/api.yaml", "where other environments read them too", "in a patch of `overlays/prod`"]
    {
        assert!(text.contains(told), "{text}");
    }
    let patched = format!("{from_base}- path: patches/api.yaml\n");
    let patch = api(0);
    scene
        .push(&[
            ("overlays/prod/kustomization.yaml", &patched),
            ("overlays/prod/patches/api.yaml", &patch),
        ])
        .await;
    let (code, text) = scene.command(&token, "step", &["prod"]).await;
    assert!(code == Some(0) && text.contains("canary 10 % (0 % before)"), "{text}");
    assert_eq!(scene.file("step/prod", "overlays/prod/patches/api.yaml").unwrap(), api(10));
}

#[tokio::test]
async fn kills_and_lost_answers_make_each_step_once() {
    for kill in 1..=12 {
        let mut scene = scene(&configuration(CANARY, "")).await;
        promoted(&scene, "6").await;
        scene.status(&scene.head("main"), "argocd/prod", "success").await;
        scene.now.fetch_add(11 * 60_000, Ordering::SeqCst);
        match kill % 3 {
            0 => scene.github.next(endpoint::CREATE_PULL).loses_its_reply(),
            1 => scene.github.next(endpoint::ANY).times((kill / 2).max(1)).fails_with(502),
            _ => scene.kill_after(kill * 30).await,
        }
        scene.drain().await;
        assert_eq!(scene.open().len(), 1, "kill {kill}: {}", scene.github.writes());
        assert_eq!(api_on(&scene, "step/prod"), api(10), "kill {kill}");
        assert!(scene.github.world().violations.is_empty());
    }
}

#[tokio::test]
async fn two_replicas_take_a_step_once() {
    let scene = scene(&configuration(CANARY, "")).await;
    promoted(&scene, "6").await;
    let replica = scene.replica().await;
    scene.status(&scene.head("main"), "argocd/prod", "success").await;
    for _ in 0..30 {
        let (first, second) = tokio::join!(scene.app.drain(), replica.app.drain());
        first.unwrap();
        second.unwrap();
        scene.now.fetch_add(30_000, Ordering::SeqCst);
    }
    assert_eq!(scene.open().len(), 1);
    assert_eq!(
        scene.github.writes().matches("ref step/prod").count(),
        1,
        "{}",
        scene.github.writes()
    );
}

#[tokio::test]
async fn the_command_takes_the_next_step_or_the_one_that_is_asked_for() {
    let both = format!("{CANARY}, {SWITCH}");
    let scene = scene(&configuration(&both, "")).await;
    let token = scene.github.add_person(REPO, "dev", "write");
    let step = async |arguments: &[&str]| scene.command(&token, "step", arguments).await;
    let (code, text) = step(&["prod", "--dry-run"]).await;
    assert!(code == Some(0) && text.contains("+      weight: 10"), "{text}");
    assert!(scene.open().is_empty());
    let (code, text) = step(&["prod"]).await;
    assert!(code == Some(0) && text.contains("shop/api: canary 10 % (0 % before)"), "{text}");
    assert!(text.contains("was opened"), "{text}");
    let (_, text) = step(&["prod"]).await;
    assert!(text.contains("takes this step already"), "{text}");
    let (code, text) = step(&["prod", "--weight", "25"]).await;
    assert!(code == Some(0) && text.contains("was brought up to date"), "{text}");
    assert_eq!(api_on(&scene, "step/prod"), api(25));
    merge(&scene, scene.open()[0]).await;
    let (_, text) = step(&["prod", "--weight", "100"]).await;
    assert!(text.contains("canary 100 % (25 % before)"), "{text}");
    merge(&scene, scene.open()[0]).await;
    let (_, text) = step(&["prod"]).await;
    assert!(text.contains("shop/web: green 100 %"), "{text}");
    merge(&scene, scene.open()[0]).await;
    assert_eq!(step(&["prod"]).await, (Some(0), "No step is left to take.\n".to_owned()));
    let (code, text) = step(&["staging"]).await;
    assert!(code == Some(2) && text.contains("is promoted from no other environment"), "{text}");
    let (code, text) = step(&["nowhere"]).await;
    assert!(code == Some(2) && text.contains("no environment `nowhere`"), "{text}");
    let (code, text) = step(&["prod", "--weight", "5", "--virtual-service", "shop/web"]).await;
    assert!(code == Some(2) && text.contains("no weight of 5 %"), "{text}");
}

/// The fixture's own files and configuration, all the way.
#[tokio::test]
async fn the_fixture_shows_a_canary_and_a_blue_green() {
    let files = fixture_files();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let scene = Scene::with_files(&files).await;
    scene.github.add_person(REPO, "mona", "write");
    scene.push_event(None).await;
    scene.work().await;
    let issue = 900;
    scene.github.world().repo_mut(REPO).issues.insert(issue);
    let split =
        |branch: &str| scene.file(branch, "overlays/production/checkout-split.yaml").unwrap();
    let before = split("main");
    for share in ["10", "50", "100"] {
        scene.comment(issue, "mona", "/promote staging production").await;
        scene.work().await;
        let step =
            *scene.open().last().unwrap_or_else(|| panic!("{share}: {:?}", scene.said(issue)));
        let rest = 100 - share.parse::<u32>().unwrap();
        let want = before
            .replace("weight: 100 #", &format!("weight: {rest} #"))
            .replace("weight: 0\n", &format!("weight: {share}\n"))
            .replace("percentage: \"0\"", &format!("percentage: \"{share}\""));
        assert_eq!(split("step/production"), want);
        merge(&scene, step).await;
    }
    scene.comment(issue, "mona", "/promote staging production").await;
    scene.work().await;
    let kustomization = "overlays/production/kustomization.yaml";
    let green = scene.file("step/production", kustomization).unwrap();
    assert_eq!(
        green,
        scene.file("main", kustomization).unwrap().replace("value: blue", "value: green")
    );
}
