// What the API says of mail.

import type { Payload } from '../queues/model';

export interface About {
    transport: string;
    outbox: string | null;
    templates: string;
    remembered: number;
    failed_lately: number;
}

export interface Stored {
    id: string;
    date: number;
    from: string;
    to: readonly string[];
    subject: string;
    size: number;
    problem: string;
    state: 'sent' | 'unreadable';
    template: string;
    attempts: number | null;
    trace: string;
}

export interface Sent {
    at: number;
    id: string;
    mail: string;
    from: string;
    to: readonly string[];
    subject: string;
    template: string;
    transport: string;
    attempts: number;
    state: 'sent' | 'duplicate' | 'stopped' | 'failed';
    reason: string;
    trace: string;
}

export interface Mail {
    id: string;
    date: number;
    from: string;
    to: readonly string[];
    cc: readonly string[];
    bcc: readonly string[];
    reply_to: readonly string[];
    subject: string;
    headers: Readonly<Record<string, string>>;
    tags: Readonly<Record<string, string>>;
    topic: string;
    text: Payload;
    html_bytes: number;
    attachments: readonly { index: number; filename: string; type: string; bytes: number; inline: boolean }[];
    template: string;
    attempts: number | null;
    transport: string;
    trace: string;
}

export interface TemplateName {
    name: string;
    locales: readonly string[];
}

export interface Template {
    name: string;
    locale: string;
    path: string;
    layout: string;
    problem: string;
    gaps: string;
    data: Payload;
    sample_path: string;
    source: Payload | null;
    clipped_above: number;
    subject?: string;
    preheader?: string;
    from?: string | null;
    text?: Payload;
    html_bytes?: number;
}
