// What a person does with the pages, in a real browser, and what is wrong with what is seen then.
//
// usage: node person.mjs ADDRESS TOKEN MODULES CHROMIUM WINDOWS [PICTURES]. WINDOWS is `all` or, for a phone at night
// and a desk without scripts, `two`. Asks for what has to happen meanwhile with a line `do WHAT` and goes on once it was answered; says a line `FAULT …` for whatever is wrong.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [address, token, modules, chromium, which, pictures] = process.argv.slice(2);
const { chromium: browsers } = createRequire(modules + "/")("playwright-core");
const axe = readFileSync(modules + "/axe-core/axe.min.js", "utf8");
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function happen(what) {
  console.log("do " + what);
  await answers.next();
}

/** One window: its size and colours, with or without scripts. */
class Window {
  static async open(browser, width, colorScheme, scripts) {
    const context = await browser.newContext({
      viewport: { width, height: 900 }, colorScheme, javaScriptEnabled: scripts, isMobile: width < 500, hasTouch: width < 500,
    });
    const window = new Window();
    window.name = `${width} ${colorScheme}${scripts ? "" : " without scripts"}`;
    window.scripts = scripts;
    window.page = await context.newPage();
    window.page.setDefaultTimeout(15000);
    window.page.on("request", (it) => {
      if (!it.url().startsWith(address) && !it.url().startsWith("data:")) window.fault("asks " + it.url());
    });
    window.page.on("console", (it) => { if (it.type() === "error" && !/status of 40[14]/.test(it.text())) window.fault("console: " + it.text()); });
    window.page.on("pageerror", (it) => window.fault("script: " + it));
    window.page.on("dialog", (it) => { window.fault("a dialog opened: " + it.message()); it.dismiss(); });
    return window;
  }

  fault(text) { console.log(`FAULT ${this.name} ${this.page.url().slice(address.length)}: ${text}`); }

  expect(holds, text) { if (!holds) this.fault(text); }

  /** Looks at what is shown: by axe, and for what goes beyond the window. */
  async look(name) {
    const { page } = this;
    if (pictures) await page.screenshot({ path: `${pictures}/${name} ${this.name}.png`.replaceAll(" ", "-"), fullPage: true });
    // Where scripts are off, axe's own wait for ever.
    if (this.scripts) {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      for (const it of violations) this.fault(`${it.impact} ${it.id}: ${it.nodes[0].html.slice(0, 120)}`);
    }
    const wide = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll("main *")]
      .filter((it) => it.tagName !== "PRE" && it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0
        && (it === document.documentElement || ["auto", "scroll"].includes(getComputedStyle(it).overflowX)))
      .map((it) => `${it.tagName}.${it.className} has ${it.scrollWidth} px in ${it.clientWidth}`));
    wide.forEach((it) => this.fault("scrolls sideways: " + it));
    this.expect(await page.locator("h1").count() === 1, "there is not one heading");
    this.expect(await page.evaluate(() => window.hacked === undefined), "a script of somebody else ran");
  }

  async signIn() {
    const { page } = this;
    await page.goto(address + "/promotions?state=open");
    await this.look("login");
    await page.getByLabel("Token").fill("nearly the token");
    await page.getByRole("button", { name: "Sign in" }).click();
    this.expect(await page.getByRole("alert").isVisible(), "a wrong token is not told");
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(address + "/promotions?state=open");
    await this.look("promotions");
    this.expect(!page.url().includes(token), "the token is in the address");
  }

  /** From the first page to the promotion that waits. */
  async findWhatWaits() {
    const { page } = this;
    await page.getByRole("link", { name: "Environments" }).click();
    await page.getByLabel("Show").selectOption("open");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.waitForURL("**state=open*");
    await this.look("environments");
    const holds = await page.locator(".holds").innerText();
    this.expect(holds.includes("checklist"), "the first page does not say what holds: " + holds);
    await page.locator(".waiting a").first().click();
    await page.getByRole("heading", { level: 1 }).waitFor();
    await this.look("promotion");
  }

  async leave() {
    const { page } = this;
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto(address + "/queue");
    this.expect(page.url().includes("/login"), "who signed out still sees the queue");
    await page.context().close();
  }

  async others() {
    const { page } = this;
    for (const path of ["/environment?repository=octo%2Fmesh&environment=prod", "/environment?repository=octo%2Fmesh&environment=staging", "/queue", "/promotions/none"]) {
      await page.goto(address + path);
      await this.look(path.split("=").at(-1).replaceAll("/", ""));
    }
    if (this.scripts) {
      // The last one is not there: it hears of changes, and is not loaded again for that.
      await page.evaluate(() => { window.stays = true; });
      await page.waitForTimeout(1500);
      this.expect(await page.evaluate(() => window.stays === true), "a page that is not there is loaded again and again");
    }
    await page.goto(address + "/environment?repository=octo%2Fmesh&environment=prod");
    const stays = await page.getByRole("region", { name: "What stays different" }).innerText();
    this.expect(stays.includes("data.burst") && stays.includes("prod's own"), "what stays different is not told: " + stays);
    await page.goBack();
  }
}

/** With scripts: what happens elsewhere is seen without loading anything again. */
async function live(window) {
  const { page } = window;
  await window.signIn();
  await window.findWhatWaits();
  const promotion = page.url();
  await page.evaluate(() => { window.stays = true; });
  const summary = page.locator("main summary").last();
  await summary.click();
  await page.locator("main details[open] .add").last().waitFor();
  const holds = page.getByRole("heading", { name: "What holds it" });
  await holds.waitFor();
  const before = await page.locator("section[aria-labelledby=holds] li").allInnerTexts();
  window.expect(before.some((it) => it.startsWith("checklist")), "the open item does not hold: " + before);
  await happen("tick");
  await page.locator("section[aria-labelledby=holds] li", { hasText: "checklist" }).waitFor({ state: "detached" });
  window.expect(await page.evaluate(() => window.stays === true), "the page was loaded again");
  window.expect(await page.locator("main details").last().evaluate((it) => it.open), "what was folded open is folded again");
  window.expect((await page.getByRole("status").innerText()).startsWith("Updated at"), "a screen reader does not hear of it");
  await happen("untick");
  await page.locator("section[aria-labelledby=holds] li", { hasText: "checklist" }).waitFor();

  await page.goto(address + "/");
  const staging = page.locator(".cell", { has: page.getByRole("link", { name: "staging", exact: true }) });
  await staging.locator(".badge.healthy").waitFor();
  await happen("failure");
  await staging.locator(".badge.degraded").waitFor();
  await page.locator(".holds li", { hasText: "health" }).waitFor();
  await happen("success");
  await staging.locator(".badge.healthy").waitFor();
  await window.look("environments live");

  // By keyboard: past the navigation, into the content, and on to a link.
  await page.goto(promotion);
  await page.keyboard.press("Tab");
  window.expect(await page.evaluate(() => document.activeElement.className === "skip"), "the first stop is not the way past the navigation");
  await page.keyboard.press("Enter");
  window.expect(await page.evaluate(() => document.activeElement.id === "main"), "it does not lead to the content");
  await window.others();
  await window.leave();
}

/** Without scripts: a page is as true as when it was loaded. */
async function still(window) {
  const { page } = window;
  await window.signIn();
  await window.findWhatWaits();
  await page.locator("main summary").last().click();
  window.expect(await page.locator("main details[open] .add").last().isVisible(), "folded text does not open");
  await happen("tick");
  await page.reload();
  const after = await page.locator("section[aria-labelledby=holds] li").allInnerTexts();
  window.expect(!after.some((it) => it.startsWith("checklist")), "the ticked item still holds: " + after);
  await happen("untick");
  await window.others();
  await window.leave();
}

const browser = await browsers.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const every = [390, 1440].flatMap((width) => ["light", "dark"].flatMap((colours) => [true, false].map((scripts) => [width, colours, scripts])));
  const windows = which === "all" ? every : [[390, "dark", true], [1440, "light", false]];
  for (const [width, colours, scripts] of windows) {
    await (scripts ? live : still)(await Window.open(browser, width, colours, scripts));
  }
} catch (error) {
  console.log("FAULT " + String(error.stack ?? error).replaceAll("\n", " | "));
} finally {
  await browser.close();
  console.log("end");
  process.stdin.destroy();
}
