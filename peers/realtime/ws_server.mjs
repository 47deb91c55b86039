// Sends each of its clients what it publishes, as the documentation of `ws` has it. Prints its port and its process; publishes when it is told to:
// GET /publish?turns=…&burst=…&every=… (microseconds; 0: each turn of the loop).
import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";

const message_bytes = 128;

const http = createServer((asked, answer) => {
  const query = new URL(asked.url, "http://localhost").searchParams;
  answer.end("ok");
  publishAll(Number(query.get("turns")), Number(query.get("burst") ?? 1), Number(query.get("every") ?? 0));
});
const server = new WebSocketServer({ server: http, path: "/ws" });

const now = () => Number(process.hrtime.bigint());

function publish() {
  const data = { t: now(), pad: "" };
  const message = { type: "tick", channel: "bench", data };
  data.pad = "x".repeat(message_bytes - JSON.stringify(message).length);
  const text = JSON.stringify(message);
  for (const client of server.clients) if (client.readyState === WebSocket.OPEN) client.send(text);
}

function publishAll(turns, burst, every) {
  const begin = now();
  let turn = 0;
  const step = () => {
    if (turn === turns) return;
    const due = begin + turn * every * 1000;
    if (every > 0 && now() < due) return void setTimeout(step, (due - now()) / 1e6);
    turn += 1;
    for (let i = 0; i < burst; ++i) publish();
    setImmediate(step);
  };
  step();
}

http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(`${http.address().port} ${process.pid}`));
