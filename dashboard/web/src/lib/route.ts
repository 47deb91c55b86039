// Where we are: `#/queues/mail?state=failed`. Links are ordinary links.

import { signal } from '@preact/signals';

import { keep, kept } from './kept';

export interface Place {
    hash: string; // what it was read from
    path: readonly string[]; // decoded: ["queues", "mail"]
    query: URLSearchParams;
}

function decoded(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

export function placeOf(hash: string): Place {
    const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
    return { hash, path: path.split('/').filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

export const place = signal<Place>(placeOf(location.hash));
window.addEventListener('hashchange', () => (place.value = placeOf(location.hash)));

export function to(path: readonly string[], query: Record<string, string | undefined> = {}): string {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value) asked.set(name, value);
    const text = asked.toString();
    return '#/' + path.map(encodeURIComponent).join('/') + (text ? '?' + text : '');
}

export function go(address: string): void {
    location.hash = address;
}

// Changes what stands behind the `?` without a new step in the history: filters while somebody types.
export function refine(query: Record<string, string | undefined>): void {
    const now = Object.fromEntries(place.value.query);
    history.replaceState(null, '', to(place.value.path, { ...now, ...query }));
    place.value = placeOf(location.hash);
}

export interface Visit {
    title: string;
    href: string;
}

function visits(): readonly Visit[] {
    try {
        return JSON.parse(kept('visits') ?? '[]') as Visit[];
    } catch {
        return [];
    }
}

// The last details that somebody looked at: a job, a trace, a channel.
export const recent = signal<readonly Visit[]>(visits());

// What is shown here has this title.
export function titled(title: string): void {
    const { path } = place.value;
    if (path.length < 2) return;
    const href = to(path);
    recent.value = [{ title: `${path[0]}: ${title}`, href }, ...recent.value.filter((v) => v.href !== href)].slice(0, 8);
    keep('visits', JSON.stringify(recent.value));
}
