// Channels in the browser. infra-realtime.d.ts says what each call does; the protocol is in the README of infra's room `realtime`.
// It is served without comments and indentation: less than 3 KB of gzip, to which a test holds it.

export const mayReconnect = (code) => (code >= 4000 ? code < 4500 : [1001, 1005, 1006, 1011, 1012, 1013].includes(code));

export class RealtimeError extends Error {
  constructor(code, message = code) {
    super(message);
    this.code = code;
  }
}

const changed = Symbol();

const value = (given) => {
  try {
    return typeof given === "function" ? given() : given;
  } catch (error) {
    return Promise.reject(error);
  }
};

const add = (set, item) => {
  set.add(item);
  return () => set.delete(item);
};

// What a listener throws is its own trouble.
const tell = (listeners, what, ...news) => {
  for (const each of [...listeners])
    try {
      each[what]?.(...news);
    } catch (error) {
      (globalThis.reportError ?? console.error)(error);
    }
};

export const connect = (url = "/ws", options) => {
  const { token, minDelay = 500, maxDelay = 30000, timeout = 10000, maxQueue = 100, WebSocket = globalThis.WebSocket } = options ?? {};
  const address = new URL(url, globalThis.location?.href);
  address.protocol = address.protocol.replace("http", "ws");
  const asked = new Map();
  const channels = new Map();
  const answers = new Map();
  const listeners = new Set();
  const ended = new AbortController();
  let attempts = 0;
  let refs = 0;
  let turn, socket, timer, ping, since, after;

  // --- The connection ---

  const open = async () => {
    const mine = (turn = {});
    after = 0;
    cutIn(timeout);
    change("connecting");
    try {
      const proof = await value(token);
      if (turn !== mine) return;
      socket = new WebSocket(address.href, ["infra.realtime.v1", ...(proof ? ["token." + proof] : [])]);
      socket.onmessage = ({ data }) => turn === mine && hear(JSON.parse(data));
      socket.onclose = ({ code, reason }) => turn === mine && lost(code, reason);
      socket.onerror = () => {}; // a close follows
    } catch (error) {
      if (turn === mine) lost(1006, error.message);
    }
  };

  const lost = (code, reason) => {
    if (!mayReconnect(code)) return end(code, reason);
    if (Date.now() - since > maxDelay) attempts = 0; // it has lived
    hangUp();
    const delay = Math.max(after, Math.random() * Math.min(maxDelay, minDelay * 2 ** attempts++));
    within(delay, open);
    change("waiting", { code, reason, delay });
  };

  const end = (code, reason) => {
    hangUp(1000);
    ended.abort();
    change("closed", { code, reason });
    const error = new RealtimeError("closed", `closed with code ${code} ${reason}`);
    for (const ask of [...asked.values()]) ask.done(error);
    for (const at of [...channels.values()]) refuse(at, error);
  };

  const hangUp = (code) => {
    clearTimeout(timer);
    turn = since = undefined;
    socket?.close(code);
    for (const at of channels.values()) at.live = false;
    for (const ask of [...asked.values()]) if (ask.sent) ask.done(new RealtimeError("disconnected"));
  };

  const change = (state, why) => {
    if (client.state === "closed") return;
    client.state = state;
    tell(listeners, changed, state, why);
  };

  const within = (time, act) => {
    clearTimeout(timer);
    timer = setTimeout(act, time);
  };

  const cutIn = (time) => within(time, () => lost(4002, "no sign of life"));

  // Pings of the WebSocket are not seen here, so the client asks; and waits anew, because the timers of a hidden page are late.
  const probe = () => {
    send({ type: "ping" });
    cutIn(10000);
  };

  // Where the server has told how long to wait, that holds.
  const wake = () => {
    if (globalThis.document?.hidden) return;
    if (client.state === "open") probe();
    else if (client.state === "waiting" && !after) open();
  };

  // --- What the server says ---

  const hear = (m) => {
    const { type, channel, ref, data } = m;
    const at = channels.get(channel);
    if (type === "welcome") ping = data.ping;
    within(ping, probe);
    switch (type) {
      case "welcome":
        return welcome(data);
      case "pong":
        return;
      case "refresh":
        return refresh();
      case "reconnect":
        after = data.after;
        return;
      case "unsubscribed":
        return ref || (at && refuse(at, new RealtimeError(data?.code ?? type)));
      case "gap":
        if (at) Object.assign(at, data); // where the channel is now
      // falls through
      case "join":
      case "leave":
        return at && tell(at.listeners, type, data);
      case "error":
        return asked.get(ref)?.done(new RealtimeError(data.code, data.message));
      case "subscribed":
      case "published":
      case "members":
      case "history":
      case "authenticated":
      case "reply":
        return asked.get(ref)?.done(undefined, data);
    }
    if (ref) answer(m);
    else if (at) deliver(at, m);
    else tell(listeners, type, m);
  };

  const welcome = ({ client: id, user }) => {
    Object.assign(client, { id, user });
    since = Date.now();
    change("open");
    for (const at of channels.values()) join(at);
    for (const ask of asked.values()) ask.go();
  };

  const refresh = async () => {
    const mine = turn;
    const proof = await value(token);
    if (proof && turn === mine) send({ type: "auth", token: proof });
  };

  const answer = async ({ type, ref, channel, data }) => {
    const mine = turn;
    const reply = { type: "reply", ref };
    try {
      if (!answers.has(type)) throw new RealtimeError("unknown_type");
      reply.data = await answers.get(type)(data, channel);
    } catch ({ code = "failed", message }) {
      Object.assign(reply, { type: "error", data: { code, message } });
    }
    if (turn === mine) send(reply);
  };

  // --- Channels ---

  const join = (at) => {
    if (client.state === "closed") return refuse(at, new RealtimeError("closed"));
    if (client.state !== "open") return;
    const { channel, epoch, offset, info } = at;
    const done = (error, data) => {
      if (!error) joined(at, data);
      else if (error instanceof RealtimeError && !/unav|intern|timed|disc/.test(error.code)) refuse(at, error);
      else setTimeout(() => at.live || join(at), timeout);
    };
    const go = (token) => {
      if (channels.get(channel) === at) question({ type: "subscribe", channel, since: epoch && { epoch, offset }, token, info }, done);
    };
    const token = value(at.token);
    token?.then ? token.then(go, done) : go(token);
  };

  const joined = (at, { epoch, offset, recovered = false }) => {
    if (!recovered) Object.assign(at, { epoch, offset });
    if (at.joined) tell(at.listeners, "recovered", recovered);
    at.live = at.joined = true;
    for (const each of at.listeners) {
      if (!recovered) each.due = each.history;
      arrive(at, each);
    }
  };

  // With `history` the newest ones come first; what is said meanwhile is held back.
  const arrive = async ({ channel }, listener) => {
    listener.joined();
    if (!listener.due) return;
    const held = (listener.held = []);
    let before = { messages: [] };
    try {
      before = await history(channel, { limit: listener.due });
    } catch (error) {
      if (error.code === "disconnected") return; // asked again when back
      tell([listener], "error", error);
    }
    if (held !== listener.held) return;
    listener.due = listener.held = 0;
    for (const m of [...before.messages, ...held.filter((m) => !(m.offset <= before.offset))]) tell([listener], "message", m);
  };

  const refuse = (at, error) => {
    channels.delete(at.channel);
    tell(at.listeners, "refused", error);
    tell(at.listeners, "error", error);
  };

  const deliver = (at, m) => {
    if (m.offset <= at.offset) return;
    if (m.offset) at.offset = m.offset;
    for (const each of [...at.listeners]) each.held ? each.held.push(m) : tell([each], "message", m);
  };

  const history = (channel, { since, limit } = {}) => ask({ type: "history", channel, since, data: { limit } });

  // --- What the client says ---

  const send = (message) => {
    const open = client.state === "open";
    if (open) socket.send(JSON.stringify(message));
    return open;
  };

  const ask = (message, time) =>
    new Promise((resolve, reject) => question(message, (error, data) => (error ? reject(error) : resolve(data)), time));

  const question = (message, then, time = timeout) => {
    if (client.state === "closed") return then(new RealtimeError("closed"));
    if (client.state !== "open" && asked.size >= maxQueue) return then(new RealtimeError("overloaded"));
    const ref = String(++refs);
    const done = (...outcome) => {
      clearTimeout(timer);
      asked.delete(ref);
      then(...outcome);
    };
    const timer = setTimeout(done, time, new RealtimeError("timed_out"));
    const ask = { done, go: () => (ask.sent ||= send({ ...message, ref })) };
    asked.set(ref, ask);
    ask.go();
  };

  const client = {
    subscribe(channel, given) {
      const listener = typeof given === "function" ? { message: given } : { ...given };
      const { token, info, history: due } = listener;
      const ready = new Promise((joined, refused) => Object.assign(listener, { joined, refused, due }));
      ready.catch(() => {});
      const known = channels.get(channel);
      const at = known ?? { channel, token, info, listeners: new Set() };
      const leave = add(at.listeners, listener);
      channels.set(channel, at);
      if (at.live) arrive(at, listener);
      else if (!known) join(at);
      return {
        channel,
        ready,
        publish: (type, data) => client.publish(channel, type, data),
        presence: () => ask({ type: "presence", channel }),
        history: (what) => history(channel, what),
        unsubscribe() {
          if (!leave() || at.listeners.size) return;
          channels.delete(channel);
          send({ type: "unsubscribe", channel });
        },
      };
    },
    publish: (channel, type, data) => ask({ type: "publish", channel, data: { type, data } }),
    request: (type, data, { channel, timeout } = {}) => ask({ type, channel, data }, timeout),
    send: (type, data, channel) => send({ type, channel, data }),
    on: (type, listener) => add(listeners, { [type]: listener }),
    onRequest: (type, answer) => void answers.set(type, answer),
    onState: (listener) => client.on(changed, listener),
    close: () => end(1000, ""),
  };

  globalThis.addEventListener?.("online", wake, ended);
  globalThis.document?.addEventListener("visibilitychange", wake, ended);
  open();
  return client;
};
