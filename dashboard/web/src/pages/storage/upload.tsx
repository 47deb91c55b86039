// A file from here into the store. fetch() cannot tell how far a body has gone: XMLHttpRequest can.

import { useEffect, useRef, useState } from 'preact/hooks';

import { get, href } from '../../lib/api';
import * as words from '../../lib/words';
import { say } from '../../parts/actions';
import { Dialog } from '../../parts/dialog';
import { Meter } from '../../parts/spark';
import { cli } from '../queues/model';
import { objectApi, type Entry } from './model';

interface Going {
    done: number;
    of: number;
    stop: () => void;
}

function send(file: File, key: string, replace: boolean, told: (going: Going) => void): Promise<void> {
    return new Promise((done, failed) => {
        const request = new XMLHttpRequest();
        request.open('PUT', href(objectApi(key), { type: file.type || undefined, ...(replace ? { replace: 1 } : {}) }));
        request.setRequestHeader('X-Infra-Dashboard', '1');
        request.setRequestHeader('Content-Type', 'application/octet-stream');
        request.responseType = 'json';
        request.upload.onprogress = (event) => told({ done: event.loaded, of: file.size, stop: () => request.abort() });
        request.onabort = () => failed(new Error('The upload was stopped: nothing was stored.'));
        request.onerror = () => failed(new Error('The service does not answer, or did not take it.'));
        request.onload = () => {
            const answer = request.response as { error?: { message?: string } } | null;
            if (request.status < 300) done();
            else failed(new Error(answer?.error?.message ?? `The service answered ${request.status}.`));
        };
        told({ done: 0, of: file.size, stop: () => request.abort() });
        request.send(file);
    });
}

// Asked before, since a refusal in the midst of a large body closes the connection, of which a browser says nothing.
async function exists(key: string): Promise<boolean> {
    const { items } = await get<{ items: readonly Entry[] }>('storage/objects', { prefix: key, flat: 1, limit: 1 });
    return items[0]?.key === key;
}

export function Upload(props: { prefix: string; most: number; close: () => void; done: () => void }) {
    const [file, setFile] = useState<File>();
    const [key, setKey] = useState(props.prefix);
    const [replace, setReplace] = useState(false);
    const [problem, setProblem] = useState('');
    const [going, setGoing] = useState<Going>();
    const here = useRef<(() => void) | undefined>(undefined);
    here.current = going?.stop;
    useEffect(() => () => here.current?.(), []); // who closes the dialog stops it
    const tooLarge = file !== undefined && file.size > props.most;
    const begin = async (event: Event) => {
        event.preventDefault();
        if (!file || going) return;
        setProblem('');
        try {
            if (!replace && (await exists(key))) throw new Error('There is an object under this key already.');
            await send(file, key, replace, setGoing);
            here.current = undefined;
            say('good', `${key} is stored.`, cli('infra', 'storage', 'put', file.name, key));
            props.done();
        } catch (error) {
            setProblem((error as Error).message);
            setGoing(undefined);
        }
    };
    return (
        <Dialog title="Upload a file" close={props.close}>
            <form class="stack" onSubmit={(event) => void begin(event)}>
                {problem && (
                    <p class="problem" role="alert">
                        {problem}
                    </p>
                )}
                <label class="field">
                    <span>File, at most {words.bytes(props.most)}</span>
                    <input
                        type="file"
                        required
                        onChange={(event) => {
                            const chosen = event.currentTarget.files?.[0];
                            setFile(chosen);
                            if (chosen && (key === '' || key.endsWith('/'))) setKey(key + chosen.name);
                        }}
                    />
                </label>
                {tooLarge && <p class="bad small">It has {words.bytes(file.size)}.</p>}
                <label class="field">
                    <span>Key</span>
                    <input value={key} required maxLength={1024} autocomplete="off" spellcheck={false} onInput={(event) => setKey(event.currentTarget.value)} />
                </label>
                <label class="check">
                    <input type="checkbox" checked={replace} onChange={(event) => setReplace(event.currentTarget.checked)} />
                    Replace what is under this key
                </label>
                {going && (
                    <div class="stack tight" role="status">
                        <Meter label="Sent" share={going.of > 0 ? going.done / going.of : 1} />
                        <span class="muted small" aria-hidden="true">
                            {words.bytes(going.done)} of {words.bytes(going.of)}
                        </span>
                    </div>
                )}
                <div class="row">
                    <button class="primary" type="submit" disabled={!file || tooLarge || !key || key.endsWith('/') || going !== undefined}>
                        Upload
                    </button>
                    <button type="button" onClick={going ? going.stop : props.close}>
                        {going ? 'Stop' : 'Cancel'}
                    </button>
                </div>
            </form>
        </Dialog>
    );
}
