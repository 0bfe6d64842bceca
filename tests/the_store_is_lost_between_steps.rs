//! A walk of steps whose store is lost on the way: it goes on as it would have, and nothing is opened twice.

use crate::support::canary::{
    AUTO, CANARY, SWITCH, api, api_on, configuration, heard, merge, promoted, scene, scene_with,
    second_step, title, web,
};
use crate::support::github::payloads;
use crate::support::scene::{REPO, Scene, rate};

/// The database is gone. The next thing that GitHub tells of the repository, whatever it is, brings the service
/// back to it.
async fn lose(scene: &mut Scene) {
    scene.lose_the_database().await;
    scene.status(&"a".repeat(40), "ci/of-another-commit", "success").await;
    scene.work().await;
}

/// All pull requests there ever were, as titles.
fn titles(scene: &Scene) -> Vec<String> {
    scene.github.world().repo(REPO).pulls.values().map(|pull| pull.title.clone()).collect()
}

fn comments(scene: &Scene) -> usize {
    scene.github.world().repo(REPO).comments.len()
}

/// Where the store is lost, by the number of the occasion.
struct Losing {
    at: usize,
    occasion: usize,
}

impl Losing {
    async fn perhaps(&mut self, scene: &mut Scene) {
        self.occasion += 1;
        if self.at == 0 || self.at == self.occasion {
            lose(scene).await;
        }
    }
}

/// Goes all the way of a canary; returns what there was to lose the store at.
async fn walk(at: usize) -> usize {
    let mut scene = scene(&configuration(CANARY, "")).await;
    let mut losing = Losing { at, occasion: 0 };
    promoted(&scene, "6").await;
    losing.perhaps(&mut scene).await;
    for share in [10, 50, 100] {
        scene.later(30).await;
        assert!(scene.open().is_empty(), "{at} {share}: nobody said that prod is healthy");
        heard(&scene, "success").await;
        losing.perhaps(&mut scene).await;
        scene.later(4).await;
        losing.perhaps(&mut scene).await;
        scene.later(5).await;
        assert!(scene.open().is_empty(), "{at} {share}: the pause is not over");
        scene.later(1).await;
        let [number] = scene.open()[..] else { panic!("{at} {share}: {}", scene.github.writes()) };
        assert_eq!(title(&scene, number), format!("Step: prod, shop/api canary {share} %"));
        assert_eq!(api_on(&scene, "step/prod"), api(share), "{at}");
        let before = scene.github.writes();
        losing.perhaps(&mut scene).await;
        scene.later(60).await;
        let more = scene.github.writes()[before.len()..].to_owned();
        assert!(!more.contains("ref "), "{at} {share}: {more}");
        assert_eq!(scene.check(number, "Overlift / prod").unwrap().0, "success", "{at} {share}");
        merge(&scene, number).await;
        losing.perhaps(&mut scene).await;
    }
    heard(&scene, "success").await;
    losing.perhaps(&mut scene).await;
    scene.later(600).await;
    assert_eq!(api_on(&scene, "main"), api(100), "{at}");
    assert_eq!(titles(&scene).len(), 4, "{at}: {:?}", titles(&scene));
    assert_eq!(scene.said(titles(&scene).len() as u64).len(), 1, "{at}: told once");
    assert!(scene.github.world().violations.is_empty());
    losing.occasion
}

#[tokio::test]
async fn a_canary_goes_on_wherever_the_store_is_lost() {
    // Each time.
    let occasions = walk(0).await;
    for at in 1..=occasions {
        walk(at).await;
    }
}

#[tokio::test]
async fn the_way_back_is_opened_once_and_nothing_follows_it() {
    for at in 0..=4 {
        let mut losing = Losing { at, occasion: 0 };
        let mut scene = scene(&configuration(CANARY, "")).await;
        let next = second_step(&scene).await;
        losing.perhaps(&mut scene).await;
        heard(&scene, "failure").await;
        losing.perhaps(&mut scene).await;
        assert_eq!(scene.open(), [next], "{at}");
        assert_eq!(title(&scene, next), "Step back: prod, shop/api canary 0 %", "{at}");
        assert_eq!(api_on(&scene, "step/prod"), api(0), "{at}");
        // It recovers with the way back open: that stays the way back.
        heard(&scene, "success").await;
        losing.perhaps(&mut scene).await;
        scene.later(60).await;
        assert_eq!(title(&scene, next), "Step back: prod, shop/api canary 0 %", "{at}");
        merge(&scene, next).await;
        losing.perhaps(&mut scene).await;
        heard(&scene, "success").await;
        scene.later(600).await;
        assert!(scene.open().is_empty(), "{at}: {}", scene.github.writes());
        assert_eq!(titles(&scene).len(), 3, "{at}: {:?}", titles(&scene));

        // The next promotion begins anew.
        promoted(&scene, "7").await;
        heard(&scene, "success").await;
        scene.later(10).await;
        let [first] = scene.open()[..] else { panic!("{at}: {}", scene.github.writes()) };
        assert_eq!(title(&scene, first), "Step: prod, shop/api canary 10 %");
    }
}

/// Degraded right after a step, and nothing open yet: the way back, though what brought the step is forgotten.
#[tokio::test]
async fn a_merged_step_leads_back_after_the_loss() {
    for (steps, back) in [
        (CANARY, "Step back: prod, shop/api canary 0 %"),
        (SWITCH, "Step back: prod, shop/web from green to blue"),
    ] {
        let mut scene = scene(&configuration(steps, "")).await;
        promoted(&scene, "6").await;
        heard(&scene, "success").await;
        scene.later(10).await;
        merge(&scene, scene.open()[0]).await;
        lose(&mut scene).await;
        heard(&scene, "failure").await;
        let [number] = scene.open()[..] else { panic!("{back}: {}", scene.github.writes()) };
        assert_eq!(title(&scene, number), back);
        merge(&scene, number).await;
        lose(&mut scene).await;
        heard(&scene, "success").await;
        scene.later(600).await;
        assert!(scene.open().is_empty(), "{back}: {}", scene.github.writes());
    }
}

#[tokio::test]
async fn what_a_person_closed_stays_closed_after_the_loss() {
    let mut scene = scene(&configuration(CANARY, "")).await;
    promoted(&scene, "6").await;
    heard(&scene, "success").await;
    scene.later(10).await;
    let number = scene.open()[0];
    {
        let mut world = scene.github.world();
        world.repo_mut(REPO).pulls.get_mut(&number).unwrap().open = false;
    }
    let closed = payloads::pull_request_closed(&scene.github.world(), REPO, number, "mona");
    scene.deliver("pull_request", &closed).await;
    scene.work().await;
    lose(&mut scene).await;
    heard(&scene, "success").await;
    scene.later(600).await;
    assert!(scene.open().is_empty(), "{}", scene.github.writes());
    // Whoever asks gets it.
    scene.comment(number, "mona", "/promote").await;
    scene.work().await;
    scene.comment(1, "mona", "/promote staging prod").await;
    scene.work().await;
    assert_eq!(scene.open().len(), 1, "{:?}", scene.said(number));
}

#[tokio::test]
async fn a_switch_is_known_by_the_commits_alone() {
    let both = format!("{CANARY}, {SWITCH}");
    let files = [("overlays/prod/api.yaml", &*api(100))];
    let mut scene = scene_with(&configuration(&both, ""), &files).await;
    for (value, live) in [("6", "green"), ("7", "blue")] {
        promoted(&scene, value).await;
        lose(&mut scene).await;
        heard(&scene, "success").await;
        scene.later(10).await;
        let number = scene.open()[0];
        lose(&mut scene).await;
        merge(&scene, number).await;
        lose(&mut scene).await;
        assert_eq!(scene.file("main", "overlays/prod/web.yaml").unwrap(), web(live));
        heard(&scene, "success").await;
        scene.later(60).await;
        assert!(scene.open().is_empty(), "{value}: {}", scene.github.writes());
    }
}

/// With an App nothing has to be heard: whoever starts looks at what it is installed on. Here the clock alone
/// brings what was due.
#[tokio::test]
async fn a_walk_without_hands_ends_where_it_should() {
    let mut scene = scene(&configuration(CANARY, AUTO)).await;
    scene.push(&[("overlays/staging/patches/rate.yaml", &rate("6"))]).await;
    scene.later(1).await;
    for share in [10, 50, 100] {
        heard(&scene, "success").await;
        lose(&mut scene).await;
        scene.later(9).await;
        assert_ne!(api_on(&scene, "main"), api(share));
        lose(&mut scene).await;
        scene.later(2).await;
        assert_eq!(api_on(&scene, "main"), api(share), "{}", scene.github.writes());
    }
    lose(&mut scene).await;
    heard(&scene, "failure").await;
    scene.later(1).await;
    assert_eq!(api_on(&scene, "main"), api(0));
    lose(&mut scene).await;
    heard(&scene, "success").await;
    scene.later(600).await;
    assert_eq!(api_on(&scene, "main"), api(0));
}

/// Steps that the command opened are the service's own: they are held, and the next one follows.
#[tokio::test]
async fn what_the_command_opened_is_taken_on() {
    let scene = scene(&configuration(CANARY, "")).await;
    let token = scene.github.add_person(REPO, "dev", "write");
    promoted(&scene, "6").await;
    let (code, text) = scene.command(&token, "step", &["prod"]).await;
    assert_eq!(code, Some(0), "{text}");
    let number = scene.open()[0];
    scene.changed(number, "opened", "dev").await;
    scene.work().await;
    assert_eq!(scene.check(number, "Overlift / prod").unwrap().0, "pending", "health is missing");
    merge(&scene, number).await;
    heard(&scene, "success").await;
    scene.later(10).await;
    assert_eq!(title(&scene, scene.open()[0]), "Step: prod, shop/api canary 50 %");

    // Merged before anybody told of it.
    merge(&scene, scene.open()[0]).await;
    let (code, text) = scene.command(&token, "step", &["prod", "--weight", "70"]).await;
    assert_eq!(code, Some(0), "{text}");
    merge(&scene, scene.open()[0]).await;
    heard(&scene, "success").await;
    scene.later(10).await;
    assert_eq!(title(&scene, scene.open()[0]), "Step: prod, shop/api canary 100 %");
}

#[tokio::test]
async fn a_deployment_is_made_once_though_the_note_of_it_is_lost() {
    let mut scene = scene(&configuration(CANARY, "deployments: true\n")).await;
    promoted(&scene, "6").await;
    lose(&mut scene).await;
    heard(&scene, "success").await;
    lose(&mut scene).await;
    let before = comments(&scene);
    heard(&scene, "success").await;
    let world = scene.github.world();
    let deployments = &world.repo(REPO).deployments;
    assert_eq!(deployments.len(), 1, "{}", scene.github.writes());
    assert_eq!(deployments[0].statuses.last().unwrap().0, "success");
    assert_eq!(world.repo(REPO).comments.len(), before, "told in one comment");
}

/// Many repositories squash to the title alone. Then the pull requests alone tell what was switched.
#[tokio::test]
async fn a_squash_without_trailers_does_not_switch_back_and_forth() {
    for loses in [false, true] {
        let other = SWITCH.replace("shop/web", "shop/front");
        let front =
            web("blue").replace("name: web", "name: front").replace("host: web", "host: front");
        let environment = "resources: [../../base, api.yaml, web.yaml, front.yaml]\npatches:\n\
                           - path: patches/rate.yaml\n";
        let files = [
            ("overlays/prod/front.yaml", &*front),
            ("overlays/prod/kustomization.yaml", environment),
        ];
        let both = format!("{SWITCH}, {other}");
        let mut scene = scene_with(&configuration(&both, ""), &files).await;
        scene.github.world().repo_mut(REPO).squashes_bare = true;
        promoted(&scene, "6").await;
        for name in ["web", "front"] {
            if loses {
                lose(&mut scene).await;
            }
            heard(&scene, "success").await;
            scene.later(10).await;
            let [number] = scene.open()[..] else { panic!("{name}: {}", scene.github.writes()) };
            assert_eq!(
                title(&scene, number),
                format!("Step: prod, shop/{name} from blue to green")
            );
            merge(&scene, number).await;
        }
        if loses {
            lose(&mut scene).await;
        }
        heard(&scene, "success").await;
        scene.later(600).await;
        assert!(scene.open().is_empty(), "{loses}: {:?}", titles(&scene));
    }
}

#[tokio::test]
async fn a_release_that_comes_first_is_asked_for_again() {
    let mut scene = scene(&configuration(CANARY, "")).await;
    scene.github.add_person(REPO, "boss", "admin");
    scene.push(&[("overlays/staging/patches/rate.yaml", &rate("6"))]).await;
    scene.work().await;
    let number = scene.open()[0];
    scene.lose_the_database().await;
    let before = scene.said(number).len();
    scene.comment(number, "boss", "/release the fix").await;
    scene.work().await;
    let said = scene.said(number);
    assert!(said[before].contains("write `/release REASON` again"), "{said:?}");
    scene.comment(number, "boss", "/release the fix").await;
    scene.work().await;
    assert_eq!(scene.said(number).len(), before + 1);
    assert!(scene.body(number).contains("Released by `boss`"), "{}", scene.body(number));
}
