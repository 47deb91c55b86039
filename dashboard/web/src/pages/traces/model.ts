// Traces as the service tells of them.

export interface Summary {
    trace: string;
    name: string;
    kind: string;
    start: number;
    ms: number;
    spans: number;
    failed: boolean;
}

export interface Span {
    id: string;
    parent?: string;
    name: string;
    kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
    depth: number;
    children: number;
    start: number; // µs from that of the trace
    us: number;
    own: number;
    critical: boolean;
    open: boolean;
    failed: boolean;
    remote?: boolean;
    error?: string;
    dropped?: number;
    cut?: boolean;
    attributes: Readonly<Record<string, unknown>>;
    events: readonly { name: string; at: number; attributes: Readonly<Record<string, unknown>> }[];
    links: readonly { trace: string; span: string; attributes: Readonly<Record<string, unknown>> }[];
}

export interface Trace {
    trace: string;
    name: string;
    start: number;
    us: number;
    failed: boolean;
    open: boolean;
    left_out: number;
    spans: readonly Span[];
    jobs: readonly { queue: string; id: string }[];
    mails: readonly string[];
}

// The rows in sight: what is below a closed one is not.
export function shown(spans: readonly Span[], closed: ReadonlySet<string>): readonly Span[] {
    const out: Span[] = [];
    let hidden = Infinity; // deeper than this
    for (const span of spans) {
        if (span.depth > hidden) continue;
        hidden = closed.has(span.id) ? span.depth : Infinity;
        out.push(span);
    }
    return out;
}

// By how many µs spans go on after the end of what began them: it did not wait for them. By id.
export function beyond(spans: readonly Pick<Span, 'id' | 'parent' | 'start' | 'us'>[]): ReadonlyMap<string, number> {
    const ends = new Map(spans.map((s) => [s.id, s.start + s.us]));
    const out = new Map<string, number>();
    for (const s of spans) {
        const by = s.start + s.us - (ends.get(s.parent ?? '') ?? Infinity);
        if (by > 0) out.set(s.id, by);
    }
    return out;
}

// Where a span is from: for its colour and its word.
export function roomOf(span: Span): string {
    const names = Object.keys(span.attributes);
    const has = (prefix: string) => names.some((n) => n.startsWith(prefix));
    if (has('email.')) return 'mail';
    if (has('messaging.') || has('job.')) return 'job';
    if (has('http.')) return 'http';
    if (has('storage.')) return 'storage';
    if (has('db.')) return 'db';
    return span.name.split(' ', 1)[0]!.length < 12 && span.kind !== 'internal' ? span.name.split(' ', 1)[0]!.toLowerCase() : '';
}
