import { useLoad } from '../../lib/load';
import { theme, type Theme } from '../../lib/theme';
import { bytes, span } from '../../lib/words';
import { Facts, Panel, Problem, Skeleton } from '../../parts/basics';
import { Segmented } from '../../parts/choose';
import { Meter } from '../../parts/spark';
import { Table } from '../../parts/table';

interface Kept {
    name: string;
    label: string;
    oldest: number | null; // ms since 1970
    bytes: number;
    most: number;
}

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
                { title: 'What', cell: (k) => k.label },
                { title: 'Goes back', cell: (k) => (k.oldest === null ? <span class="muted">empty</span> : span(Date.now() - k.oldest)) },
                { title: 'Holds', numeric: true, cell: (k) => bytes(k.bytes) },
                { title: 'At most', numeric: true, cell: (k) => bytes(k.most) },
                { title: 'Full', wide: true, cell: (k) => <Meter label={`${k.label}, full`} share={k.bytes / Math.max(1, k.most)} /> },
            ]}
            empty="Nothing is kept."
        />
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
            <Panel title="Looks">
                <Segmented label="Theme" options={themes} value={theme.value} change={(t) => (theme.value = t)} />
            </Panel>
        </div>
    );
}
