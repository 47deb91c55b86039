// What is done to many jobs goes step by step: each call as far as it gets within its time.

import { act, get, segment, type Query } from '../../lib/api';
import { useEffect, useRef } from 'preact/hooks';

import { useLive } from '../../lib/live';
import { count } from '../../lib/words';
import { perform, say, type Deed } from '../../parts/actions';
import type { Changed } from './model';

export const api = (queue: string, ...rest: readonly string[]): string => ['queues', queue, ...rest].map(segment).join('/');

export const jobs = (n: number): string => `${count(n)} ${n === 1 ? 'job' : 'jobs'}`;

// `said` is told how many it were.
export async function performAll(deed: Deed & { body: Record<string, unknown> }, said: (changed: number) => string): Promise<boolean> {
    let changed = 0;
    let next: string | null = null;
    const begun = await perform<Changed>(deed, (first) => {
        changed = first.changed;
        next = first.next;
        return next ? `${said(changed)} so far …` : said(changed);
    });
    if (!begun || next === null) return begun;
    try {
        while (next) {
            const step: Changed = await act<Changed>(deed.method, deed.path, { ...deed.body, cursor: next });
            changed += step.changed;
            next = step.next;
        }
        say('good', said(changed));
    } catch (error) {
        say('bad', `${said(changed)}, and then: ${(error as Error).message}`);
    }
    return true;
}

// How many fit exactly; "more than" where there are too many to count while somebody waits.
export async function counted(queue: string, query: Query): Promise<{ count: number; exact: boolean }> {
    let found = 0;
    let next: string | null = null;
    for (let step = 0; step < 5; ++step) {
        const part: { count: number; next: string | null } = await get(api(queue, 'count'), { ...query, ...(next ? { cursor: next } : {}) });
        found += part.count;
        next = part.next;
        if (!next) return { count: found, exact: true };
    }
    return { count: found, exact: false };
}

// Looks again when something happened in any queue, at most every two seconds.
export function useAgain(again: () => void, wanted = true): void {
    const due = useRef<number | undefined>(undefined);
    useEffect(() => () => window.clearTimeout(due.current), []);
    useLive(wanted ? 'queues' : undefined, () => {
        due.current ??= window.setTimeout(() => {
            due.current = undefined;
            again();
        }, 2000);
    });
}
