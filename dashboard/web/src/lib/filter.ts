// What people type into a filter: `name:send-invoice error:"timed out" 8812`. Terms that nobody knows are words to look for.

export interface Filtered {
    text: string; // what is no term
    terms: Readonly<Record<string, string>>;
}

const piece = /(?:([\w.-]+):)?(?:"((?:[^"\\]|\\.)*)"|(\S+))/g;

export function filtered(typed: string, names: readonly string[]): Filtered {
    const words: string[] = [];
    const terms: Record<string, string> = {};
    for (const [whole, name, quoted, plain] of typed.matchAll(piece)) {
        const value = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
        if (name === undefined) words.push(value);
        else if (names.includes(name)) terms[name] = value;
        else words.push(whole);
    }
    return { text: words.join(' '), terms };
}

export function term(name: string, value: string): string {
    return `${name}:${/[\s"]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value}`;
}

// The same with `name:` begun at its end, or as it is where it stands there already.
export function begun(typed: string, name: string): string {
    return new RegExp(`(^|\\s)${name}:`).test(typed) ? typed : `${typed.trimEnd()}${typed.trim() ? ' ' : ''}${name}:`;
}
