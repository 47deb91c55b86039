// The lines on the page, oldest first: what was, what comes, and what is further back when somebody asks.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { Failure, get, type Query } from '../../lib/api';
import { useLive } from '../../lib/live';
import { useAwaited } from '../../lib/load';
import { turns } from '../../lib/refresh';
import type { Line } from './model';

const most = 10_000;

interface Page {
    items: readonly Line[];
    next: string | null;
    covers: { since: number | null; lines: number; bytes: number };
}

export interface Lines {
    lines: readonly Line[];
    covers: Page['covers'] | undefined;
    skipped: number; // came faster than they could be shown
    older: (() => void) | undefined;
    loading: boolean;
    failure: Failure | undefined;
    again: () => void;
}

const failureOf = (error: unknown) => (error instanceof Failure ? error : new Failure(0, 'failed', String(error)));

function topicOf(query: Query, from: number): string {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
        for (const each of Array.isArray(value) ? value : [value]) if (each && name !== 'since') asked.append(name, String(each));
    asked.set('from', String(from));
    return `logs?${asked.toString()}`;
}

export function useLines(query: Query): Lines {
    const [lines, setLines] = useState<readonly Line[]>([]);
    const [page, setPage] = useState<{ next: string | null; covers: Page['covers']; from: number; of: string }>();
    const [skipped, setSkipped] = useState(0);
    const [loading, setLoading] = useState(true);
    const [failed, setFailed] = useState<{ of: string; failure: Failure }>();
    const [turn, setTurn] = useState(0);
    const asked = useRef(0);
    const key = JSON.stringify(query);

    const load = (cursor: string | undefined, take: (page: Page) => void) => {
        const now = ++asked.current;
        setLoading(true);
        get<Page>('logs', { ...query, cursor, limit: 200 })
            .then((found) => {
                if (now !== asked.current) return;
                setFailed(undefined);
                take(found);
            })
            .catch((error: unknown) => now === asked.current && setFailed({ of: key, failure: failureOf(error) }))
            .finally(() => now === asked.current && setLoading(false));
    };
    useEffect(() => {
        load(undefined, (found) => {
            setLines([...found.items].reverse());
            setSkipped(0);
            setPage({ next: found.next, covers: found.covers, from: found.items[0]?.id ?? 0, of: key });
        });
        return () => void ++asked.current;
    }, [key, turn, turns.value]);

    // Without a line there is nothing to go on from but the newest of all, which the first page does not tell: all that is kept is looked at once.
    useLive<{ items: readonly Line[]; skipped: number }>(page?.of === key ? topicOf(query, page.from) : undefined, (news) => {
        setLines((had) => {
            const last = had.at(-1)?.id ?? 0;
            return [...had, ...news.items.filter((line) => line.id > last)].slice(-most);
        });
        setSkipped((n) => n + news.skipped);
    });
    const next = page?.next;
    const older = useCallback(
        () => load(next ?? undefined, (found) => {
            setLines((had) => [...[...found.items].reverse(), ...had].slice(0, most));
            setPage((had) => had && { ...had, next: found.next });
        }),
        [key, next],
    );
    const again = useCallback(() => setTurn((n) => n + 1), []);
    const other = page?.of !== key && failed?.of !== key; // the lines are of another filter
    useAwaited(other);
    return { lines, covers: page?.covers, skipped, older: (next || other) && lines.length < most ? older : undefined, loading: loading || other, failure: failed?.failure, again };
}
