// What a page shows, asked for when it is needed and again when it changes.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { Failure, get, type Query } from './api';
import { turns } from './refresh';

export interface Loaded<T> {
    value: T | undefined; // stays while it is asked for again
    failure: Failure | undefined;
    loading: boolean;
    again: () => void;
}

export function useLoad<T>(path: string | undefined, query: Query = {}): Loaded<T> {
    const [value, setValue] = useState<T>();
    const [failure, setFailure] = useState<Failure>();
    const [loading, setLoading] = useState(path !== undefined);
    const [turn, setTurn] = useState(0);
    const key = path === undefined ? undefined : path + '?' + JSON.stringify(query);
    const asked = useRef<string | undefined>(undefined);
    useEffect(() => {
        if (path === undefined) return;
        if (asked.current?.split('?', 1)[0] !== path) setValue(undefined);
        asked.current = key;
        const stop = new AbortController();
        setLoading(true);
        get<T>(path, query, stop.signal)
            .then((v) => {
                setValue(v);
                setFailure(undefined);
                setLoading(false);
            })
            .catch((error: unknown) => {
                if (stop.signal.aborted) return;
                setFailure(error instanceof Failure ? error : new Failure(0, 'failed', String(error)));
                setLoading(false);
            });
        return () => stop.abort();
    }, [key, turn, turns.value]);
    const again = useCallback(() => setTurn((n) => n + 1), []);
    return { value, failure, loading, again };
}
