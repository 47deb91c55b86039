import { connect } from "/infra/realtime.js";

const [state, there, said, form] = ["#state", "#there", "#said", "#form"].map((id) => document.querySelector(id));
const room = `room:${new URLSearchParams(location.search).get("room") ?? "lobby"}`;

sessionStorage.name ??= `guest-${Math.random().toString(36).slice(2, 8)}`;
const me = sessionStorage.name;

const show = (who, text) => {
  const line = document.createElement("li");
  const name = document.createElement("b");
  name.textContent = who;
  line.append(name, text);
  said.append(line);
  line.scrollIntoView({ block: "end" });
};
const people = new Set();
const showPeople = () => (there.textContent = `Here: ${[...people].sort().join(", ")}`);

const client = connect("/ws", { token: me });
client.onState((now) => (state.value = now));
const chat = client.subscribe(room, {
  history: 50, // what a page that is opened later begins with
  message: ({ type, data }) => type === "said" && show(data.who, data.text),
  join: ({ user }) => (people.add(user), showPeople()),
  leave: ({ user }) => (people.delete(user), showPeople()),
  recovered: (all) => {
    if (!all) said.replaceChildren(); // what comes next is the history again
    lookAround();
  },
  gap: ({ dropped }) => show("", `${dropped} messages are not shown.`),
});
const lookAround = async () => {
  const { members } = await chat.presence();
  people.clear();
  for (const { user } of members) people.add(user);
  showPeople();
};
chat.ready.then(lookAround, () => (there.textContent = "This room is closed."));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = form.text.value;
  form.reset();
  try {
    await client.request("say", { text }, { channel: room });
  } catch (problem) {
    show("", `not sent: ${problem.message}`);
  }
});
