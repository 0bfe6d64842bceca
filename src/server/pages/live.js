// Fetches the page anew when something changed; what is folded open stays open.
"use strict";
(() => {
  const main = () => document.getElementById("main");
  const said = document.getElementById("live");
  const renew = async (news) => {
    if (main().contains(document.activeElement) && document.activeElement.matches("input, select")) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html", "Overlift-Heard": news }, redirect: "manual" });
    // A session that ended leads elsewhere, which a page may do and a script may not.
    if (answer.type === "opaqueredirect") { location.reload(); return; }
    // A page that is not there says so as others do; one that cannot be made at the moment stays as it was.
    if (!answer.ok && answer.status !== 404) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
    if (!fresh || fresh.innerHTML === main().innerHTML) return;
    const open = [...main().querySelectorAll("details")].map((it) => it.open);
    main().replaceChildren(...fresh.childNodes);
    main().querySelectorAll("details").forEach((it, at) => { it.open = open[at] ?? it.open; });
    said.textContent = "Updated at " + new Date().toLocaleTimeString();
  };
  // "promotions.jobs": what only the queue shows changes often, and no other page asks for it.
  const shows = location.pathname === "/queue" ? (news) => news : (news) => news.split(".")[0];
  const events = new EventSource("/events");
  let heard = null;
  // After a connection was lost, whatever it missed comes with the first word.
  events.addEventListener("open", () => { heard = null; });
  events.addEventListener("changed", (event) => {
    const news = shows(event.data);
    if (news === heard) return;
    heard = news;
    renew(news).catch(() => { heard = null; });
  });
})();
