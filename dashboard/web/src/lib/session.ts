// Who looks, at what: asked for once, before anything is shown.

import { signal } from '@preact/signals';

import { Failure, get, trouble, troubled } from './api';
import { refresh } from './refresh';

export interface Session {
    service: string;
    version: string;
    environment: string;
    role: 'read' | 'operate';
    pages: readonly string[]; // what the service has
    now: number; // the server's clock, ms since 1970
}

export const session = signal<Session | undefined>(undefined);

export async function begin(): Promise<void> {
    session.value = await get<Session>('session');
}

// Asks until there is an answer again; what is shown then is asked for anew. True when all is well.
export async function heal(): Promise<boolean> {
    try {
        await begin();
    } catch (error) {
        const failure = error instanceof Failure ? error : new Failure(0, 'failed', String(error));
        if (failure.status === 403) troubled('forbidden', failure.message);
        else if (!trouble.value) troubled('away', `it cannot say what it is: ${failure.message}`);
        return false;
    }
    if (trouble.value) {
        trouble.value = undefined;
        refresh();
    }
    return true;
}
