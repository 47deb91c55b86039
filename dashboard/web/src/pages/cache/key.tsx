// What lies under a key.

import { useState } from 'preact/hooks';

import { useLoad } from '../../lib/load';
import { go } from '../../lib/route';
import * as words from '../../lib/words';
import { Action } from '../../parts/actions';
import { Empty, Facts, Heading, Notice, Panel, Problem, Skeleton } from '../../parts/basics';
import { Id } from '../../parts/copy';
import { Code, Json } from '../../parts/json';
import { cli } from '../queues/model';
import { keyApi, ttl, type Value } from './model';

export function KeyView(props: { name: string }) {
    const { name } = props;
    const [whole, setWhole] = useState('');
    const loaded = useLoad<Value>(keyApi(name), whole === name ? { whole: 1 } : {});
    const missing = loaded.failure?.status === 404;
    const found = missing ? undefined : loaded.value;
    return (
        <>
            <Heading title={name} up={[{ title: 'Cache', href: '#/cache' }]}>
                {found && (
                    <Action
                        danger
                        deed={{
                            method: 'DELETE',
                            path: keyApi(name),
                            done: 'It is removed: who asks next loads it again.',
                            confirm: { question: `Remove ${name}?`, yes: 'Remove' },
                            cli: cli('infra', 'cache', 'del', name),
                        }}
                        then={() => go('#/cache')}
                    >
                        Remove …
                    </Action>
                )}
            </Heading>
            <div class="stack">
                {missing ? (
                    <Empty>There is nothing under this key, or no longer: it was never stored, its time is over, it was removed, or it made room.</Empty>
                ) : (
                    <Problem failure={loaded.failure} again={loaded.again} />
                )}
                {!found && !loaded.failure && <Skeleton rows={8} />}
                {found && (
                    <>
                        <Panel title="About it">
                            <Facts
                                of={[
                                    ['Good for', ttl(found.ttl_ms)],
                                    ['Size', words.bytes(found.bytes)],
                                    ['Kind', found.kind === 'json' ? 'JSON' : 'bytes, in Base64'],
                                    ['In the store', <Id>{found.stored_as}</Id>],
                                ]}
                            />
                        </Panel>
                        {found.hidden > 0 && <Notice>What is called a password, token, secret, authorization or cookie is not shown.</Notice>}
                        {found.value.cut && whole !== name && (
                            <div class="row">
                                <button onClick={() => setWhole(name)}>Load more of {words.bytes(found.value.bytes)}</button>
                            </div>
                        )}
                        {found.kind === 'json' ? <Json label="Value" value={found.value.text} /> : <Code label="Value" text={found.value.text} />}
                    </>
                )}
            </div>
        </>
    );
}
