// What is around every page: the rail, the bar at the top, the bar of phones, and what lies over them.

import { computed, signal } from '@preact/signals';
import { lazy, Suspense } from 'preact/compat';
import { useLayoutEffect } from 'preact/hooks';

import { trouble } from '../lib/api';
import { listen } from '../lib/keys';
import { link, paused, silenced, type Link } from '../lib/live';
import { answered, awaited } from '../lib/load';
import { range, ranges } from '../lib/range';
import { refresh } from '../lib/refresh';
import { go, place } from '../lib/route';
import { session } from '../lib/session';
import { clock } from '../lib/words';
import { dark, turn } from '../lib/theme';
import { Confirm } from './actions';
import { Empty, Heading, Skeleton } from './basics';
import { Boundary } from './boundary';
import { Segmented } from './choose';
import { Diagnosis } from './diagnosis';
import { Dialog } from './dialog';
import { Help } from './help';
import { Icon, type IconName } from './icons';
import { Palette, type Command } from './palette';
import { pages, type Page } from './pages';
import { Toasts } from './toasts';

const parts = new Map(pages.map((p) => [p.name, lazy(p.load)]));
const over = signal<'palette' | 'help' | 'more' | undefined>(undefined);
const close = () => (over.value = undefined);
const busy = computed(() => (awaited.value > 0 ? 'true' : undefined));

const here = () => place.value.path[0] ?? 'overview';
const shown = () => pages.filter((p) => session.value?.pages.includes(p.name));

function filter(): void {
    document.querySelector<HTMLInputElement>('main [data-filter]')?.focus();
}

// From anywhere into the first list of the page.
function enter(): void {
    const list = document.querySelector<HTMLElement>('main .table tbody tr, main .virtual');
    list?.focus();
}

const commands: readonly Command[] = [
    { title: 'Look again', key: 'r', icon: 'refresh', run: refresh },
    { title: 'Pause or go on', key: 'p', icon: 'pause', run: () => (paused.value = !paused.value) },
    { title: 'Light or dark', key: 't', icon: 'dark', run: turn },
    { title: 'Keys', key: '?', icon: 'help', run: () => (over.value = 'help') },
];

function useKeys(): void {
    useLayoutEffect(
        () =>
            listen({
                go: (key) => {
                    const page = shown().find((p) => p.key === key);
                    if (page) go(`#/${page.name}`);
                    return page !== undefined;
                },
                press: {
                    ...Object.fromEntries(commands.map((c) => [c.key, c.run])),
                    palette: () => (over.value = over.value === 'palette' ? undefined : 'palette'),
                    '/': filter,
                    j: enter,
                    k: enter,
                },
            }),
        [],
    );
}

function PageLink(props: { of: Page; close?: () => void }) {
    const { of } = props;
    return (
        <a href={`#/${of.name}`} aria-current={of.name === here() ? 'page' : undefined} onClick={() => props.close?.()}>
            <Icon name={of.name as IconName} />
            {of.title}
        </a>
    );
}

function Rail() {
    const groups = [...new Set(shown().map((p) => p.group))];
    return (
        <nav class="rail" aria-label="Pages">
            <a class="brand" href="#/overview">
                <Icon name="health" />
                <span class="clip">{session.value?.service}</span>
            </a>
            {groups.map((group) => (
                <div class={group ? undefined : 'last'}>
                    {group && <h2 id={`group-${group}`}>{group}</h2>}
                    <ul aria-labelledby={group ? `group-${group}` : undefined}>
                        {shown()
                            .filter((p) => p.group === group)
                            .map((p) => (
                                <li key={p.name}>
                                    <PageLink of={p} />
                                </li>
                            ))}
                    </ul>
                    {!group && <p class="made muted small">{session.value?.version}</p>}
                </div>
            ))}
        </nav>
    );
}

const states: Record<Exclude<Link, 'idle'>, string> = { open: 'Live', connecting: 'Connecting', paused: 'Paused', lost: 'Lost' };

// How new it is what is shown.
function State() {
    if (silenced.value.size > 0 && link.value === 'open') return <span class="link lost">Still</span>;
    if (link.value !== 'idle') return <span class={`link ${link.value}`}>{states[link.value]}</span>;
    return (
        <span class="link idle" title="No news are sent of what is here: r looks again">
            As of {clock(answered.value)}
        </span>
    );
}

function HowFarBack() {
    if (!pages.find((p) => p.name === here())?.ranged) return null;
    return (
        <>
            <Segmented class="wide" label="How far back" options={ranges} value={range.value} change={(r) => (range.value = r)} />
            <select class="narrow" aria-label="How far back" value={range.value} onChange={(event) => (range.value = event.currentTarget.value as typeof range.value)}>
                {ranges.map((r) => (
                    <option value={r}>{r}</option>
                ))}
            </select>
        </>
    );
}

function Top() {
    const environment = session.value?.environment ?? '';
    return (
        <header class="top">
            <strong class="clip phone">{session.value?.service}</strong>
            <span class={`environment ${environment}`}>{environment}</span>
            <span class="grow" />
            <HowFarBack />
            <span class="connection">
                <State />
                <span class="unseen" role="status">
                    {link.value === 'lost' && 'The connection is lost.'}
                </span>
                <button
                    class="quiet square"
                    aria-label={paused.value ? 'Go on' : 'Pause'}
                    title={paused.value ? 'Go on (p)' : 'Nothing changes by itself while it is paused (p)'}
                    onClick={() => (paused.value = !paused.value)}
                >
                    <Icon name={paused.value ? 'play' : 'pause'} />
                </button>
            </span>
            <button class="go-to" onClick={() => (over.value = 'palette')} aria-keyshortcuts="Control+K">
                <Icon name="search" />
                <span class="wide">Go to …</span>
                <span class="narrow unseen">Go to</span>
                <kbd class="wide" aria-hidden="true">
                    Ctrl K
                </kbd>
            </button>
            <button class="quiet square desk" aria-label={dark() ? 'Light' : 'Dark'} title="Light, dark (t)" onClick={turn}>
                <Icon name={dark() ? 'light' : 'dark'} />
            </button>
            <button class="quiet square desk" aria-label="Keys" title="Keys (?)" onClick={() => (over.value = 'help')}>
                <Icon name="help" />
            </button>
        </header>
    );
}

const first = ['overview', 'logs', 'traces', 'queues', 'mail', 'realtime', 'cache', 'health', 'metrics', 'storage'];

// Of phones: five pages, and the rest behind "More".
function Bar() {
    const five = first.flatMap((name) => shown().filter((p) => p.name === name)).slice(0, 5);
    return (
        <nav class="bar" aria-label="Pages at hand">
            {five.map((p) => (
                <PageLink key={p.name} of={p} />
            ))}
            <button onClick={() => (over.value = 'more')}>
                <Icon name="more" />
                More
            </button>
        </nav>
    );
}

function MorePages() {
    return (
        <Dialog title="Pages" close={close}>
            <nav class="sheet" aria-label="All pages">
                {shown().map((p) => (
                    <PageLink key={p.name} of={p} close={close} />
                ))}
            </nav>
            <hr />
            <div class="row">
                <button onClick={turn}>
                    <Icon name={dark() ? 'light' : 'dark'} />
                    {dark() ? 'Light' : 'Dark'}
                </button>
            </div>
        </Dialog>
    );
}

function Over() {
    switch (over.value) {
        case 'palette':
            return <Palette commands={commands} close={close} />;
        case 'help':
            return <Help close={close} />;
        case 'more':
            return <MorePages />;
        default:
            return null;
    }
}

function Missing() {
    return (
        <>
            <Heading title="No such page" />
            <Empty>
                This service has nothing at this address. <a href="#/overview">To the overview</a>
            </Empty>
        </>
    );
}

// Why what is shown does not change although it should.
function Silence() {
    const since = new Map<string, number>();
    for (const each of silenced.value.values()) since.set(each.why, Math.min(each.since, since.get(each.why) ?? Infinity));
    return (
        <div role="status">
            {[...since].map(([why, at]) => (
                <p class="notice warn" key={why}>
                    This page stands still since {clock(at)}, and goes on by itself: {why}
                </p>
            ))}
        </div>
    );
}

export function Shell() {
    useKeys();
    const Part = session.value?.pages.includes(here()) ? parts.get(here()) : undefined;
    return (
        <>
            <Diagnosis />
            <div class="shell" hidden={trouble.value !== undefined}>
                <a
                    class="skip"
                    href="#main"
                    onClick={(event) => {
                        event.preventDefault(); // the address is the router's
                        document.querySelector<HTMLElement>('h1')?.focus();
                    }}
                >
                    Skip to the page
                </a>
                <Rail />
                <Top />
                <main class="main" id="main" data-page={here()} data-place={place.value.hash} aria-busy={busy}>
                    <Silence />
                    <Boundary key={here()}>
                        <Suspense fallback={<Skeleton />}>{session.value && (Part ? <Part /> : <Missing />)}</Suspense>
                    </Boundary>
                </main>
                <Bar />
            </div>
            <Over />
            <Confirm />
            <Toasts />
        </>
    );
}
