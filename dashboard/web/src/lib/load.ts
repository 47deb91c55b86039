// What a page shows, asked for when it is needed and again when it changes.

import { signal } from '@preact/signals';
import { useCallback, useEffect, useLayoutEffect, useState } from 'preact/hooks';

import { Failure, get, type Query } from './api';
import { turns } from './refresh';

export interface Loaded<T> {
    value: T | undefined; // stays while it is asked for again, and goes with its path
    failure: Failure | undefined;
    loading: boolean;
    again: () => void;
}

// So many parts of the page still show the answer to what was asked before, or none yet. The page says so, as `aria-busy`.
export const awaited = signal(0);
// When what is shown was told last.
export const answered = signal(Date.now());

export function useAwaited(yes: boolean): void {
    useLayoutEffect(() => {
        if (!yes) return;
        ++awaited.value;
        return () => void --awaited.value;
    }, [yes]);
}

interface Had<T> {
    path: string;
    key: string; // path and query
    value: T | undefined;
    failure: Failure | undefined;
}

export function useLoad<T>(path: string | undefined, query: Query = {}): Loaded<T> {
    const [had, setHad] = useState<Had<T>>();
    const [loading, setLoading] = useState(path !== undefined);
    const [turn, setTurn] = useState(0);
    const key = path === undefined ? undefined : path + '?' + JSON.stringify(query);
    useEffect(() => {
        if (path === undefined || key === undefined) return;
        const stop = new AbortController();
        setLoading(true);
        get<T>(path, query, stop.signal)
            .then((value) => {
                if (stop.signal.aborted) return; // also in the midst of an answer, which is then none
                setHad({ path, key, value, failure: undefined });
                answered.value = Date.now();
                setLoading(false);
            })
            .catch((error: unknown) => {
                if (stop.signal.aborted) return;
                const failure = error instanceof Failure ? error : new Failure(0, 'failed', String(error));
                setHad((before) => ({ path, key, value: before?.path === path ? before.value : undefined, failure }));
                setLoading(false);
            });
        return () => stop.abort();
    }, [key, turn, turns.value]);
    const again = useCallback(() => setTurn((n) => n + 1), []);
    const here = had?.path === path ? had : undefined;
    const other = key !== undefined && had?.key !== key; // what is shown answers another question, or nothing is shown
    useAwaited(other);
    return { value: here?.value, failure: here?.failure, loading: loading || other, again };
}
