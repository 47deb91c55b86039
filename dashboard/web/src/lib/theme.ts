// Light or dark: as the system has it until somebody says otherwise.

import { signal } from '@preact/signals';

import { kept, keep } from './kept';

export type Theme = 'system' | 'light' | 'dark';
const themes: readonly Theme[] = ['system', 'light', 'dark'];

export const theme = signal<Theme>(kept('theme', themes) ?? 'system');

theme.subscribe((now) => {
    if (now === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = now;
    keep('theme', now);
});

export function dark(): boolean {
    return theme.value === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : theme.value === 'dark';
}

// To what is not shown now.
export function turn(): void {
    theme.value = dark() ? 'light' : 'dark';
}
