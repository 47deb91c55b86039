// Loads the page again when a template, a layout or sample data has changed.

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const until_seen = () => new Promise((done) => {
  if (!document.hidden) return done();
  document.addEventListener("visibilitychange", function look() {
    if (document.hidden) return;
    document.removeEventListener("visibilitychange", look);
    done();
  });
});

// A browser has few connections to one server, so that a page which goes to the background lets go of its own.
async function version_after(known) {
  const waiting = new AbortController();
  const let_go = () => document.hidden && waiting.abort();
  document.addEventListener("visibilitychange", let_go);
  try {
    const answer = await fetch("changes?since=" + encodeURIComponent(known), { cache: "no-store", signal: waiting.signal });
    if (!answer.ok) throw new Error("status " + answer.status);
    return await answer.text();
  } finally {
    document.removeEventListener("visibilitychange", let_go);
  }
}

(async () => {
  const known = document.body.dataset.version;
  for (;;) {
    await until_seen();
    try {
      if (await version_after(known) !== known) return location.reload();
    } catch {
      await pause(2000); // we were hidden, or it is being started again, or has no place for us
    }
  }
})();
