import { segment } from '../../lib/api';
import { to } from '../../lib/route';

export interface Payload {
    text: string;
    bytes: number;
    cut: boolean;
}

export interface Channel {
    name: string;
    subscribers: number;
    per_second: number | null;
    history_messages: number;
    history_bytes: number;
    offset: number;
    published: number;
    dropped: number;
    dropped_lately: number;
    dropping_since: number | null;
}

export interface Client {
    id: string;
    user: string;
    address: string;
    transport: string;
    channels: readonly string[]; // the first twenty
    channel_count: number;
    queued_bytes: number;
    dropped: number;
    slow: boolean;
    since: number;
}

export interface Said {
    offset: number; // 0: the channel keeps no history
    type: string;
    data: Payload;
    n?: number; // heard by this page
    at?: number;
}

export interface Member {
    user: string;
    info: Payload;
    connections: number;
    since: number;
}

export interface About {
    name: string;
    kept_in: string;
    clients: number;
    max_clients: number;
    dropping: number;
}

export const channelApi = (name: string, ...rest: readonly string[]): string => ['realtime', 'channels', name, ...rest].map(segment).join('/');
export const channelAt = (name: string): string => to(['realtime', name]);
export const connectionsAt = (query: Record<string, string | undefined>): string => to(['realtime'], { view: 'connections', ...query });
export const rate = (perSecond: number | null): string => (perSecond === null ? '–' : `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`);

// Longer ones the service does not take.
export function topicOf(name: string, query: Record<string, string>): string | undefined {
    const topic = `${name}?${new URLSearchParams(query)}`;
    return topic.length <= 512 ? topic : undefined;
}
