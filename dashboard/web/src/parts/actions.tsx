// What changes something: buttons that ask when it matters, tell how it went, and show the same as a command line.

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

import { act, Failure, type Query } from '../lib/api';
import { session } from '../lib/session';

export interface Deed {
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    path: string;
    body?: unknown;
    query?: Query;
    done: string; // "3 jobs wait again"
    // moderate: asks, with what it will do ("Remove 17 jobs?"); severe: the name must be typed.
    confirm?: { question: string; typed?: string };
    cli?: string; // the same for a terminal: "infra queue retry mail 8812"
}

export interface Toast {
    id: number;
    tone: 'good' | 'bad';
    text: string;
}
export const toasts = signal<readonly Toast[]>([]);
export const asking = signal<{ deed: Deed; answer: (yes: boolean) => void } | undefined>(undefined);

let last = 0;
export function say(tone: Toast['tone'], text: string): void {
    const id = ++last;
    toasts.value = [...toasts.value.slice(-3), { id, tone, text }];
    window.setTimeout(() => (toasts.value = toasts.value.filter((t) => t.id !== id)), tone === 'bad' ? 12000 : 5000);
}

async function agreed(deed: Deed): Promise<boolean> {
    if (!deed.confirm) return true;
    const yes = await new Promise<boolean>((answer) => (asking.value = { deed, answer }));
    asking.value = undefined;
    return yes;
}

// True when it was done. `done` may depend on the answer.
export async function perform<T = unknown>(deed: Deed, told?: (answer: T) => string): Promise<boolean> {
    if (!(await agreed(deed))) return false;
    try {
        const answer = await act<T>(deed.method, deed.path, deed.body, deed.query);
        say('good', told ? told(answer) : deed.done);
        return true;
    } catch (error) {
        say('bad', error instanceof Failure ? error.message : String(error));
        return false;
    }
}

export function Action<T = unknown>(props: { deed: Deed; children: ComponentChildren; then?: () => void; told?: (answer: T) => string; danger?: boolean; disabled?: boolean }) {
    if (session.value?.role !== 'operate') return null;
    return (
        <button
            class={props.danger ? 'danger' : ''}
            disabled={props.disabled ?? false}
            title={props.deed.cli ? `$ ${props.deed.cli}` : ''}
            onClick={() => void perform(props.deed, props.told).then((done) => done && props.then?.())}
        >
            {props.children}
        </button>
    );
}
