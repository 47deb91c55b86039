// What is said in a channel: the end of its history, and then as it comes.

import { useEffect, useRef, useState } from 'preact/hooks';

import { useLive } from '../../lib/live';
import { useLoad } from '../../lib/load';
import * as words from '../../lib/words';
import { Empty, Notice, Panel, Problem, Time } from '../../parts/basics';
import { Drawer } from '../../parts/dialog';
import { Json } from '../../parts/json';
import { Table } from '../../parts/table';
import { channelApi, topicOf, type Said } from './model';

const most = 200;

const keyOf = (m: Said): string => (m.offset > 0 ? `o${m.offset}` : `n${m.n}`);

// What was heard first wins: it knows when.
function joined(had: readonly Said[], more: readonly Said[]): readonly Said[] {
    const known = new Map(had.map((m) => [keyOf(m), m]));
    for (const each of more) if (each.at !== undefined || !known.has(keyOf(each))) known.set(keyOf(each), each);
    return [...known.values()].sort((a, b) => b.offset - a.offset || (b.n ?? 0) - (a.n ?? 0)).slice(0, most);
}

function Message(props: { of: Said; close: () => void }) {
    const m = props.of;
    return (
        <Drawer title={`${m.type}${m.offset > 0 ? `, message ${m.offset}` : ''}`} close={props.close}>
            <div class="stack">
                {m.at !== undefined && (
                    <p class="muted">
                        Heard <Time at={m.at} />
                    </p>
                )}
                {m.data.cut && <Notice>The first {words.bytes(m.data.text.length)} of {words.bytes(m.data.bytes)}.</Notice>}
                {m.data.text ? <Json label="Data" value={m.data.text} /> : <Empty>It carries no data.</Empty>}
            </div>
        </Drawer>
    );
}

export function Tail(props: { channel: string }) {
    const { channel } = props;
    const history = useLoad<{ items: readonly Said[] }>(channelApi(channel, 'history'), { limit: 50 });
    const [heard, setHeard] = useState<readonly Said[]>([]);
    const [skipped, setSkipped] = useState(0);
    const [open, setOpen] = useState<Said>();
    const [calm, setCalm] = useState('');
    const count = useRef(0);
    const topic = topicOf('realtime-tail', { channel });
    useLive<{ items: readonly Said[]; skipped: number }>(topic, (more) => {
        count.current += more.items.length;
        setHeard((had) => joined(had, more.items));
        setSkipped((n) => n + more.skipped);
    });
    useEffect(() => {
        const due = window.setInterval(() => setCalm(count.current ? `${count.current} messages since the page was opened` : ''), 5000);
        return () => window.clearInterval(due);
    }, []);
    const rows = joined(heard, history.value?.items ?? []);
    return (
        <Panel title="What is said" flush tools={<span class="muted small">The newest first, {most} at most</span>}>
            <span class="unseen" role="status">
                {calm}
            </span>
            <Problem failure={history.failure} again={history.again} />
            {!topic && <Notice>The channel's name is too long for its messages to come by themselves: press r to look again.</Notice>}
            {skipped > 0 && <Notice tone="warn">{words.count(skipped)} messages came too fast to be shown.</Notice>}
            <Table
                label="Messages"
                rows={rows}
                keyOf={keyOf}
                onOpen={setOpen}
                empty="Nothing yet. What is said from now on appears here, and what was said before where the channel keeps a history."
                columns={[
                    {
                        title: 'Type',
                        cell: (m) => (
                            <button class="quiet" onClick={() => setOpen(m)}>
                                {m.type}
                            </button>
                        ),
                    },
                    { title: 'Data', wide: true, cell: (m) => <code>{m.data.text.slice(0, 160)}{m.data.text.length > 160 && '…'}</code> },
                    { title: 'Number', numeric: true, narrow: 'hide', cell: (m) => (m.offset > 0 ? words.count(m.offset) : '–') },
                    { title: 'Heard', cell: (m) => (m.at === undefined ? <span class="muted">before</span> : <time dateTime={new Date(m.at).toISOString()}>{words.clock(m.at)}</time>) },
                ]}
            />
            {open && <Message of={open} close={() => setOpen(undefined)} />}
        </Panel>
    );
}
