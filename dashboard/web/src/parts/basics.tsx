// What every page is put together from. Their looks are in style/; nothing here knows of a module.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import type { Failure } from '../lib/api';
import { place, titled } from '../lib/route';
import { session } from '../lib/session';
import * as words from '../lib/words';

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'idle';
const icons: Record<Tone, string> = { good: '✓', warn: '!', bad: '✕', busy: '▶', idle: '·' };

let before = '';

// The page's h1: gives the window its title, and takes the focus when somebody comes from another page. `up` are the pages above it.
export function Heading(props: { title: string; up?: readonly { title: string; href: string }[]; children?: ComponentChildren }) {
    const heading = useRef<HTMLHeadingElement>(null);
    const here = place.value.path.join('/');
    useEffect(() => {
        document.title = [props.title, session.value?.service].filter(Boolean).join(' · ');
        titled(props.title);
    }, [props.title, here]);
    useEffect(() => {
        if (before && before !== here + '/' && !document.querySelector('dialog[open]')) heading.current?.focus();
        before = here + '/';
    }, [here]);
    return (
        <header class="heading">
            <div class="crumbs">
                {props.up?.map((p) => <a href={p.href}>{p.title}</a>)}
                <h1 ref={heading} tabIndex={-1}>
                    {props.title}
                </h1>
            </div>
            {props.children && <div class="row">{props.children}</div>}
        </header>
    );
}

// A part of a page with a heading of its own.
export function Panel(props: { title: string; tools?: ComponentChildren; flush?: boolean; children: ComponentChildren }) {
    return (
        <section class="panel">
            <header>
                <h2>{props.title}</h2>
                {props.tools && <div class="row">{props.tools}</div>}
            </header>
            {props.flush ? props.children : <div class="body">{props.children}</div>}
        </section>
    );
}

// A state is never told by colour alone: icon and word.
export function Badge(props: { tone: Tone; children: ComponentChildren }) {
    return (
        <span class={`badge ${props.tone}`}>
            <span aria-hidden="true">{icons[props.tone]}</span>
            <span>{props.children}</span>
        </span>
    );
}

export function Time(props: { at: number | undefined | null; relative?: boolean }) {
    if (props.at == null) return <span>–</span>;
    return (
        <time dateTime={new Date(props.at).toISOString()} title={words.date(props.at)}>
            {props.relative ? words.ago(props.at) : words.date(props.at)}
        </time>
    );
}

export function Problem(props: { failure: Failure | undefined; again?: () => void }) {
    if (!props.failure) return null;
    return (
        <p class="problem" role="alert">
            <span class="grow">{props.failure.message}</span> {props.again && <button onClick={props.again}>Try again</button>}
        </p>
    );
}

// Says what an empty list means, not only that it is one.
export function Empty(props: { children: ComponentChildren }) {
    return <p class="empty">{props.children}</p>;
}

// What people must know before they read on.
export function Notice(props: { tone?: Tone; children: ComponentChildren }) {
    return <p class={`notice ${props.tone ?? 'idle'}`}>{props.children}</p>;
}

// Names and values: of a job, a mail, an object.
export function Facts(props: { of: readonly (readonly [string, ComponentChildren] | false | undefined)[] }) {
    return (
        <dl class="facts">
            {props.of.map(
                (fact) =>
                    fact && (
                        <div>
                            <dt>{fact[0]}</dt>
                            <dd>{fact[1] ?? '–'}</dd>
                        </div>
                    ),
            )}
        </dl>
    );
}

// Keeps the place of what is asked for, so that nothing jumps when it comes.
export function Skeleton(props: { rows?: number; panel?: boolean }) {
    return (
        <div class={`skeleton ${props.panel === false ? '' : 'panel'}`} role="status" aria-label="Loading">
            {Array.from({ length: props.rows ?? 6 }, (_, i) => (
                <i key={i} />
            ))}
        </div>
    );
}

// The rest of a list.
export function More(props: { list: { items: readonly unknown[]; more: (() => void) | undefined; loading: boolean }; of?: string }) {
    if (!props.list.more) return null;
    return (
        <div class="more">
            <span class="muted small">
                {words.count(props.list.items.length)} {props.of ?? 'shown'}
            </span>
            <button onClick={props.list.more} disabled={props.list.loading}>
                {props.list.loading ? 'Loading …' : 'Load more'}
            </button>
        </div>
    );
}
