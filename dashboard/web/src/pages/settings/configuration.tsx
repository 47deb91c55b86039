import { filtered } from '../../lib/filter';
import { useLoad } from '../../lib/load';
import { place, refine } from '../../lib/route';
import { Badge, Notice, Problem, Skeleton } from '../../parts/basics';
import { Filter } from '../../parts/filter';
import { Table } from '../../parts/table';

export interface Setting {
    name: string;
    module: string;
    value: string; // secrets are masked before they leave the service
    source: string; // "default", "environment", "file", ".env"
    meaning: string;
    secret: boolean;
    problem: string | null;
    standard: string; // what it is when nobody says
}

const terms = [
    { name: 'module', says: 'queue, email, http …' },
    { name: 'source', says: 'default, environment, file or .env' },
];

function fits(s: Setting, typed: string): boolean {
    const { text, terms: of } = filtered(typed, ['module', 'source']);
    const has = (where: string, what: string | undefined) => !what || where.toLowerCase().includes(what.toLowerCase());
    return has(s.module, of['module']) && has(s.source, of['source']) && has(`${s.name} ${s.value} ${s.meaning}`, text);
}

export function Configuration() {
    const loaded = useLoad<{ items: readonly Setting[]; warnings: readonly string[] }>('settings');
    const typed = place.value.query.get('q') ?? '';
    const all = loaded.value?.items;
    const rows = all?.filter((s) => fits(s, typed)) ?? [];
    return (
        <div class="stack">
            <div class="row">
                <Filter label="Search settings" value={typed} change={(q) => refine({ q })} terms={terms} />
                <span class="muted small" role="status">
                    {all && `${rows.length} of ${all.length}`}
                </span>
            </div>
            <Problem failure={loaded.failure} again={loaded.again} />
            {loaded.value?.warnings.map((warning) => (
                <Notice key={warning} tone="warn">
                    {warning}
                </Notice>
            ))}
            {all ? (
                <Table
                    label="Settings"
                    rows={rows}
                    keyOf={(s) => s.name}
                    columns={[
                        { title: 'Name', cell: (s) => <code>{s.name}</code> },
                        {
                            title: 'Value',
                            cell: (s) => (
                                <>
                                    <code>{s.value || '–'}</code>
                                    {s.source !== 'default' && s.standard && <p class="muted small">otherwise {s.standard}</p>}
                                    {s.problem && <p class="bad small">✕ {s.problem}</p>}
                                </>
                            ),
                        },
                        { title: 'From', cell: (s) => (s.source === 'default' ? <span class="muted">default</span> : <Badge tone="idle">{s.source}</Badge>) },
                        { title: 'Module', cell: (s) => s.module },
                        { title: 'Means', wide: true, cell: (s) => <span class="muted">{s.meaning.split('`').map((text, i) => (i % 2 ? <code>{text}</code> : text))}</span> },
                    ]}
                    empty="No setting is called that."
                />
            ) : (
                !loaded.failure && <Skeleton rows={12} />
            )}
        </div>
    );
}
