// What went wrong of late, equal errors once.

import { rangeMs, rangeWords } from '../../lib/range';
import { useLoad } from '../../lib/load';
import * as words from '../../lib/words';
import { Panel, Time } from '../../parts/basics';
import { TraceLink } from '../../parts/copy';
import { Sparkline } from '../../parts/spark';
import { Table } from '../../parts/table';
import { linesWith, type Level } from './model';

interface Group {
    module: string;
    text: string;
    words: string;
    count: number;
    first: number;
    last: number;
    trace?: string;
}

interface Errors {
    items: readonly Group[];
    minutes: Record<Level, readonly number[]>;
}

export function ErrorGroups() {
    const minutes = Math.min(60, rangeMs.value / 60_000);
    const loaded = useLoad<Errors>('logs/errors', { minutes });
    const all = loaded.value;
    if (!all || all.items.length === 0) return null;
    return (
        <Panel flush title={`Errors of the ${minutes < 60 ? rangeWords.value : 'last hour'}, by kind`} tools={<span class="minutes"><Sparkline label="Errors a minute" values={all.minutes.error} /></span>}>
            <Table
                label="Errors by kind"
                rows={all.items.slice(0, 5)}
                keyOf={(g) => `${g.module} ${g.text}`}
                columns={[
                    { title: 'Error', wide: true, cell: (g) => <a href={linesWith({ ...(g.module ? { module: g.module } : {}), text: g.words }, 'error')}>{g.text}</a> },
                    { title: 'Module', cell: (g) => g.module || '–' },
                    { title: 'How often', numeric: true, cell: (g) => words.count(g.count) },
                    { title: 'Last', cell: (g) => <Time at={g.last} relative /> },
                    { title: 'A trace', cell: (g) => <TraceLink trace={g.trace} /> },
                ]}
            />
        </Panel>
    );
}
