import { segment } from '../../lib/api';
import { to } from '../../lib/route';
import * as words from '../../lib/words';

export interface Group {
    name: string;
    ratio: number | null; // null: nobody asked
    hits: number;
    misses: number;
    stale: number;
    loads: number;
    failed_loads: number;
    per_second: number | null;
}

export interface About extends Group {
    store: string;
    prefix: string;
    lists_keys: boolean;
    problem: string; // empty: it answers
    over_ms: number;
    entries: number;
    bytes: number;
    evictions: number;
    expirations: number;
    groups: readonly Group[];
}

export interface Key {
    key: string;
    digest: boolean;
    ttl_ms: number | null;
}

export interface Value {
    key: string;
    kind: 'json' | 'bytes';
    bytes: number;
    hidden: number;
    ttl_ms: number | null;
    stored_as: string;
    value: { text: string; bytes: number; cut: boolean };
}

export const keyAt = (key: string): string => to(['cache', key]);
export const keyApi = (key: string): string => `cache/keys/${segment(key)}`;
export const ttl = (ms: number | null): string => (ms === null ? 'without an end' : words.span(ms));
export const perSecond = (n: number | null): string => (n === null ? '–' : `${n.toFixed(n < 10 ? 1 : 0)}/s`);
