// A page of parts alone, for parts.test.mjs.

import { render } from 'preact';
import { useState } from 'preact/hooks';

import { session } from '../../../web/src/lib/session';
import { Action, Confirm } from '../../../web/src/parts/actions';
import { Drawer } from '../../../web/src/parts/dialog';
import { Filter } from '../../../web/src/parts/filter';
import { Json } from '../../../web/src/parts/json';
import { Table } from '../../../web/src/parts/table';
import { Toasts } from '../../../web/src/parts/toasts';
import { VirtualList } from '../../../web/src/parts/virtual';
import '../../../web/src/style.css';

const jobs = Array.from({ length: 6 }, (_, i) => ({ id: `job-${i}`, reason: `reason ${i}` }));

function Page() {
    const [selected, select] = useState<ReadonlySet<string>>(new Set());
    const [lines, setLines] = useState(10_000);
    const [follow, setFollow] = useState(false);
    const [open, setOpen] = useState<number>();
    const [typed, setTyped] = useState('');
    Object.assign(globalThis, { grow: (by: number) => setLines((n) => n + by), follow: setFollow });
    return (
        <main>
            <h1>Parts</h1>
            <Filter label="Search" value={typed} change={setTyped} terms={[{ name: 'error', says: 'in the reason' }]} />
            <output id="typed">{typed}</output>
            <Table
                label="Jobs"
                rows={jobs}
                keyOf={(j) => j.id}
                open={(j) => `#/jobs/${j.id}`}
                selected={selected}
                select={select}
                columns={[
                    { title: 'Job', cell: (j) => j.id },
                    { title: 'Reason', wide: true, cell: (j) => j.reason },
                ]}
            />
            <output id="selected">{[...selected].sort().join(' ')}</output>
            <Action deed={{ method: 'DELETE', path: 'queue', done: 'Drained.', confirm: { question: 'Drain mail?', typed: 'mail' }, cli: 'infra queue drain mail' }} danger>
                Drain
            </Action>
            <output id="follow">{String(follow)}</output>
            <VirtualList label="Lines" rows={lines} height={24} follow={follow} left={() => setFollow(false)} open={setOpen} render={(n) => `line ${n}`} />
            <Json label="Payload" value={'x'.repeat(20_000)} />
            {open !== undefined && (
                <Drawer title={`Line ${open}`} close={() => setOpen(undefined)}>
                    <p>More of it.</p>
                </Drawer>
            )}
            <Confirm />
            <Toasts />
        </main>
    );
}

session.value = { service: 'parts', version: '1', environment: 'development', role: 'operate', pages: [], now: 0 };
render(<Page />, document.body);
