// A new job, or one like another with other data.

import { useState } from 'preact/hooks';

import { act, Failure } from '../../lib/api';
import { go } from '../../lib/route';
import { say } from '../../parts/actions';
import { Dialog } from '../../parts/dialog';
import { api } from './deeds';
import { cli, jobAt, type JobKey } from './model';

export interface Like {
    id: string; // whose secrets stand where the data are masked
    name: string;
    data: string;
    attempts: number;
    priority: number;
    group: string;
}

function json(text: string): { value?: unknown; problem?: string } {
    try {
        return { value: JSON.parse(text) };
    } catch (error) {
        return { problem: (error as Error).message };
    }
}

function pretty(text: string): string {
    const { value, problem } = json(text);
    return problem === undefined ? JSON.stringify(value, null, 2) : text;
}

export function NewJob(props: { queue: string; like?: Like; close: () => void }) {
    const { queue, like } = props;
    const [name, setName] = useState(like?.name ?? queue);
    const [data, setData] = useState(pretty(like?.data ?? '{}'));
    const [delay, setDelay] = useState('0');
    const [problem, setProblem] = useState('');
    const [busy, setBusy] = useState(false);
    const read = json(data);
    const add = async (event: Event) => {
        event.preventDefault();
        setBusy(true);
        try {
            const body = {
                name,
                data: read.value,
                delay_ms: Math.round(Number(delay) * 1000),
                ...(like ? { like: like.id, attempts: like.attempts, priority: like.priority, group: like.group } : {}),
            };
            const key = await act<JobKey>('POST', api(queue, 'jobs'), body);
            say('good', `Job ${key.id} is added.`, cli('infra', 'queue', 'add', queue, JSON.stringify(read.value), '--name', name));
            props.close();
            go(jobAt(key));
        } catch (error) {
            setBusy(false);
            setProblem(error instanceof Failure ? error.message : String(error));
        }
    };
    return (
        <Dialog title={like ? 'A new job like this one' : `Add a job to ${queue}`} close={props.close}>
            <form class="stack" onSubmit={(event) => void add(event)}>
                {problem && (
                    <p class="problem" role="alert">
                        {problem}
                    </p>
                )}
                <label class="field">
                    <span>Name</span>
                    <input value={name} required maxLength={100} onInput={(event) => setName(event.currentTarget.value)} />
                </label>
                <label class="field">
                    <span>Payload, as JSON</span>
                    <textarea rows={10} value={data} spellcheck={false} aria-invalid={read.problem !== undefined} onInput={(event) => setData(event.currentTarget.value)} />
                </label>
                {read.problem !== undefined && <p class="bad small">{read.problem}</p>}
                <label class="field">
                    <span>Not before so many seconds</span>
                    <input type="number" min="0" step="any" value={delay} onInput={(event) => setDelay(event.currentTarget.value)} />
                </label>
                <div class="row">
                    <button class="primary" type="submit" disabled={busy || read.problem !== undefined || !name}>
                        Add
                    </button>
                    <button type="button" onClick={props.close}>
                        Cancel
                    </button>
                </div>
            </form>
        </Dialog>
    );
}
