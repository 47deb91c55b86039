// The log: its tail, and what somebody looks for in it.

import { useEffect, useMemo, useState } from 'preact/hooks';

import { href, type Query } from '../lib/api';
import { rangeMs, rangeWords } from '../lib/range';
import { turns } from '../lib/refresh';
import { place, refine } from '../lib/route';
import * as words from '../lib/words';
import { Segmented } from '../parts/choose';
import { Empty, Heading, Notice, Problem, Skeleton } from '../parts/basics';
import { Filter } from '../parts/filter';
import { VirtualList } from '../parts/virtual';
import { ErrorGroups } from './logs/errors';
import { LevelsDialog } from './logs/levels';
import { LineDrawer, thousandths } from './logs/line';
import { useLines, type Lines } from './logs/lines';
import { asked, fieldsOf, levels, tones, type Level, type Line } from './logs/model';

const icons = { debug: '·', info: '·', warn: '!', error: '✕' } as const;
const terms = [
    { name: 'module', says: 'who wrote it; db means db.pool too' },
    { name: 'trace', says: '32 hex digits' },
];

function Row(props: { line: Line }) {
    const { line } = props;
    return (
        <span class={`logline ${tones[line.level]}`}>
            <span class="muted">
                {words.clock(line.at)}
                <span class="ms">{thousandths(line.at)}</span>
            </span>
            <span class="level">
                <span aria-hidden="true">{icons[line.level]}</span> {line.level}
            </span>
            <span class="muted">{line.module}</span>
            <span>
                {line.message}
                <span class="muted">{fieldsOf(line)}</span>
            </span>
        </span>
    );
}

// Told to who cannot see the list grow, but not with every line.
function useCalm(text: string): string {
    const [said, setSaid] = useState(text);
    useEffect(() => {
        const due = window.setTimeout(() => setSaid(text), 5000);
        return () => window.clearTimeout(due);
    }, [text.length]);
    return said;
}

function reachOf(found: Lines): string {
    const { covers, lines } = found;
    if (!covers?.since) return 'Nothing has been logged since the dashboard looks.';
    return `${words.count(lines.length)} lines shown. The log is kept for ${words.span(Date.now() - covers.since)}: ${words.count(covers.lines)} lines.`;
}

function List(props: { found: Lines; open: (line: Line) => void }) {
    const { lines, older, loading } = props.found;
    const [follow, setFollow] = useState(true);
    const [at, setAt] = useState<number>(); // an id: lines come before it
    const status = reachOf(props.found);
    const calm = useCalm(status);
    const chosen = useMemo(() => lines.findIndex((l) => l.id === at), [lines, at]);
    return (
        <div class="stack">
            <div class="apart">
                <span class="muted small" aria-hidden="true">
                    {status}
                </span>
                <span class="unseen" role="status">
                    {calm}
                </span>
                <div class="row">
                    {older ? (
                        <button onClick={older} disabled={loading}>
                            {loading ? 'Looking …' : 'Look further back'}
                        </button>
                    ) : (
                        <span class="muted small">That is all of the {rangeWords.value}.</span>
                    )}
                    <button aria-pressed={follow} onClick={() => setFollow(!follow)}>
                        Follow
                    </button>
                </div>
            </div>
            {props.found.skipped > 0 && <Notice tone="warn">{words.count(props.found.skipped)} lines came too fast to be shown: filter, or look again.</Notice>}
            {lines.length === 0 && loading ? (
                <Skeleton rows={16} />
            ) : lines.length === 0 ? (
                <Empty>{older ? 'None among the newest lines: look further back.' : `Nothing in the ${rangeWords.value} that matches. A longer range is chosen at the top; levels below which nothing is logged are under “Levels”.`}</Empty>
            ) : (
                <VirtualList
                    label="Lines of the log"
                    class="log"
                    rows={lines.length}
                    height={24}
                    follow={follow}
                    left={() => setFollow(false)}
                    at={chosen}
                    choose={(row) => {
                        setFollow(false);
                        setAt(lines[row]?.id);
                    }}
                    open={(row) => lines[row] && props.open(lines[row])}
                    render={(row) => lines[row] && <Row line={lines[row]} />}
                />
            )}
        </div>
    );
}

export default function LogsPage() {
    const query = place.value.query;
    const level = (query.get('level') ?? 'debug') as Level;
    const trace = query.get('trace');
    const q = query.get('q') ?? (trace ? `trace:${trace}` : '');
    const since = useMemo(() => Date.now() - rangeMs.value, [rangeMs.value, q, level, turns.value]);
    const wanted: Query = { ...asked(q), level: level === 'debug' ? undefined : level, since };
    const found = useLines(wanted);
    const [open, setOpen] = useState<Line>();
    const [dialog, setDialog] = useState(false);
    return (
        <>
            <Heading title="Logs">
                <button onClick={() => setDialog(true)}>Levels</button>
                <a class="button" href={href('logs/export', wanted)} download="log.ndjson">
                    Export
                </a>
            </Heading>
            <div class="stack">
                <div class="row">
                    <Filter label="Search the log" value={q} terms={terms} placeholder="Words, module:db, order:17 …" change={(typed) => refine({ q: typed, trace: undefined })} />
                    <Segmented label="Lowest level" options={levels} value={levels.includes(level) ? level : 'debug'} change={(to) => refine({ level: to === 'debug' ? undefined : to })} />
                </div>
                {q === '' && <ErrorGroups />}
                <Problem failure={found.failure} again={found.again} />
                {found.covers ? <List key={`${level} ${q}`} found={found} open={setOpen} /> : !found.failure && <Skeleton rows={16} />}
            </div>
            {open && <LineDrawer line={open} close={() => setOpen(undefined)} />}
            {dialog && <LevelsDialog close={() => setDialog(false)} />}
        </>
    );
}
