// What a page in TypeScript writes; types.test.mjs has the compiler look at it.

import { connect, mayReconnect, RealtimeError, type Client, type Gap, type Json, type Subscription } from "../../client/infra-realtime.js";

interface Said {
  text: string;
}

const client: Client = connect("/ws", { token: async () => "t", maxQueue: 10 });
const room: Subscription = client.subscribe<Said>("room:1", {
  history: 20,
  token: () => "v1.x",
  info: { name: "Anna" },
  message: (m) => m.data?.text.toUpperCase(),
  gap: (g: Gap) => g.dropped + 1,
  join: (who) => who.user.length,
  recovered: (all: boolean) => all,
  error: (e: RealtimeError) => e.code.length,
});
client.subscribe("room:2", (m) => m.offset);
client.subscribe("room:3");

const state: "connecting" | "open" | "waiting" | "closed" = client.state;
const off: () => void = client.on("news", (m) => m.channel);
client.onState((to, why) => to === "waiting" && why?.delay);
client.onRequest("where", async (data, channel) => ({ data, channel }));

const all: Promise<number> = room.presence().then((p) => p.users + p.members[0].connections);
const past: Promise<boolean> = room.history({ since: { epoch: "e", offset: 1 }, limit: 5 }).then((h) => h.complete);
const answer: Promise<Json> = client.request("seats", { row: 3 }, { timeout: 100 });
const said: boolean = client.send("typing", null, "room:1") && mayReconnect(4000);

// @ts-expect-error a channel has a name
client.subscribe({ message() {} });
// @ts-expect-error there is no such listener
client.subscribe("room:1", { messages() {} });
// @ts-expect-error functions are no JSON
room.publish("said", () => {});
// @ts-expect-error who this is, is what the server says
client.user = "anna";

export { all, answer, off, past, said, state };
