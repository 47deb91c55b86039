// GET /health and POST /echo on Hono, as its documentation has it. Prints the port it listens on.
import { serve } from "@hono/node-server";
import { Hono } from "hono";

const app = new Hono();
app.get("/health", (c) => c.json({ status: "ok" }));
app.post("/echo", async (c) => {
  const { name, count, tags } = await c.req.json();
  return c.json({ name, count, tags });
});

serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, (info) => console.log(info.port));
