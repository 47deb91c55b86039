// What was sent lately by this process, whatever carries it.

import { useList } from '../../lib/list';
import { place, to } from '../../lib/route';
import * as words from '../../lib/words';
import { Badge, More, Problem, Skeleton, Time, type Tone } from '../../parts/basics';
import { Segmented } from '../../parts/choose';
import { Id, TraceLink } from '../../parts/copy';
import { Table } from '../../parts/table';
import { mailAt } from './outbox';
import type { About, Sent } from './model';

const tones: Record<Sent['state'], Tone> = { sent: 'good', duplicate: 'idle', stopped: 'warn', failed: 'bad' };
const titles: Record<Sent['state'], string> = { sent: 'Sent', duplicate: 'Sent before', stopped: 'Stopped', failed: 'Failed' };

export function SentLately(props: { about: About }) {
    const state = place.value.query.get('state') ?? '';
    const list = useList<Sent>('mail/sent', { state, limit: 50 });
    if (!list.first) return list.failure ? <Problem failure={list.failure} again={list.again} /> : <Skeleton rows={8} />;
    return (
        <>
            <div class="apart">
                <Segmented
                    label="Which mails"
                    options={[{ key: '', title: 'All' }, { key: 'failed', title: 'Failed' }, { key: 'sent', title: 'Sent' }, { key: 'stopped', title: 'Stopped' }]}
                    value={state}
                    change={(key) => (location.hash = to(['mail'], { view: 'sent', state: key }))}
                />
                <span class="muted small">The last {words.count(props.about.remembered)} since this process started, by {props.about.transport}.</span>
            </div>
            <Problem failure={list.failure} again={list.again} />
            <Table
                label="Mail that was sent lately"
                rows={list.items}
                keyOf={(m) => `${m.at} ${m.mail}`}
                empty={state ? 'None of them.' : 'This process has sent no mail since it started.'}
                columns={[
                    { title: 'Subject', wide: true, cell: (m) => (props.about.outbox && m.state === 'sent' ? <a href={mailAt(m.mail)}>{m.subject}</a> : m.subject) },
                    { title: 'State', cell: (m) => <Badge tone={tones[m.state]}>{titles[m.state]}</Badge> },
                    { title: 'To', cell: (m) => m.to.join(', ') },
                    { title: 'Template', narrow: 'hide', cell: (m) => m.template || <span class="muted">–</span> },
                    { title: 'Attempts', numeric: true, cell: (m) => words.count(m.attempts) },
                    { title: 'Reason or id', cell: (m) => (m.reason ? <span class="bad small">{m.reason}</span> : <Id short>{m.id}</Id>) },
                    { title: 'Trace', cell: (m) => <TraceLink trace={m.trace} /> },
                    { title: 'When', cell: (m) => <Time at={m.at} relative /> },
                ]}
            />
            <More list={list} />
        </>
    );
}
