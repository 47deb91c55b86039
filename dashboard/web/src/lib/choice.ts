// Which rows are chosen, and which is next: of tables and lists.

export function toggled(chosen: ReadonlySet<string>, key: string): Set<string> {
    const now = new Set(chosen);
    if (!now.delete(key)) now.add(key);
    return now;
}

// Adds all from one to the other, both included, whichever is above.
export function ranged(keys: readonly string[], from: string, to: string, chosen: ReadonlySet<string>): Set<string> {
    const ends = [keys.indexOf(from), keys.indexOf(to)];
    if (ends.includes(-1)) return toggled(chosen, to);
    return new Set([...chosen, ...keys.slice(Math.min(...ends), Math.max(...ends) + 1)]);
}

// Where a key leads from a row, -1 being none yet; undefined where it is no key for going.
export function step(key: string, at: number, rows: number, page = 10): number | undefined {
    const last = rows - 1;
    switch (key) {
        case 'j':
        case 'ArrowDown':
            return Math.min(at + 1, last);
        case 'k':
        case 'ArrowUp':
            return Math.max(at - 1, 0);
        case 'PageDown':
            return Math.min(Math.max(at, 0) + page, last);
        case 'PageUp':
            return Math.max(at - page, 0);
        case 'Home':
            return 0;
        case 'End':
            return last;
        default:
            return undefined;
    }
}
