// One stream of server-sent events for the whole page: topics come and go with the parts that look at them. Closed while the page is hidden.

import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { trouble } from './api';
import { refresh } from './refresh';
import { heal } from './session';

export type Link = 'open' | 'connecting' | 'paused' | 'lost' | 'idle'; // idle: nothing here changes by itself
export const link = signal<Link>('connecting');
export const paused = signal(false); // by a person

// Topics that cannot tell anything now, why, and since when: what is shown of them is from before.
export interface Silence {
    why: string;
    since: number;
}
export const silenced = signal<ReadonlyMap<string, Silence>>(new Map());

type Listener = (value: unknown) => void;
const listeners = new Map<string, Set<Listener>>();
const tab = crypto.getRandomValues(new Uint32Array(3)).join('-'); // a new stream of ours ends the one before
let source: EventSource | undefined;
let due: number | undefined;
let failures = 0;
let missed = false; // something may have passed by while nobody listened

function close(as: Link): void {
    source?.close();
    source = undefined;
    link.value = as;
}

const silent = () => document.hidden || paused.value || trouble.value !== undefined;

// We open it again ourselves: a browser gives up where the answer is an error, and says nothing of which. Where there are too many
// viewers for one more stream, looking again now and then has to do.
function lost(): void {
    close('lost');
    missed = true;
    window.clearTimeout(due);
    const again = () =>
        heal()
            .then((well) => well && failures > 2 && refresh())
            .finally(open);
    due = window.setTimeout(() => void again(), Math.min(15_000, 500 * 2 ** failures++));
}

function silence(topic: string, why: string | undefined): void {
    const had = silenced.value.get(topic);
    if (had?.why === why) return;
    const now = new Map(silenced.value);
    if (why === undefined) now.delete(topic);
    else now.set(topic, { why, since: had?.since ?? Date.now() });
    silenced.value = now;
}

function open(): void {
    window.clearTimeout(due);
    due = undefined;
    if (silent()) missed = true;
    if (silent()) return close('paused');
    if (listeners.size === 0) return close('idle');
    close(link.value === 'open' ? 'open' : 'connecting'); // from one page to the next, nothing flickers
    const url = new URL('api/live', document.baseURI);
    url.searchParams.set('tab', tab);
    for (const topic of [...listeners.keys()].sort()) url.searchParams.append('topic', topic);
    source = new EventSource(url);
    source.onopen = () => {
        failures = 0;
        link.value = 'open';
        if (missed) refresh();
        missed = false;
    };
    source.onerror = lost;
    silenced.value = new Map([...silenced.value].filter(([topic]) => listeners.has(topic))); // until they tell something
    source.addEventListener('problem', (event) => {
        const { topic, message } = JSON.parse((event as MessageEvent<string>).data) as { topic: string; message: string };
        silence(topic, message);
    });
    for (const topic of listeners.keys())
        source.addEventListener(topic, (event) => {
            const value: unknown = JSON.parse((event as MessageEvent<string>).data);
            silence(topic, undefined);
            for (const each of listeners.get(topic) ?? []) each(value);
        });
}

// Several parts come and go at once: one new stream is enough.
function reopen(): void {
    due ??= window.setTimeout(open, 30);
}

document.addEventListener('visibilitychange', reopen);
paused.subscribe(reopen);
trouble.subscribe(reopen);

// Without a stream, nothing else would tell that the service has gone.
window.setInterval(() => {
    if (!silent() && link.value === 'idle') void heal();
}, 10_000);

// A topic may carry a query: "logs?level=warn".
export function useLive<T>(topic: string | undefined, told: (value: T) => void): void {
    const latest = useRef(told);
    latest.current = told;
    useEffect(() => {
        if (topic === undefined) return;
        const listener: Listener = (value) => latest.current(value as T);
        const of = listeners.get(topic) ?? new Set<Listener>();
        of.add(listener);
        if (!listeners.has(topic)) {
            listeners.set(topic, of);
            reopen();
        }
        return () => {
            of.delete(listener);
            if (of.size === 0) {
                listeners.delete(topic);
                reopen();
            }
        };
    }, [topic]);
}
