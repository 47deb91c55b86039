import { useList } from '../../lib/list';
import { span } from '../../lib/words';
import { Badge, More, Problem, Skeleton, Time } from '../../parts/basics';
import { TraceLink } from '../../parts/copy';
import { Table } from '../../parts/table';

interface Done {
    at: number;
    who: string;
    address: string;
    what: string;
    path: string;
    outcome: 'done' | 'refused' | 'failed';
    ms: number;
    trace: string;
}

const tones = { done: 'good', refused: 'warn', failed: 'bad' } as const;

export function Actions() {
    const list = useList<Done>('actions');
    return (
        <div class="stack">
            <Problem failure={list.failure} again={list.again} />
            {list.first ? (
                <>
                    <Table
                        label="What people did here, newest first"
                        rows={list.items}
                        keyOf={(a) => `${a.at} ${a.path}`}
                        columns={[
                            { title: 'What', cell: (a) => <strong>{a.what}</strong> },
                            { title: 'When', cell: (a) => <Time at={a.at} /> },
                            { title: 'Who', cell: (a) => a.who },
                            { title: 'From', cell: (a) => <span class="mono">{a.address}</span> },
                            { title: 'Of', wide: true, cell: (a) => <span class="mono">{a.path}</span> },
                            { title: 'Took', numeric: true, cell: (a) => span(a.ms) },
                            { title: 'Trace', cell: (a) => <TraceLink trace={a.trace} /> },
                            { title: 'Ended', cell: (a) => <Badge tone={tones[a.outcome]}>{a.outcome}</Badge> },
                        ]}
                        empty="Nobody has done anything here since the service started. What is done is also in the log."
                    />
                    <More list={list} />
                </>
            ) : (
                !list.failure && <Skeleton />
            )}
        </div>
    );
}
