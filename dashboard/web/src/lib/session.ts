// Who looks, at what: asked for once, before anything is shown.

import { signal } from '@preact/signals';

import { get } from './api';

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
