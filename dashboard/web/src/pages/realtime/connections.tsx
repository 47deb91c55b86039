import { useState } from 'preact/hooks';

import { segment } from '../../lib/api';
import { filtered, term } from '../../lib/filter';
import { useList } from '../../lib/list';
import { useLive } from '../../lib/live';
import { place, refine } from '../../lib/route';
import * as words from '../../lib/words';
import { Action, mayOperate } from '../../parts/actions';
import { Badge, More, Problem, Skeleton, Time } from '../../parts/basics';
import { Filter } from '../../parts/filter';
import { Table } from '../../parts/table';
import { cli } from '../queues/model';
import { channelAt, topicOf, type Client } from './model';

const terms = [
    { name: 'user', says: 'whose connection it is' },
    { name: 'channel', says: 'that it listens to' },
];

function Channels(props: { of: Client }) {
    const { channels, channel_count } = props.of;
    if (channel_count === 0) return <span class="muted">–</span>;
    const shown = channels.slice(0, 3);
    return (
        <span>
            {shown.map((name, i) => (
                <>
                    {i > 0 && ', '}
                    <a href={channelAt(name)}>{name}</a>
                </>
            ))}
            {channel_count > shown.length && <span class="muted"> and {words.count(channel_count - shown.length)} more</span>}
        </span>
    );
}

function KickClient(props: { of: Client; then: () => void }) {
    const { id, user } = props.of;
    return (
        <Action
            danger
            deed={{
                method: 'DELETE',
                path: `realtime/clients/${segment(id)}`,
                done: 'It is disconnected.',
                confirm: { question: `Disconnect ${user ? `this connection of ${user}` : id}?`, yes: 'Disconnect' },
                cli: cli('infra', 'realtime', 'kick', id),
            }}
            label={`Disconnect ${id}`}
            then={props.then}
        >
            Disconnect …
        </Action>
    );
}

function KickUser(props: { user: string; then: () => void }) {
    return (
        <Action<{ disconnected: number }>
            danger
            deed={{
                method: 'DELETE',
                path: `realtime/users/${segment(props.user)}`,
                done: '',
                confirm: { question: `Disconnect all connections of ${props.user}, on every node?`, yes: 'Disconnect all' },
                cli: cli('infra', 'realtime', 'kick', '--user', props.user),
            }}
            told={({ disconnected }) => `${words.count(disconnected)} disconnected here.`}
            then={props.then}
        >
            Disconnect {props.user} everywhere …
        </Action>
    );
}

function Queued(props: { of: Client }) {
    const { queued_bytes, slow } = props.of;
    if (slow) return <Badge tone="warn">Slow, {words.bytes(queued_bytes)}</Badge>;
    return <span class={queued_bytes > 0 ? '' : 'muted'}>{words.bytes(queued_bytes)}</span>;
}

export function Connections() {
    const query = place.value.query;
    const user = query.get('user') ?? '';
    const channel = query.get('channel') ?? '';
    const slow = query.get('slow') ?? '';
    const list = useList<Client>('realtime/clients', { user, channel, slow, limit: 50 });
    const [live, setLive] = useState<{ of: unknown; items: readonly Client[] }>();
    useLive<{ items: readonly Client[] }>(topicOf('realtime-clients', { user, channel, slow, limit: '50' }), ({ items }) => setLive({ of: list.first, items }));
    // Whoever has loaded more reads: what comes would move it away.
    const rows = live && live.of === list.first && list.items.length === list.first?.items.length ? live.items : list.items;
    const typed = [user && term('user', user), channel && term('channel', channel)].filter(Boolean).join(' ');
    const change = (typed: string) => {
        const { terms: given, text } = filtered(typed, ['user', 'channel']);
        refine({ user: (given['user'] ?? text) || undefined, channel: given['channel'] });
    };
    return (
        <>
            <div class="row">
                <Filter label="Connections of a user or a channel" terms={terms} value={typed} change={change} />
                <button aria-pressed={slow === '1'} onClick={() => refine({ slow: slow ? undefined : '1' })}>
                    Slow ones only
                </button>
                {user && <KickUser user={user} then={list.again} />}
            </div>
            <Problem failure={list.failure} again={list.again} />
            {!list.first ? (
                !list.failure && <Skeleton rows={8} />
            ) : (
                <>
                    <Table
                        label="Connections"
                        rows={rows}
                        keyOf={(c) => c.id}
                        empty={user || channel || slow ? (list.more ? 'None among the first thousand: load more.' : 'None of them.') : 'Nobody is connected.'}
                        columns={[
                            { title: 'User', cell: (c) => c.user || <span class="muted">{c.id.startsWith('dashboard-') ? 'a page like this one' : 'nobody in particular'}</span> },
                            { title: 'Connection', cell: (c) => <span class="mono">{c.id}</span> },
                            { title: 'From', cell: (c) => c.address || <span class="muted">{c.transport ? '–' : 'this process'}</span> },
                            { title: 'By', narrow: 'hide', cell: (c) => c.transport || '–' },
                            { title: 'Channels', wide: true, cell: (c) => <Channels of={c} /> },
                            { title: 'Queued', numeric: true, cell: (c) => <Queued of={c} /> },
                            { title: 'Dropped', numeric: true, cell: (c) => <span class={c.dropped > 0 ? 'warn' : 'muted'}>{words.count(c.dropped)}</span> },
                            { title: 'Since', cell: (c) => <Time at={c.since} relative /> },
                            ...(mayOperate() ? [{ title: '', acts: true, cell: (c: Client) => <KickClient of={c} then={list.again} /> }] : []),
                        ]}
                    />
                    <More list={list} of="connections" />
                </>
            )}
        </>
    );
}
