import { useList } from '../../lib/list';
import * as words from '../../lib/words';
import { Badge, More, Problem, Skeleton, Time } from '../../parts/basics';
import { TraceLink } from '../../parts/copy';
import { Table } from '../../parts/table';
import { to } from '../../lib/route';
import type { Stored } from './model';

export const mailAt = (id: string): string => to(['mail', id]);
export const templateAt = (name: string, query: Record<string, string | undefined> = {}): string => to(['mail'], { view: 'templates', name, ...query });

export function Outbox(props: { directory: string }) {
    const list = useList<Stored>('mail/outbox', { limit: 50 });
    if (!list.first) return list.failure ? <Problem failure={list.failure} again={list.again} /> : <Skeleton rows={8} />;
    return (
        <>
            <Problem failure={list.failure} again={list.again} />
            <Table
                label="Outbox"
                rows={list.items}
                keyOf={(m) => m.id}
                open={(m) => mailAt(m.id)}
                empty={`No mail lies in ${props.directory}: what is sent appears here.`}
                columns={[
                    { title: 'Subject', wide: true, cell: (m) => m.subject || m.id },
                    { title: 'State', cell: (m) => (m.problem ? <span title={m.problem}><Badge tone="bad">Unreadable</Badge></span> : <Badge tone="good">Sent</Badge>) },
                    { title: 'To', cell: (m) => m.to.join(', ') || '–' },
                    { title: 'Template', narrow: 'hide', cell: (m) => (m.template ? <a href={templateAt(m.template)}>{m.template}</a> : <span class="muted">–</span>) },
                    { title: 'Attempts', numeric: true, narrow: 'hide', cell: (m) => words.count(m.attempts) },
                    { title: 'Size', numeric: true, cell: (m) => words.bytes(m.size) },
                    { title: 'Trace', narrow: 'hide', cell: (m) => <TraceLink trace={m.trace} /> },
                    { title: 'Sent', cell: (m) => <Time at={m.date} relative /> },
                ]}
            />
            <More list={list} />
        </>
    );
}
