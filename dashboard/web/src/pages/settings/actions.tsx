import { useList } from '../../lib/list';
import { Badge, More, Problem, Skeleton, Time } from '../../parts/basics';
import { Table } from '../../parts/table';

interface Done {
    at: number;
    who: string;
    address: string;
    what: string;
    path: string;
    outcome: string;
}

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
                            { title: 'Ended', cell: (a) => <Badge tone={a.outcome === 'done' || a.outcome === 'ok' ? 'good' : 'bad'}>{a.outcome}</Badge> },
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
