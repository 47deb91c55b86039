// One box for looking for things: words, and terms like `name:send-invoice`. `/` leads into it.

import { useEffect, useId, useRef, useState } from 'preact/hooks';

import { begun } from '../lib/filter';
import { Icon } from './icons';

export interface FilterProps {
    label: string; // "Search jobs"
    value: string;
    change: (typed: string) => void; // a moment after the last key, at once on Enter
    terms?: readonly { name: string; says: string }[]; // { name: 'error', says: 'in the reason of the failure' }
    placeholder?: string;
}

export function Filter(props: FilterProps) {
    const [typed, setTyped] = useState(props.value);
    const box = useRef<HTMLInputElement>(null);
    const due = useRef<number | undefined>(undefined);
    const told = useRef(props.value);
    const id = useId();
    useEffect(() => {
        if (props.value === told.current) return; // ours, come back
        window.clearTimeout(due.current);
        told.current = props.value;
        setTyped(props.value);
    }, [props.value]);
    useEffect(() => () => window.clearTimeout(due.current), []);

    const tell = (value: string) => {
        window.clearTimeout(due.current);
        told.current = value;
        props.change(value);
    };
    const type = (value: string) => {
        setTyped(value);
        window.clearTimeout(due.current);
        due.current = window.setTimeout(() => tell(value), 250);
    };
    return (
        <form
            class="filter"
            role="search"
            onSubmit={(event) => {
                event.preventDefault();
                tell(typed);
            }}
        >
            <Icon name="search" />
            <input
                ref={box}
                type="search"
                data-filter
                aria-label={props.label}
                aria-describedby={props.terms && id}
                placeholder={props.placeholder ?? props.label}
                value={typed}
                onInput={(event) => type(event.currentTarget.value)}
                autocomplete="off"
                spellcheck={false}
            />
            <kbd aria-hidden="true">/</kbd>
            {props.terms && (
                <div class="hints" id={id}>
                    {props.terms.map((t) => (
                        <button
                            type="button"
                            title={`${t.name}: ${t.says}`}
                            onClick={() => {
                                setTyped(begun(typed, t.name));
                                box.current?.focus();
                            }}
                        >
                            {t.name}:
                        </button>
                    ))}
                </div>
            )}
        </form>
    );
}
