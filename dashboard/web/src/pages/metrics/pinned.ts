// Charts that somebody wants to see first; the browser remembers them.

import { signal } from '@preact/signals';

import { keep, kept } from '../../lib/kept';
import { keyOf, type Wanted } from './model';

const most = 12;

function remembered(): readonly Wanted[] {
    try {
        const all: unknown = JSON.parse(kept('pinned') ?? '[]');
        return Array.isArray(all) ? all.filter((w): w is Wanted => typeof (w as Wanted)?.name === 'string').slice(0, most) : [];
    } catch {
        return [];
    }
}

export const pinned = signal<readonly Wanted[]>(remembered());

export const isPinned = (w: Wanted): boolean => pinned.value.some((p) => keyOf(p) === keyOf(w));

export function turn(w: Wanted): void {
    pinned.value = isPinned(w) ? pinned.value.filter((p) => keyOf(p) !== keyOf(w)) : [w, ...pinned.value].slice(0, most);
    keep('pinned', JSON.stringify(pinned.value));
}
