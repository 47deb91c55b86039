import { connect } from "/infra/realtime.js";

const shown = 100;
const list = document.querySelector("#list");
const state = document.querySelector("#state");
const said = document.querySelector("#said");
const form = document.querySelector("#form");

const show = ({ data: { name, at } }) => {
  const line = document.createElement("li");
  const who = document.createElement("span");
  const when = document.createElement("time");
  who.textContent = name;
  when.dateTime = new Date(at).toISOString();
  when.textContent = new Date(at).toLocaleTimeString();
  line.append(who, when);
  if (Date.now() - at < 5000) line.className = "new";
  list.prepend(line);
  while (list.children.length > shown) list.lastChild.remove();
};

const client = connect("/ws");
client.onState((now) => (state.value = state.dataset.state = now));
client.subscribe("signups", {
  history: shown, // what a page that is opened later begins with
  message: show,
  recovered: (all) => all || list.replaceChildren(), // what comes next is the history again
  gap: ({ dropped }) => (said.value = `${dropped} sign-ups are not shown.`),
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("/signup", { method: "POST", body: JSON.stringify(Object.fromEntries(new FormData(form))) });
  const { error } = answer.ok ? {} : await answer.json();
  if (!error) form.reset(); // also what it said
  said.value = error ? `${error.path ?? ""} ${error.message}` : "Welcome! A mail is on its way.";
});
