// A list that comes in pages: `{"items":[…],"next":…}`. The first page is asked for again on refresh; what was loaded beyond it goes.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { Failure, get, type Query } from './api';
import { useLoad } from './load';

export interface Paged<T> {
    items: readonly T[];
    next: string | null;
}

export interface List<T> {
    items: readonly T[];
    first: Paged<T> | undefined; // with what else the document says
    loading: boolean;
    failure: Failure | undefined;
    more: (() => void) | undefined; // there is more
    again: () => void;
}

export function useList<T, Page extends Paged<T> = Paged<T>>(path: string | undefined, query: Query = {}): List<T> & { first: Page | undefined } {
    const first = useLoad<Page>(path, query);
    const [rest, setRest] = useState<{ items: readonly T[]; next: string | null }>();
    const [loading, setLoading] = useState(false);
    const [failure, setFailure] = useState<Failure>();
    const asked = useRef(0);
    useEffect(() => {
        ++asked.current;
        setRest(undefined);
        setFailure(undefined);
        setLoading(false);
    }, [first.value]);
    const next = rest ? rest.next : first.value?.next;
    const more = useCallback(() => {
        if (path === undefined || !next) return;
        const turn = ++asked.current;
        setLoading(true);
        get<Paged<T>>(path, { ...query, cursor: next })
            .then((page) => turn === asked.current && setRest((had) => ({ items: [...(had?.items ?? []), ...page.items], next: page.next })))
            .catch((error: unknown) => turn === asked.current && setFailure(error instanceof Failure ? error : new Failure(0, 'failed', String(error))))
            .finally(() => turn === asked.current && setLoading(false));
    }, [path, JSON.stringify(query), next]);
    return {
        items: rest ? [...(first.value?.items ?? []), ...rest.items] : (first.value?.items ?? []),
        first: first.value,
        loading: first.loading || loading,
        failure: first.failure ?? failure,
        more: next ? more : undefined,
        again: first.again,
    };
}
