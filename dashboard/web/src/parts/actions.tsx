// What changes something: buttons that ask when it matters, tell how it went, and show the same as a command line.

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { act, Failure, type Query } from '../lib/api';
import { session } from '../lib/session';
import { Command } from './copy';
import { Dialog } from './dialog';
import { say } from './toasts';

export { say } from './toasts';

export interface Deed {
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    path: string;
    body?: unknown;
    query?: Query;
    done: string; // "3 jobs wait again"
    // moderate: asks, with what it will do ("Remove 17 jobs?"); severe: the name must be typed.
    confirm?: { question: string; typed?: string; yes?: string };
    cli?: string; // the same for a terminal: "infra queue retry mail 8812"
}

export const asking = signal<{ deed: Deed; answer: (yes: boolean) => void } | undefined>(undefined);

export const mayOperate = () => session.value?.role === 'operate';

async function agreed(deed: Deed): Promise<boolean> {
    if (!deed.confirm) return true;
    const yes = await new Promise<boolean>((answer) => (asking.value = { deed, answer }));
    asking.value = undefined;
    return yes;
}

// True when it was done. `told` makes the words of the answer.
export async function perform<T = unknown>(deed: Deed, told?: (answer: T) => string): Promise<boolean> {
    if (!(await agreed(deed))) return false;
    try {
        const answer = await act<T>(deed.method, deed.path, deed.body, deed.query);
        say('good', told ? told(answer) : deed.done, deed.cli);
        return true;
    } catch (error) {
        say('bad', error instanceof Failure ? error.message : String(error));
        return false;
    }
}

export function Action<T = unknown>(props: {
    deed: Deed;
    children: ComponentChildren;
    then?: () => void;
    told?: (answer: T) => string;
    danger?: boolean;
    primary?: boolean;
    disabled?: boolean;
    label?: string; // where the words on the button do not say of what: "Retry job 8812"
}) {
    const [busy, setBusy] = useState(false);
    if (!mayOperate()) return null;
    return (
        <button
            type="button"
            class={props.danger ? 'danger' : props.primary ? 'primary' : undefined}
            disabled={props.disabled}
            aria-busy={busy}
            aria-label={props.label}
            title={props.deed.cli ? `$ ${props.deed.cli}` : undefined}
            onClick={() => {
                if (busy) return; // not disabled: it would lose the focus
                setBusy(true);
                void perform(props.deed, props.told).then((done) => {
                    setBusy(false);
                    if (done) props.then?.();
                });
            }}
        >
            {props.children}
        </button>
    );
}

// The question of the action that is asked for now. The shell shows it.
export function Confirm() {
    const [typed, setTyped] = useState('');
    const now = asking.value;
    if (!now?.deed.confirm) return null;
    const { question, typed: name, yes } = now.deed.confirm;
    const answer = (value: boolean) => {
        setTyped('');
        now.answer(value);
    };
    const grave = name !== undefined || now.deed.method === 'DELETE';
    const ready = name === undefined || typed === name;
    return (
        <Dialog
            title={question}
            close={() => answer(false)}
            foot={
                <>
                    <button autofocus={grave && name === undefined} onClick={() => answer(false)}>
                        Cancel
                    </button>
                    <button class={grave ? 'primary danger' : 'primary'} disabled={!ready} autofocus={!grave} onClick={() => answer(true)}>
                        {yes ?? 'Do it'}
                    </button>
                </>
            }
        >
            <form
                class="stack"
                onSubmit={(event) => {
                    event.preventDefault();
                    if (ready && name !== undefined) answer(true);
                }}
            >
                {session.value?.environment === 'production' && <p class="notice warn">This is production.</p>}
                {name !== undefined && (
                    <label class="field">
                        <span>
                            This cannot be taken back. Type <code>{name}</code> to go on.
                        </span>
                        <input autofocus value={typed} onInput={(event) => setTyped(event.currentTarget.value)} autocomplete="off" spellcheck={false} />
                    </label>
                )}
                {now.deed.cli ? (
                    <div class="field">
                        <span>The same on a terminal</span>
                        <Command cli={now.deed.cli} />
                    </div>
                ) : (
                    name === undefined && <p class="muted">It is written into the record of actions.</p>
                )}
            </form>
        </Dialog>
    );
}
