// One channel.

import { useState } from 'preact/hooks';

import { useLive } from '../../lib/live';
import { useLoad } from '../../lib/load';
import * as words from '../../lib/words';
import { mayOperate } from '../../parts/actions';
import { Facts, Heading, Panel, Problem, Skeleton, Time } from '../../parts/basics';
import { Command } from '../../parts/copy';
import { Table } from '../../parts/table';
import { cli } from '../queues/model';
import { Drops } from './channels';
import { channelApi, connectionsAt, rate, topicOf, type Channel, type Member } from './model';
import { Publish } from './publish';
import { Tail } from './tail';

function Present(props: { channel: string }) {
    const loaded = useLoad<{ items: readonly Member[]; users: number; connections: number }>(channelApi(props.channel, 'presence'));
    const found = loaded.value;
    return (
        <Panel title="Who is there" flush tools={found && <span class="muted small">{words.count(found.users)} users by {words.count(found.connections)} connections</span>}>
            <Problem failure={loaded.failure} again={loaded.again} />
            {found && (
                <Table
                    label="Members"
                    rows={found.items}
                    keyOf={(m) => m.user}
                    empty="Nobody, or the channel does not keep who is there."
                    columns={[
                        { title: 'User', cell: (m) => <a href={connectionsAt({ user: m.user })}>{m.user}</a> },
                        { title: 'Tells others', wide: true, cell: (m) => <code>{m.info.text.slice(0, 120) || '–'}</code> },
                        { title: 'Connections', numeric: true, cell: (m) => words.count(m.connections) },
                        { title: 'Since', cell: (m) => <Time at={m.since} relative /> },
                    ]}
                />
            )}
        </Panel>
    );
}

export function ChannelView(props: { name: string }) {
    const { name } = props;
    const loaded = useLoad<Channel>(channelApi(name));
    const [live, setLive] = useState<Channel>();
    useLive<Channel>(topicOf('realtime-channel', { channel: name }), setLive);
    const c = live?.name === name ? live : loaded.value;
    return (
        <>
            <Heading title={name} up={[{ title: 'Realtime', href: '#/realtime' }]} />
            <div class="stack">
                <Problem failure={loaded.failure} again={loaded.again} />
                {!c && !loaded.failure && <Skeleton rows={8} />}
                {c && (
                    <>
                        <Panel title="About it">
                            <Facts
                                of={[
                                    ['Subscribers here', <a href={connectionsAt({ channel: name })}>{words.count(c.subscribers)}</a>],
                                    ['Messages', rate(c.per_second)],
                                    ['Published', words.count(c.published)],
                                    ['History', c.history_messages > 0 ? `${words.count(c.history_messages)}, ${words.bytes(c.history_bytes)}` : 'none'],
                                    ['Dropped', <Drops of={c} />],
                                    c.dropping_since !== null && ['Drops since', <Time at={c.dropping_since} relative />],
                                ]}
                            />
                        </Panel>
                        <div class="columns">
                            <Tail channel={name} key={`tail ${name}`} />
                            <div class="stack">
                                {mayOperate() && <Publish channel={name} subscribers={c.subscribers} />}
                                <Present channel={name} />
                            </div>
                        </div>
                        <div class="field">
                            <span class="muted small">To listen on a terminal</span>
                            <Command cli={cli('infra', 'realtime', 'tail', name)} />
                        </div>
                    </>
                )}
            </div>
        </>
    );
}
