// Which pages there are, in the order of the navigation. Each is a chunk of its own, loaded when somebody goes there.

import type { ComponentType } from 'preact';

export interface Page {
    name: string; // in the address, and as the service lists it in GET /api/session
    title: string;
    group: 'Now' | 'Observe' | 'Work' | 'Data' | '';
    key: string; // pressed after g
    ranged?: true; // shows what was, as far back as is chosen at the top
    load: () => Promise<{ default: ComponentType }>;
}

export const pages: readonly Page[] = [
    { name: 'overview', title: 'Overview', group: 'Now', key: 'o', ranged: true, load: () => import('../pages/overview') },
    { name: 'health', title: 'Health', group: 'Now', key: 'h', load: () => import('../pages/health') },
    { name: 'logs', title: 'Logs', group: 'Observe', key: 'l', ranged: true, load: () => import('../pages/logs') },
    { name: 'metrics', title: 'Metrics', group: 'Observe', key: 'm', ranged: true, load: () => import('../pages/metrics') },
    { name: 'traces', title: 'Traces', group: 'Observe', key: 't', load: () => import('../pages/traces') },
    { name: 'queues', title: 'Queues', group: 'Work', key: 'q', load: () => import('../pages/queues') },
    { name: 'mail', title: 'Mail', group: 'Work', key: 'e', load: () => import('../pages/mail') },
    { name: 'realtime', title: 'Realtime', group: 'Work', key: 'r', load: () => import('../pages/realtime') },
    { name: 'cache', title: 'Cache', group: 'Data', key: 'c', load: () => import('../pages/cache') },
    { name: 'storage', title: 'Storage', group: 'Data', key: 's', load: () => import('../pages/storage') },
    { name: 'settings', title: 'Settings', group: '', key: ',', load: () => import('../pages/settings') },
];
