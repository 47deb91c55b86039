// A server that a test speaks for, and time in its hand.

import { mock } from "node:test";

import { connect } from "../../client/infra-realtime.js";

export class Fake {
  sockets = [];
  states = [];

  constructor(options) {
    const { sockets } = this;
    this.WebSocket = class {
      said = [];
      constructor(url, protocols) {
        Object.assign(this, { url, protocols });
        sockets.push(this);
      }
      send(text) {
        this.said.push(JSON.parse(text));
      }
      close(code) {
        this.closed = code ?? "closed";
      }
    };
    this.client = connect("ws://shop.example/ws", { WebSocket: this.WebSocket, ...options });
    this.client.onState((state, why) => this.states.push([state, why]));
  }

  get socket() {
    return this.sockets.at(-1);
  }
  says(message) {
    this.socket.onmessage({ data: JSON.stringify(message) });
  }
  welcomes(data) {
    this.says({ type: "welcome", data: { client: "c1", user: "anna", ping: 25000, version: 1, ...data } });
  }
  closes(code, reason = "") {
    this.socket.onclose({ code, reason });
  }
  // What the client has said since the last call, but for pings.
  async heard() {
    await settled();
    return this.socket.said.splice(0).filter((m) => m.type !== "ping");
  }
  async answers(type, data) {
    await settled();
    const { ref, channel } = this.socket.said.find((m) => m.ref && !m.answered);
    this.socket.said.find((m) => m.ref === ref).answered = true;
    this.says({ type, ref, channel, data });
  }
}

export const settled = () => new Promise((resolve) => setImmediate(resolve));

export const clock = (random = 1) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  mock.method(Math, "random", () => random);
};
export const pass = async (time) => {
  mock.timers.tick(time);
  await settled();
};
export const reset = () => {
  mock.timers.reset();
  mock.restoreAll();
};

// A fake that has been connected to.
export const opened = async (options) => {
  const fake = new Fake(options);
  await settled();
  fake.welcomes();
  return fake;
};
