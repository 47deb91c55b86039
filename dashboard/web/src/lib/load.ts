// What a page shows, asked for when it is needed and again when it changes.

import { useCallback, useEffect, useState } from 'preact/hooks';

import { Failure, get, type Query } from './api';
import { turns } from './refresh';

export interface Loaded<T> {
    value: T | undefined; // stays while it is asked for again, and goes with its path
    failure: Failure | undefined;
    loading: boolean;
    again: () => void;
}

interface Had<T> {
    path: string;
    value: T | undefined;
    failure: Failure | undefined;
}

export function useLoad<T>(path: string | undefined, query: Query = {}): Loaded<T> {
    const [had, setHad] = useState<Had<T>>();
    const [loading, setLoading] = useState(path !== undefined);
    const [turn, setTurn] = useState(0);
    const key = path === undefined ? undefined : path + '?' + JSON.stringify(query);
    useEffect(() => {
        if (path === undefined) return;
        const stop = new AbortController();
        setLoading(true);
        get<T>(path, query, stop.signal)
            .then((value) => {
                setHad({ path, value, failure: undefined });
                setLoading(false);
            })
            .catch((error: unknown) => {
                if (stop.signal.aborted) return;
                const failure = error instanceof Failure ? error : new Failure(0, 'failed', String(error));
                setHad((before) => ({ path, value: before?.path === path ? before.value : undefined, failure }));
                setLoading(false);
            });
        return () => stop.abort();
    }, [key, turn, turns.value]);
    const again = useCallback(() => setTurn((n) => n + 1), []);
    const here = had?.path === path ? had : undefined;
    return { value: here?.value, failure: here?.failure, loading: loading || (path !== undefined && !here), again };
}
