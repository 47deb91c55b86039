import { useState } from 'preact/hooks';

import { useList } from '../../lib/list';
import { useLive } from '../../lib/live';
import { place, refine } from '../../lib/route';
import * as words from '../../lib/words';
import { Badge, More, Problem, Skeleton } from '../../parts/basics';
import { Filter } from '../../parts/filter';
import { Table } from '../../parts/table';
import { channelAt, connectionsAt, rate, topicOf, type Channel } from './model';

export function Drops(props: { of: Channel }) {
    const { dropped, dropped_lately } = props.of;
    if (dropped_lately > 0) return <Badge tone="warn">{words.count(dropped_lately)} dropped</Badge>;
    return <span class={dropped > 0 ? '' : 'muted'}>{words.count(dropped)}</span>;
}

export function ChannelList() {
    const prefix = place.value.query.get('prefix') ?? '';
    const list = useList<Channel>('realtime/channels', { prefix, limit: 50 });
    const [live, setLive] = useState<{ of: unknown; now: ReadonlyMap<string, Channel> }>();
    useLive<{ items: readonly Channel[] }>(topicOf('realtime-channels', { prefix, limit: '50' }), ({ items }) => {
        setLive({ of: list.first, now: new Map(items.map((c) => [c.name, c])) });
    });
    const now = live?.of === list.first ? live?.now : undefined;
    const known = new Set(list.items.map((c) => c.name));
    const fresh = [...(now?.values() ?? [])].filter((c) => !known.has(c.name));
    const rows = [...list.items.map((c) => now?.get(c.name) ?? c), ...fresh].sort((a, b) => (a.name < b.name ? -1 : 1));
    return (
        <>
            <Filter label="Channels that begin with" value={prefix} change={(typed) => refine({ prefix: typed || undefined })} />
            <Problem failure={list.failure} again={list.again} />
            {!list.first ? (
                !list.failure && <Skeleton rows={8} />
            ) : (
                <>
                    <Table
                        label="Channels"
                        rows={rows}
                        keyOf={(c) => c.name}
                        open={(c) => channelAt(c.name)}
                        empty={prefix ? 'No channel here begins so: a channel is there while somebody listens, or while its history lasts.' : 'Nobody listens to anything now, and no channel has a history.'}
                        columns={[
                            { title: 'Channel', wide: true, cell: (c) => c.name },
                            { title: 'Subscribers', numeric: true, cell: (c) => (c.subscribers > 0 ? <a href={connectionsAt({ channel: c.name })}>{words.count(c.subscribers)}</a> : <span class="muted">0</span>) },
                            { title: 'Messages', numeric: true, cell: (c) => rate(c.per_second) },
                            { title: 'History', numeric: true, cell: (c) => (c.history_messages > 0 ? words.count(c.history_messages) : <span class="muted">–</span>) },
                            { title: 'Its size', numeric: true, narrow: 'hide', cell: (c) => (c.history_bytes > 0 ? words.bytes(c.history_bytes) : <span class="muted">–</span>) },
                            { title: 'Published', numeric: true, narrow: 'hide', cell: (c) => words.count(c.published) },
                            { title: 'Dropped', numeric: true, cell: (c) => <Drops of={c} /> },
                        ]}
                    />
                    <More list={list} of="channels" />
                </>
            )}
        </>
    );
}
