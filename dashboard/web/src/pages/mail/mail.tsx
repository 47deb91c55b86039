// One mail of the outbox.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { href, segment } from '../../lib/api';
import { useLoad } from '../../lib/load';
import { place, to } from '../../lib/route';
import * as words from '../../lib/words';
import { Action } from '../../parts/actions';
import { Empty, Facts, Heading, Panel, Problem, Skeleton, Time } from '../../parts/basics';
import { Tabs } from '../../parts/choose';
import { Id, TraceLink } from '../../parts/copy';
import { Code } from '../../parts/json';
import { Table } from '../../parts/table';
import type { Payload } from '../queues/model';
import { Frame } from './frame';
import type { Mail } from './model';
import { mailAt, templateAt } from './outbox';

type Tab = 'html' | 'text' | 'headers' | 'source' | 'attachments';
const at = (id: string, ...rest: string[]) => ['mail', 'outbox', id, ...rest].map(segment).join('/');

function Source(props: { id: string }) {
    const [whole, setWhole] = useState(false);
    const loaded = useLoad<Payload>(at(props.id, 'source'), whole ? { whole: 1 } : {});
    if (!loaded.value) return loaded.failure ? <Problem failure={loaded.failure} again={loaded.again} /> : <Skeleton rows={12} />;
    return (
        <div class="stack tight">
            <div class="row">
                <a class="button" href={href(at(props.id, 'eml'))} download>
                    Download .eml
                </a>
                {loaded.value.cut && !whole && <button onClick={() => setWhole(true)}>Load more of {words.bytes(loaded.value.bytes)}</button>}
            </div>
            <Code label="Source" text={loaded.value.text} />
        </div>
    );
}

function Attachments(props: { of: Mail }) {
    return (
        <Table
            label="Attachments"
            rows={props.of.attachments}
            keyOf={(a) => String(a.index)}
            empty="Nothing is attached."
            columns={[
                { title: 'File', wide: true, cell: (a) => a.filename },
                { title: 'Type', cell: (a) => a.type },
                { title: 'Size', numeric: true, cell: (a) => words.bytes(a.bytes) },
                { title: 'Shown inline', narrow: 'hide', cell: (a) => (a.inline ? 'yes' : 'no') },
                {
                    title: '',
                    acts: true,
                    cell: (a) => (
                        <a class="button" href={href(at(props.of.id, 'attachments', String(a.index)))} download aria-label={`Download ${a.filename}`}>
                            Download
                        </a>
                    ),
                },
            ]}
        />
    );
}

function about(m: Mail): (readonly [string, ComponentChildren] | false)[] {
    return [
        ['From', m.from],
        ['To', m.to.join(', ')],
        m.cc.length > 0 && ['Cc', m.cc.join(', ')],
        m.bcc.length > 0 && ['Bcc', m.bcc.join(', ')],
        m.reply_to.length > 0 && ['Reply to', m.reply_to.join(', ')],
        ['Sent', <Time at={m.date} />],
        ['Id', <Id>{m.id}</Id>],
        m.template !== '' && ['Template', <a href={templateAt(m.template)}>{m.template}</a>],
        m.attempts !== null && ['Attempts', words.count(m.attempts)],
        m.topic !== '' && ['Topic', m.topic],
        Object.keys(m.tags).length > 0 && ['Tags', Object.entries(m.tags).map(([name, value]) => `${name}: ${value}`).join(', ')],
        m.trace !== '' && ['Trace', <TraceLink trace={m.trace} />],
    ];
}

function Shown(props: { of: Mail; tab: Tab; whole: () => void }) {
    const m = props.of;
    switch (props.tab) {
        case 'html':
            return m.html_bytes > 0 ? <Frame path={at(m.id, 'html')} title="The mail as a reader shows it" /> : <Empty>This mail has no html part.</Empty>;
        case 'text':
            return (
                <div class="stack tight">
                    {m.text.cut && (
                        <div class="row">
                            <button onClick={props.whole}>Load more of {words.bytes(m.text.bytes)}</button>
                        </div>
                    )}
                    {m.text.text ? <Code label="Text" text={m.text.text} /> : <Empty>This mail has no text part.</Empty>}
                </div>
            );
        case 'headers':
            return Object.keys(m.headers).length > 0 ? <Facts of={Object.entries(m.headers)} /> : <Empty>No headers beyond the usual ones: the source has all.</Empty>;
        case 'source':
            return <Source id={m.id} />;
        case 'attachments':
            return <Attachments of={m} />;
    }
}

export function MailView(props: { id: string }) {
    const [whole, setWhole] = useState('');
    const loaded = useLoad<Mail>(at(props.id), whole === props.id ? { whole: 1 } : {});
    const m = loaded.value;
    const tab = (place.value.query.get('part') ?? (m && m.html_bytes === 0 ? 'text' : 'html')) as Tab;
    return (
        <>
            <Heading title={m?.subject ?? props.id} up={[{ title: 'Mail', href: '#/mail' }]}>
                {m && (
                    <Action<{ id: string }>
                        deed={{
                            method: 'POST',
                            path: at(m.id, 'resend'),
                            done: '',
                            confirm: { question: `Send it again, to ${m.to.join(', ')}?`, yes: 'Send' },
                            cli: `infra email outbox resend ${m.id}`,
                        }}
                        told={(sent) => `It is sent again, as ${sent.id}.`}
                    >
                        Send again …
                    </Action>
                )}
            </Heading>
            <div class="stack">
                <Problem failure={loaded.failure} again={loaded.again} />
                {!m && !loaded.failure && <Skeleton rows={10} />}
                {m && (
                    <>
                        <Panel title="About it">
                            <Facts of={about(m)} />
                        </Panel>
                        <div>
                            <Tabs<Tab>
                                label="Parts of the mail"
                                at={tab}
                                to={(key) => to(['mail', m.id], { part: key })}
                                tabs={[
                                    { key: 'html', title: 'HTML' },
                                    { key: 'text', title: 'Text' },
                                    { key: 'headers', title: 'Headers', count: Object.keys(m.headers).length },
                                    { key: 'source', title: 'Source' },
                                    { key: 'attachments', title: 'Attachments', count: m.attachments.length },
                                ]}
                            />
                            <Shown of={m} tab={tab} whole={() => setWhole(m.id)} />
                        </div>
                    </>
                )}
            </div>
        </>
    );
}

export { mailAt };
