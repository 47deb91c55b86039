// What is done to a whole queue beside pausing it.

import { useState } from 'preact/hooks';

import { perform } from '../../parts/actions';
import { Dialog } from '../../parts/dialog';
import { api, counted, jobs, performAll } from './deeds';
import { cli, states, type QueuePage, type State } from './model';

const number = (text: string): number => Math.max(0, Math.floor(Number(text) || 0));

function Limits(props: { of: QueuePage; close: () => void; then: () => void }) {
    const { name, settings } = props.of;
    const [concurrency, setConcurrency] = useState(String(settings.concurrency));
    const [max, setMax] = useState(String(settings.rate?.max ?? 0));
    const [seconds, setSeconds] = useState(String((settings.rate?.duration_ms ?? 1000) / 1000));
    const [length, setLength] = useState(String(settings.max_length));
    const field = (label: string, value: string, set: (text: string) => void) => (
        <label class="field">
            <span>{label}</span>
            <input type="number" min="0" step="any" value={value} onInput={(event) => set(event.currentTarget.value)} />
        </label>
    );
    const save = async (event: Event) => {
        event.preventDefault();
        const body = { concurrency: number(concurrency), rate_max: number(max), rate_duration_ms: Math.max(1, Math.round(Number(seconds) * 1000)), max_length: number(length) };
        if (await perform({ method: 'PATCH', path: api(name), body, done: `The limits of ${name} hold now, in all processes.` })) {
            props.close();
            props.then();
        }
    };
    return (
        <Dialog title={`Limits of ${name}`} close={props.close}>
            <form class="stack" onSubmit={(event) => void save(event)}>
                <p class="muted">They hold for all processes until they are changed. 0 is no limit.</p>
                {field('Jobs that run at once', concurrency, setConcurrency)}
                {field('Jobs that may be started …', max, setMax)}
                {field('… within so many seconds', seconds, setSeconds)}
                {field('Jobs that may wait; more are refused', length, setLength)}
                <div class="row">
                    <button class="primary" type="submit">
                        Save
                    </button>
                    <button type="button" onClick={props.close}>
                        Cancel
                    </button>
                </div>
            </form>
        </Dialog>
    );
}

const units = { minutes: 60_000, hours: 3_600_000, days: 86_400_000 };
const letters = { minutes: 'm', hours: 'h', days: 'd' };

function Clean(props: { of: QueuePage; close: () => void; then: () => void }) {
    const { name } = props.of;
    const [state, setState] = useState<State>('completed');
    const [age, setAge] = useState('1');
    const [unit, setUnit] = useState<keyof typeof units>('days');
    const title = states.find((s) => s.key === state)!.title.toLowerCase();
    const clean = async (event: Event) => {
        event.preventDefault();
        props.close();
        const done = await performAll(
            {
                method: 'POST',
                path: api(name, 'clean'),
                body: { state, older_than_ms: Math.round(Number(age) * units[unit]) },
                done: '',
                confirm: { question: `Remove ${title} jobs of ${name} that are older than ${age} ${unit}?`, yes: 'Remove' },
                cli: cli('infra', 'queue', 'clean', name, state, '--older-than', age + letters[unit]),
            },
            (n) => `${jobs(n)} removed.`,
        );
        if (done) props.then();
    };
    return (
        <Dialog title={`Clean ${name}`} close={props.close}>
            <form class="stack" onSubmit={(event) => void clean(event)}>
                <label class="field">
                    <span>Jobs that are</span>
                    <select value={state} onChange={(event) => setState(event.currentTarget.value as State)}>
                        {states
                            .filter((s) => s.key !== 'active')
                            .map((s) => (
                                <option value={s.key}>{s.title}</option>
                            ))}
                    </select>
                </label>
                <label class="field">
                    <span>Older than: since they were over, or else were added</span>
                    <input type="number" min="0" step="any" required value={age} onInput={(event) => setAge(event.currentTarget.value)} />
                </label>
                <label class="field">
                    <span>Unit</span>
                    <select value={unit} onChange={(event) => setUnit(event.currentTarget.value as keyof typeof units)}>
                        {Object.keys(units).map((u) => (
                            <option value={u}>{u}</option>
                        ))}
                    </select>
                </label>
                <div class="row">
                    <button class="primary" type="submit">
                        Clean …
                    </button>
                    <button type="button" onClick={props.close}>
                        Cancel
                    </button>
                </div>
            </form>
        </Dialog>
    );
}

export function Steering(props: { of: QueuePage; then: () => void }) {
    const { name } = props.of;
    const [open, setOpen] = useState<'limits' | 'clean'>();
    const close = () => setOpen(undefined);
    const drain = async () => {
        const { count, exact } = await counted(name, { state: 'waiting' });
        const done = await performAll(
            {
                method: 'POST',
                path: api(name, 'drain'),
                body: { name },
                done: '',
                confirm: { question: `Forget all that waits in ${name}: ${exact ? '' : 'more than '}${jobs(count)}?`, typed: name, yes: 'Drain' },
                cli: cli('infra', 'queue', 'drain', name),
            },
            (n) => `${jobs(n)} removed.`,
        );
        if (done) props.then();
    };
    return (
        <>
            <button onClick={() => setOpen('limits')}>Limits …</button>
            <button onClick={() => setOpen('clean')}>Clean …</button>
            <button class="danger" onClick={() => void drain()}>
                Drain …
            </button>
            {open === 'limits' && <Limits of={props.of} close={close} then={props.then} />}
            {open === 'clean' && <Clean of={props.of} close={close} then={props.then} />}
        </>
    );
}
