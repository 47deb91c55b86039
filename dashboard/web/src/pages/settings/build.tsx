import { useState } from 'preact/hooks';

import { act, Failure } from '../../lib/api';
import { useLoad } from '../../lib/load';
import { theme, type Theme } from '../../lib/theme';
import { bytes, count, span } from '../../lib/words';
import { mayOperate, say } from '../../parts/actions';
import { Facts, Panel, Problem, Skeleton } from '../../parts/basics';
import { Segmented } from '../../parts/choose';
import { Id } from '../../parts/copy';
import { Meter } from '../../parts/spark';
import { Table } from '../../parts/table';

interface Kept {
    name: string;
    oldest: number | null; // ms since 1970
    entries: number;
    bytes: number;
    most: number; // bytes; 0: bounded by entries
}

const labels: Readonly<Record<string, string>> = { logs: 'Lines of the log', traces: 'Traces', metrics: 'Points of metrics', actions: 'Record of actions', news: 'Live feed' };

const themes: readonly { key: Theme; title: string }[] = [
    { key: 'system', title: 'As the system' },
    { key: 'light', title: 'Light' },
    { key: 'dark', title: 'Dark' },
];

function KeptTable(props: { of: readonly Kept[] }) {
    return (
        <Table
            label="What is kept to be looked at"
            rows={props.of}
            keyOf={(k) => k.name}
            columns={[
                { title: 'What', cell: (k) => labels[k.name] ?? k.name },
                { title: 'Goes back', cell: (k) => (k.oldest === null ? <span class="muted">empty</span> : span(Date.now() - k.oldest)) },
                { title: 'Entries', numeric: true, cell: (k) => count(k.entries) },
                { title: 'Holds', numeric: true, cell: (k) => bytes(k.bytes) },
                { title: 'At most', numeric: true, cell: (k) => (k.most ? bytes(k.most) : '–') },
                { title: 'Full', wide: true, cell: (k) => k.most > 0 && <Meter label={`${labels[k.name] ?? k.name}, full`} share={k.bytes / k.most} /> },
            ]}
            empty="Nothing is kept."
        />
    );
}

interface Link {
    path: string;
    seconds: number;
}

// For a colleague, or another browser: where users of the service's own decide who may look, there is none.
function LogIn() {
    const [link, setLink] = useState<Link>();
    if (!mayOperate()) return null;
    const make = () =>
        void act<Link>('POST', 'login-link').then(setLink, (error: unknown) => say('bad', error instanceof Failure && error.status === 404 ? 'This service has log-ins of its own.' : String(error)));
    return (
        <Panel title="Let somebody in">
            <div class="stack">
                <p class="muted">A link is good once, and for whoever comes from the machine of the service.</p>
                <div class="row">
                    <button onClick={make}>Make a link</button>
                </div>
                {link && (
                    <div class="field" role="status">
                        <span>Good for {span(link.seconds * 1000)}</span>
                        <Id>{new URL(link.path, location.origin).href}</Id>
                    </div>
                )}
            </div>
        </Panel>
    );
}

export function Build() {
    const loaded = useLoad<{ build: Readonly<Record<string, string>>; kept: readonly Kept[] }>('settings');
    if (!loaded.value) return loaded.failure ? <Problem failure={loaded.failure} again={loaded.again} /> : <Skeleton />;
    return (
        <div class="stack">
            <Panel title="Made of">
                <Facts of={Object.entries(loaded.value.build)} />
            </Panel>
            <Panel title="What this process remembers" flush>
                <KeptTable of={loaded.value.kept} />
            </Panel>
            <LogIn />
            <Panel title="Looks">
                <Segmented label="Theme" options={themes} value={theme.value} change={(t) => (theme.value = t)} />
            </Panel>
        </div>
    );
}
