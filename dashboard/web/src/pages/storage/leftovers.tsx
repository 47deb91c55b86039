// Uploads by parts that nobody completed: they cost as much as what is stored.

import { useState } from 'preact/hooks';

import { useList } from '../../lib/list';
import * as words from '../../lib/words';
import { Action } from '../../parts/actions';
import { More, Panel, Problem, Skeleton, Time } from '../../parts/basics';
import { Id } from '../../parts/copy';
import { Table } from '../../parts/table';

interface Leftover {
    key: string;
    id: string;
    begun: number;
}

const hour = 3_600_000;
const ages = [
    { ms: hour, title: '1 hour', cli: '1h' },
    { ms: 24 * hour, title: '1 day', cli: '24h' },
    { ms: 168 * hour, title: '7 days', cli: '168h' },
];

export function Leftovers() {
    const list = useList<Leftover>('storage/leftovers');
    const [age, setAge] = useState(24 * hour);
    const old = list.items.filter((each) => Date.now() - each.begun > age).length;
    const chosen = ages.find((each) => each.ms === age) ?? ages[1]!;
    return (
        <Panel
            title="Uploads that nobody completed"
            flush
            tools={
                list.items.length > 0 && (
                    <>
                        <label class="check">
                            Older than
                            <select value={age} onChange={(event) => setAge(Number(event.currentTarget.value))}>
                                {ages.map((each) => (
                                    <option value={each.ms}>{each.title}</option>
                                ))}
                            </select>
                        </label>
                        <Action<{ uploads: number; leavings: number }>
                            danger
                            deed={{
                                method: 'POST',
                                path: 'storage/sweep',
                                body: { older_than_ms: age },
                                done: '',
                                confirm: { question: `Abort the ${words.count(old)}${list.more ? ' or more' : ''} uploads begun more than ${chosen.title} ago?`, yes: 'Abort them' },
                                cli: `infra storage sweep --older-than ${chosen.cli}`,
                            }}
                            told={({ uploads, leavings }) => `${words.count(uploads)} uploads aborted, ${words.count(leavings)} temporary files removed.`}
                            then={list.again}
                            disabled={old === 0 && !list.more}
                        >
                            Abort {words.count(old)} …
                        </Action>
                    </>
                )
            }
        >
            <Problem failure={list.failure} again={list.again} />
            {!list.first && !list.failure && <Skeleton rows={3} panel={false} />}
            {list.first && (
                <Table
                    label="Uploads"
                    rows={list.items}
                    keyOf={(each) => `${each.key} ${each.id}`}
                    empty="None: every upload by parts was completed or aborted."
                    columns={[
                        { title: 'Key in the bucket', wide: true, cell: (each) => each.key },
                        { title: 'Upload', narrow: 'hide', cell: (each) => <Id short>{each.id}</Id> },
                        { title: 'Begun', cell: (each) => <Time at={each.begun} relative /> },
                    ]}
                />
            )}
            <More list={list} of="uploads" />
        </Panel>
    );
}
