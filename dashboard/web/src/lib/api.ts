// Calls of the dashboard's API. Every answer is JSON; what failed is a Failure that people can read.

import { signal } from '@preact/signals';

export class Failure extends Error {
    constructor(
        readonly status: number, // 0: no answer
        readonly code: string,
        message: string,
    ) {
        super(message);
    }
}

// What keeps the whole page from working, until it is over: no answer, or nobody we know.
export interface Trouble {
    kind: 'away' | 'denied' | 'forbidden';
    since: number;
    message: string;
}
export const trouble = signal<Trouble | undefined>(undefined);

export function troubled(kind: Trouble['kind'], message: string): void {
    if (trouble.value?.kind !== kind) trouble.value = { kind, since: Date.now(), message };
}

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

const root = new URL('api/', document.baseURI);

function address(path: string, query: Query): URL {
    const url = new URL(path.replace(/^\//, ''), root);
    for (const [name, value] of Object.entries(query)) {
        if (value === undefined || value === '') continue;
        for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(each));
    }
    return url;
}

async function answered<T>(response: Response): Promise<T> {
    if (response.status === 204) return undefined as T;
    const type = response.headers.get('content-type') ?? '';
    const body: unknown = type.includes('json') ? await response.json().catch(() => null) : null;
    if (response.ok) return body as T;
    // Documents are the service's; another page with 502 is of a proxy that finds it no more.
    if (body === null && response.status >= 502) troubled('away', `whatever stands before the service answers ${response.status}`);
    if (response.status === 401) troubled('denied', 'You are not logged in.');
    const error = (body as { error?: { code?: string; message?: string } } | null)?.error;
    throw new Failure(response.status, error?.code ?? 'failed', error?.message ?? `The service answered ${response.status}.`);
}

async function call<T>(url: URL, init: RequestInit): Promise<T> {
    let response: Response;
    try {
        response = await fetch(url, { credentials: 'same-origin', ...init });
    } catch (error) {
        if ((error as Error).name === 'AbortError') throw error;
        troubled('away', 'nothing answers at its address');
        throw new Failure(0, 'unreachable', 'The service does not answer.');
    }
    return answered<T>(response);
}

// A segment of a path.
export const segment = encodeURIComponent;

export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return call<T>(address(path, query), signal ? { signal } : {});
}

// What changes something. The header is one that no other site can send.
export function act<T = unknown>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, query: Query = {}): Promise<T> {
    const headers: Record<string, string> = { 'X-Infra-Dashboard': '1' };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    return call<T>(address(path, query), { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

// For links: downloads, frames.
export function href(path: string, query: Query = {}): string {
    return address(path, query).href;
}
