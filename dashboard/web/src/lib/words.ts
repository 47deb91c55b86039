// Numbers and times as people read them. All take undefined and null for "not known".

type Maybe<T> = T | undefined | null;
const unknown = '–';

export function count(n: Maybe<number>): string {
    return n == null ? unknown : Math.round(n).toLocaleString('en').replaceAll(',', '\u202f');
}

export function bytes(n: Maybe<number>): string {
    if (n == null) return unknown;
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let at = 0;
    while (n >= 1024 && at < units.length - 1) {
        n /= 1024;
        ++at;
    }
    return `${at && n < 10 ? n.toFixed(1) : Math.round(n)} ${units[at]}`;
}

// Of milliseconds: "12 ms", "3.4 s", "2 m 10 s", "4 h 5 m", "3 d 2 h".
export function span(ms: Maybe<number>): string {
    if (ms == null) return unknown;
    if (ms < 1000) return `${ms < 10 ? Number(ms.toPrecision(2)) : Math.round(ms)} ms`;
    const s = ms / 1000;
    if (s < 60) return `${s < 10 ? s.toFixed(1) : Math.round(s)} s`;
    if (s < 3600) return `${Math.floor(s / 60)} m ${Math.floor(s % 60)} s`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} m`;
    return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

export function percent(ratio: Maybe<number>): string {
    return ratio == null ? unknown : `${(ratio * 100).toFixed(ratio > 0.995 || ratio < 0.1 ? 1 : 0)} %`;
}

// Of milliseconds since 1970, in the time zone of who looks.
export function clock(ms: Maybe<number>): string {
    return ms == null ? unknown : new Date(ms).toLocaleTimeString('en-GB', { hour12: false });
}
export function date(ms: Maybe<number>): string {
    if (ms == null) return unknown;
    const d = new Date(ms);
    return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')} ${clock(ms)}`;
}
// In whole seconds: what is looked at again and again does not flicker.
export function whole(ms: number): string {
    return ms < 60_000 ? `${Math.floor(ms / 1000)} s` : span(ms);
}
export function ago(ms: Maybe<number>, now = Date.now()): string {
    if (ms == null) return unknown;
    if (Math.abs(now - ms) < 1000) return 'now';
    return ms > now ? `in ${whole(ms - now)}` : `${whole(now - ms)} ago`;
}
