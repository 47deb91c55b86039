// One of a few: as tabs that are links, or as a row of choices.

import { useEffect, useId, useRef } from 'preact/hooks';

import { count } from '../lib/words';

export function Tabs<T extends string>(props: { label: string; tabs: readonly { key: T; title: string; count?: number | undefined }[]; at: T; to: (key: T) => string }) {
    const row = useRef<HTMLElement>(null);
    useEffect(() => row.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }), [props.at]);
    return (
        <nav class="tabs" aria-label={props.label} ref={row}>
            {props.tabs.map((tab) => (
                <a href={props.to(tab.key)} aria-current={tab.key === props.at ? 'page' : undefined}>
                    {tab.title}
                    {tab.count !== undefined && <span class="count">{count(tab.count)}</span>}
                </a>
            ))}
        </nav>
    );
}

export function Segmented<T extends string>(props: { label: string; options: readonly (T | { key: T; title: string })[]; value: T; change: (value: T) => void; class?: string }) {
    const name = useId();
    return (
        <fieldset class={`segmented ${props.class ?? ''}`}>
            <legend class="unseen">{props.label}</legend>
            {props.options.map((o) => {
                const option = typeof o === 'string' ? { key: o, title: o } : o;
                return (
                    <label>
                        <input type="radio" name={name} checked={option.key === props.value} onChange={() => props.change(option.key)} />
                        {option.title}
                    </label>
                );
            })}
        </fieldset>
    );
}
