// node resend.mjs FILE: what npm's resend asks of the API for the messages in FILE, a list of
// {"messages": [as it takes them], "batch": bool, "options": {"idempotencyKey", "batchValidation"}}. Prints, for each,
// {"method", "path", "headers", "body"} as a server of its own gets them.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Resend } from "resend";

const seen = [];
const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (more) => (body += more)).on("end", () => {
    seen.push({ method: request.method, path: request.url, headers: request.headers, body: JSON.parse(body) });
    response.setHeader("content-type", "application/json").end(request.url.endsWith("batch") ? '{"data":[]}' : '{"id":"x"}');
  });
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
process.env.RESEND_BASE_URL = `http://127.0.0.1:${server.address().port}`;
const resend = new Resend();
for (const { messages, batch, options } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const { error } = await (batch ? resend.batch.send(messages, options) : resend.emails.send(messages[0], options));
  if (error) throw new Error(error.message);
}
server.close();
server.closeAllConnections();
console.log(JSON.stringify(seen));
