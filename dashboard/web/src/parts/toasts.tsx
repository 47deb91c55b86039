// How something went, said once, at the edge; read out politely.

import { signal } from '@preact/signals';

import { Command } from './copy';
import { Icon } from './icons';

export interface Toast {
    id: number;
    tone: 'good' | 'bad';
    text: string;
    cli?: string | undefined;
}
export const toasts = signal<readonly Toast[]>([]);

let last = 0;
const drop = (id: number) => (toasts.value = toasts.value.filter((t) => t.id !== id));

export function say(tone: Toast['tone'], text: string, cli?: string): void {
    const id = ++last;
    toasts.value = [...toasts.value.filter((t) => t.text !== text).slice(-2), { id, tone, text, cli }];
    window.setTimeout(() => drop(id), tone === 'bad' ? 12000 : cli ? 8000 : 5000);
}

export function Toasts() {
    return (
        <div class="toasts" role="status" aria-label="What was done">
            {toasts.value.map((t) => (
                <div class={`toast ${t.tone}`} key={t.id}>
                    <span class={t.tone}>
                        <Icon name={t.tone === 'good' ? 'tick' : 'warning'} />
                    </span>
                    <div class="grow">
                        {t.text}
                        {t.cli && <Command cli={t.cli} />}
                    </div>
                    <button class="quiet square" aria-label="Dismiss" onClick={() => drop(t.id)}>
                        <Icon name="close" />
                    </button>
                </div>
            ))}
        </div>
    );
}
