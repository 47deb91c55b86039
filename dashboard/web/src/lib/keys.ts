// Keys for the whole page. What is typed into a field is nobody's command, and dialogs have keys of their own.

export interface Keys {
    go: (key: string) => boolean; // after g; false: no such page
    press: Readonly<Record<string, () => void>>;
}

const fields = 'input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]';

export function listen(keys: Keys): () => void {
    let going = -Infinity; // when g was pressed
    const pressed = (event: KeyboardEvent) => {
        if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
            event.preventDefault();
            return keys.press['palette']?.();
        }
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
        if ((event.target as Element).matches?.(fields)) {
            if (event.key === 'Escape') (event.target as HTMLElement).blur();
            return;
        }
        if (event.timeStamp - going < 1500 && keys.go(event.key)) {
            going = -Infinity;
            return event.preventDefault();
        }
        going = event.key === 'g' ? event.timeStamp : -Infinity; // when it was pressed, not when we came to it
        const command = keys.press[event.key];
        if (!command) return;
        event.preventDefault();
        command();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
}
