// "Look again", for everything that is shown: useLoad() asks again whenever this turns.

import { signal } from '@preact/signals';

export const turns = signal(0);

export function refresh(): void {
    ++turns.value;
}
