// Loads the page again when a template, a layout or sample data has changed.

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Nobody sees a page in the background, and it would take one of the few places of those that wait.
const until_seen = () => new Promise((done) => {
  if (!document.hidden) return done();
  document.addEventListener("visibilitychange", function look() {
    if (document.hidden) return;
    document.removeEventListener("visibilitychange", look);
    done();
  });
});

async function version_after(known) {
  const answer = await fetch("changes?since=" + encodeURIComponent(known), { cache: "no-store" });
  if (!answer.ok) throw new Error("status " + answer.status);
  return answer.text();
}

(async () => {
  const known = document.body.dataset.version;
  for (;;) {
    await until_seen();
    try {
      if (await version_after(known) !== known) return location.reload();
    } catch {
      await pause(2000); // it is being started again, or has no place for us
    }
  }
})();
