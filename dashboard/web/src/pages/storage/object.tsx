// One object: what it is, what it looks like, a link to it.

import { useState } from 'preact/hooks';

import { act, Failure, href } from '../../lib/api';
import { useLoad } from '../../lib/load';
import { go } from '../../lib/route';
import * as words from '../../lib/words';
import { Action, mayOperate, say } from '../../parts/actions';
import { Empty, Facts, Heading, Notice, Panel, Problem, Skeleton, Time } from '../../parts/basics';
import { CopyButton, Id } from '../../parts/copy';
import { Code } from '../../parts/json';
import { cli } from '../queues/model';
import { folderAt, folderOf, objectApi, type Stored } from './model';

function TextPreview(props: { of: Stored }) {
    const loaded = useLoad<{ text: string; bytes: number; cut: boolean }>(objectApi(props.of.key, 'text'));
    if (loaded.failure) return <Problem failure={loaded.failure} again={loaded.again} />;
    if (!loaded.value) return <Skeleton rows={8} panel={false} />;
    const { text, bytes, cut } = loaded.value;
    if (!text) return <Empty>It is empty.</Empty>;
    return (
        <div class="stack tight">
            {cut && <Notice>The first {words.bytes(text.length)} of {words.bytes(bytes)}.</Notice>}
            <Code label="What is in it" text={text} />
        </div>
    );
}

function Picture(props: { of: Stored }) {
    const [broken, setBroken] = useState(false);
    if (broken) return <Empty>It says that it is a picture, and is none that can be shown: download it.</Empty>;
    return <img class="preview" src={href(objectApi(props.of.key, 'image'), { etag: props.of.etag }).slice(location.origin.length)} alt={`What is in ${props.of.key}`} onError={() => setBroken(true)} />;
}

function Preview(props: { of: Stored }) {
    switch (props.of.preview) {
        case 'text':
            return <TextPreview of={props.of} />;
        case 'image':
            return <Picture of={props.of} />;
        default:
            return <Empty>What is of this type, or this large, is not shown here: download it.</Empty>;
    }
}

const spans = [
    { s: 600, title: '10 minutes' },
    { s: 3600, title: '1 hour' },
    { s: 86_400, title: '1 day' },
    { s: 604_800, title: '7 days' },
];

function SignedLink(props: { of: Stored }) {
    const [expires, setExpires] = useState(3600);
    const [made, setMade] = useState<{ url: string; expires: number }>();
    const make = async (event: Event) => {
        event.preventDefault();
        try {
            setMade(await act<{ url: string; expires: number }>('POST', objectApi(props.of.key, 'link'), { expires_s: expires }));
        } catch (error) {
            say('bad', error instanceof Failure ? error.message : String(error));
        }
    };
    return (
        <Panel title="A link for somebody without keys">
            <form class="stack" onSubmit={(event) => void make(event)}>
                <div class="row ends">
                    <label class="field">
                        <span>Good for</span>
                        <select value={expires} onChange={(event) => setExpires(Number(event.currentTarget.value))}>
                            {spans.map((each) => (
                                <option value={each.s}>{each.title}</option>
                            ))}
                        </select>
                    </label>
                    <button type="submit">Make a link</button>
                </div>
                {made && (
                    <div class="stack tight" role="status">
                        <label class="field">
                            <span>
                                Whoever has it reads the object, until <Time at={made.expires} />
                            </span>
                            <input readonly value={made.url} class="mono" onFocus={(event) => event.currentTarget.select()} />
                        </label>
                        <div class="row">
                            <CopyButton text={made.url}>Copy the link</CopyButton>
                            <a href={made.url} target="_blank" rel="noreferrer noopener">
                                Open it
                            </a>
                        </div>
                    </div>
                )}
                <code class="muted small">$ {cli('infra', 'storage', 'sign', props.of.key, '--expires', String(expires))}</code>
            </form>
        </Panel>
    );
}

export function ObjectView(props: { name: string }) {
    const key = props.name;
    const loaded = useLoad<Stored>(objectApi(key));
    const missing = loaded.failure?.status === 404;
    const o = missing ? undefined : loaded.value;
    return (
        <>
            <Heading title={key} up={[{ title: 'Storage', href: folderAt(folderOf(key)) }]}>
                {o && (
                    <>
                        <a class="button" href={href(objectApi(key, 'file'))} download>
                            Download
                        </a>
                        <Action
                            danger
                            deed={{
                                method: 'DELETE',
                                path: objectApi(key),
                                done: 'It is removed.',
                                confirm: { question: `Remove ${key} for good?`, yes: 'Remove' },
                                cli: cli('infra', 'storage', 'rm', key),
                            }}
                            then={() => go(folderAt(folderOf(key)))}
                        >
                            Remove …
                        </Action>
                    </>
                )}
            </Heading>
            <div class="stack">
                {missing ? <Empty>There is no object under this key, or no longer.</Empty> : <Problem failure={loaded.failure} again={loaded.again} />}
                {!o && !loaded.failure && <Skeleton rows={8} />}
                {o && (
                    <>
                        <Panel title="About it">
                            <Facts
                                of={[
                                    ['Size', words.bytes(o.size)],
                                    ['Type', o.type || '–'],
                                    ['Put', <Time at={o.modified} />],
                                    ['ETag', <Id>{o.etag}</Id>],
                                    o.checksum !== null && [o.checksum.kind.toUpperCase(), <Id>{o.checksum.base64}</Id>],
                                    o.encoding !== '' && ['Encoding', o.encoding],
                                    o.cache_control !== '' && ['Cache-Control', o.cache_control],
                                    o.disposition !== '' && ['Disposition', o.disposition],
                                    o.language !== '' && ['Language', o.language],
                                    ...Object.entries(o.metadata),
                                ]}
                            />
                        </Panel>
                        <div class="columns">
                            <Panel title="What is in it">
                                <Preview of={o} />
                            </Panel>
                            {mayOperate() && <SignedLink of={o} />}
                        </div>
                    </>
                )}
            </div>
        </>
    );
}
