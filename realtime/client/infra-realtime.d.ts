/**
 * Channels in the browser.
 *
 *     const client = connect("/ws", { token: () => fetch("/token").then((r) => r.text()) });
 *     const room = client.subscribe("room:1", {
 *       history: 20,
 *       message: (m) => show(m.data),
 *       recovered: (all) => all || clear(),
 *     });
 *     await room.publish("said", { text: "Hello!" });
 *
 * It comes back by itself after a lost connection, subscribes again from where it was, and says whether anything was missed.
 */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Given as it is, or by a function that is asked each time it is needed. */
export type Token = string | (() => string | Promise<string>);

export interface Options {
  /** Who this is: asked for with each connection, and when the server wants a new one. Letters, digits and `-._~+`: it travels as a subprotocol. */
  token?: Token;
  /** Milliseconds to wait before the first new attempt, at most: a random part of it (500). Doubled with each one that fails. */
  minDelay?: number;
  /** The most (30000). A connection that lived longer than this begins anew with short waits. */
  maxDelay?: number;
  /** Milliseconds for an answer, and for the server's welcome (10000). */
  timeout?: number;
  /** Questions and publications that wait for a connection; one more is refused as `overloaded` (100). */
  maxQueue?: number;
  /** Instead of the browser's: for Node, the package `ws`. */
  WebSocket?: unknown;
}

export interface Message<Data = any> {
  type: string;
  channel?: string;
  /** The place in the channel's history, where it has one. */
  offset?: number;
  data?: Data;
}

export interface Position {
  epoch: string;
  offset: number;
}

export interface Gap {
  /** How many messages did not come, because this client was too slow or the server lost its link. */
  dropped: number;
  offset?: number;
}

export interface Member {
  user: string;
  info: Json;
  connections: number;
}

export interface Presence {
  members: Member[];
  users: number;
  connections: number;
}

export interface History extends Position {
  /** False: there were more than are kept, or than were asked for. */
  complete: boolean;
  messages: Message[];
}

/** What goes wrong, as a promise's reason or told to `error`. */
export class RealtimeError extends Error {
  constructor(code: string, message?: string);
  /**
   * The server's word (`forbidden`, `unknown_type`, a handler's own …), or of this side: `timed_out`, `overloaded`, `closed` (it was not sent),
   * `disconnected` (it was sent, and may have been heard).
   */
  code: string;
}

export interface Listener<Data = any> {
  /** Begin with the newest so many of the channel's history. */
  history?: number;
  /** Of a signed channel name. */
  token?: Token;
  /** What others are told of this client, where the channel has presence. */
  info?: Json;

  message?(m: Message<Data>): void;
  /** The channel has been subscribed again after a lost connection. True: what was missed comes now, nothing is lost. False: load anew. */
  recovered?(all: boolean): void;
  gap?(g: Gap): void;
  join?(who: Pick<Member, "user" | "info">): void;
  leave?(who: Pick<Member, "user" | "info">): void;
  /** The subscription was refused or taken away, and is over; or its history was refused, and it goes on without. */
  error?(e: RealtimeError): void;
}

export interface Subscription {
  readonly channel: string;
  /** When the server has said yes for the first time; rejects when it says no. */
  readonly ready: Promise<void>;
  publish(type: string, data?: Json): Promise<{ offset?: number }>;
  presence(): Promise<Presence>;
  history(what?: { since?: Position; limit?: number }): Promise<History>;
  /** This listener hears no more; with the last one the channel is left. */
  unsubscribe(): void;
}

export type State = "connecting" | "open" | "waiting" | "closed";

export interface Change {
  /** Of the WebSocket; 4002 when the server was silent, 1006 when there was no token. */
  code: number;
  reason: string;
  /** Milliseconds until the next attempt, when `waiting`. */
  delay?: number;
}

export interface Client {
  readonly state: State;
  /** Who the server says this is, once `open`. */
  readonly id?: string;
  readonly user?: string;

  /** Several may listen to one channel; token and info are the first one's. */
  subscribe<Data = any>(channel: string, listener?: Listener<Data> | ((m: Message<Data>) => void)): Subscription;
  publish(channel: string, type: string, data?: Json): Promise<{ offset?: number }>;
  /** Asks the server's handler of this type. */
  request(type: string, data?: Json, options?: { channel?: string; timeout?: number }): Promise<any>;
  /** Says something that nobody answers; false, and it is not said, without a connection. */
  send(type: string, data?: Json, channel?: string): boolean;

  /** Messages of this type that belong to no subscription. The function returned ends it, here and below. */
  on(type: string, listener: (m: Message) => void): () => void;
  /** Answers the server's questions of this type; what it throws is the refusal, with its `code`. */
  onRequest(type: string, answer: (data: any, channel?: string) => unknown): void;
  onState(listener: (state: State, why?: Change) => void): () => void;
  /** For good; a new connection is a new client. */
  close(): void;
}

/** `url`: `/ws`, or absolute with http(s) or ws(s). Throws for what is no URL. */
export function connect(url?: string, options?: Options): Client;

/** Whether to come back after this close code: what `connect` goes by. */
export function mayReconnect(code: number): boolean;
