// Says something in a channel, to see who hears it.

import { useState } from 'preact/hooks';

import { session } from '../../lib/session';
import { perform } from '../../parts/actions';
import { Panel } from '../../parts/basics';
import { cli } from '../queues/model';
import { channelApi } from './model';

function read(text: string): { value?: unknown; problem?: string } {
    if (!text.trim()) return {};
    try {
        return { value: JSON.parse(text) };
    } catch (error) {
        return { problem: (error as Error).message };
    }
}

export function Publish(props: { channel: string; subscribers: number }) {
    const { channel } = props;
    const [type, setType] = useState('test');
    const [data, setData] = useState('{}');
    const { value, problem } = read(data);
    const send = (event: Event) => {
        event.preventDefault();
        const told = value === undefined ? [] : [JSON.stringify(value)];
        const asks = session.value?.environment === 'production';
        void perform<{ subscribers: number }>(
            {
                method: 'POST',
                path: channelApi(channel, 'messages'),
                body: { type, ...(value === undefined ? {} : { data: value }) },
                done: '',
                cli: cli('infra', 'realtime', 'publish', channel, type, ...told),
                ...(asks ? { confirm: { question: `Say “${type}” to all who listen to ${channel}?`, yes: 'Publish' } } : {}),
            },
            ({ subscribers }) => `Published: ${subscribers} here, this page among them, were told.`,
        );
    };
    return (
        <Panel title="Publish a message">
            <form class="stack" onSubmit={send}>
                <label class="field">
                    <span>Type</span>
                    <input value={type} required maxLength={100} autocomplete="off" spellcheck={false} onInput={(event) => setType(event.currentTarget.value)} />
                </label>
                <label class="field">
                    <span>Data, as JSON; empty for none</span>
                    <textarea rows={4} value={data} spellcheck={false} aria-invalid={problem !== undefined} onInput={(event) => setData(event.currentTarget.value)} />
                </label>
                {problem !== undefined && (
                    <p class="bad small" role="alert">
                        {problem}
                    </p>
                )}
                <div class="row">
                    <button type="submit" class="primary" disabled={!type || problem !== undefined}>
                        Publish
                    </button>
                </div>
            </form>
        </Panel>
    );
}
