// Where the palette looks for what somebody typed or pasted. `page` is the page that has it: without it, it is not offered.

export interface Finder {
    page: string;
    title: (typed: string) => string;
    to: (typed: string) => string | undefined; // undefined: that is none of it
}

const trace = /^[0-9a-f]{32}$/i;
const encoded = encodeURIComponent;

export const finders: readonly Finder[] = [
    { page: 'traces', title: (t) => `Trace ${t.slice(0, 8)} …`, to: (t) => (trace.test(t) ? `#/traces/${t.toLowerCase()}` : undefined) },
    { page: 'logs', title: (t) => `Lines of the log with “${t}”`, to: (t) => `#/logs?${trace.test(t) ? 'trace' : 'q'}=${encoded(t)}` },
    { page: 'queues', title: (t) => `Job “${t}”`, to: (t) => (/^\S{1,200}$/.test(t) && !trace.test(t) ? `#/queues?find=${encoded(t)}` : undefined) },
    { page: 'realtime', title: (t) => `Channels that begin with “${t}”`, to: (t) => (/\s/.test(t) ? undefined : `#/realtime?prefix=${encoded(t)}`) },
    { page: 'cache', title: (t) => `Key “${t}” of the cache`, to: (t) => `#/cache/${encoded(t)}` },
    { page: 'storage', title: (t) => `Objects that begin with “${t}”`, to: (t) => `#/storage?prefix=${encoded(t)}` },
];
