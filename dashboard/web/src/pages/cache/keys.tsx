// Keys that begin so, and what can be done to all of them.

import { useState } from 'preact/hooks';

import { act } from '../../lib/api';
import { useList } from '../../lib/list';
import { go, place, refine } from '../../lib/route';
import * as words from '../../lib/words';
import { Action, mayOperate, perform, say } from '../../parts/actions';
import { More, Notice, Panel, Problem, Skeleton } from '../../parts/basics';
import { Filter } from '../../parts/filter';
import { Table } from '../../parts/table';
import { keyApi, keyAt, ttl, type About, type Key } from './model';
import { cli } from '../queues/model';

interface Step {
    changed: number;
    next: string | null;
}

async function removeAll(prefix: string): Promise<boolean> {
    let changed = 0;
    let next: string | null = null;
    const begun = await perform<Step>(
        {
            method: 'POST',
            path: 'cache/remove',
            body: { prefix },
            done: '',
            confirm: { question: `Remove all that begins with ${prefix}?`, typed: prefix, yes: 'Remove all' },
        },
        (step) => {
            ({ changed, next } = step);
            return `${words.count(changed)} removed${next ? ' so far …' : '.'}`;
        },
    );
    if (!begun || next === null) return begun;
    try {
        while (next) {
            const step: Step = await act<Step>('POST', 'cache/remove', { prefix, cursor: next });
            changed += step.changed;
            next = step.next;
        }
        say('good', `${words.count(changed)} removed.`);
    } catch (error) {
        say('bad', `${words.count(changed)} removed, and then: ${(error as Error).message}`);
    }
    return true;
}

export function Keys(props: { of: About }) {
    const prefix = place.value.query.get('prefix') ?? '';
    const list = useList<Key>(props.of.lists_keys ? 'cache/keys' : undefined, { prefix, limit: 50 });
    return (
        <Panel title="Keys" flush>
            <div class="body row">
                <Filter label="Keys that begin with" value={prefix} change={(typed) => refine({ prefix: typed || undefined })} />
                {prefix && <button onClick={() => go(keyAt(prefix))}>Look up this very key</button>}
                {prefix && mayOperate() && props.of.lists_keys && (
                    <button class="danger" onClick={() => void removeAll(prefix).then((done) => done && list.again())}>
                        Remove all of them …
                    </button>
                )}
            </div>
            {!props.of.lists_keys && <Notice>This store does not tell its keys: type one to look it up.</Notice>}
            <Problem failure={list.failure} again={list.again} />
            {props.of.lists_keys && !list.first && !list.failure && <Skeleton rows={6} panel={false} />}
            {list.first && (
                <>
                    <Table
                        label="Keys"
                        rows={list.items}
                        keyOf={(k) => k.key}
                        open={(k) => (k.digest ? '' : keyAt(k.key))}
                        empty={list.more ? 'None among those looked at so far: load more.' : prefix ? 'No key begins so.' : 'Nothing is stored.'}
                        columns={[
                            { title: 'Key', wide: true, cell: (k) => k.key },
                            { title: 'Good for', numeric: true, cell: (k) => ttl(k.ttl_ms) },
                            ...(mayOperate()
                                ? [
                                      {
                                          title: '',
                                          acts: true,
                                          cell: (k: Key) =>
                                              !k.digest && (
                                                  <Action
                                                      danger
                                                      deed={{ method: 'DELETE', path: keyApi(k.key), done: 'Removed.', confirm: { question: `Remove ${k.key}?`, yes: 'Remove' }, cli: cli('infra', 'cache', 'del', k.key) }}
                                                      label={`Remove ${k.key}`}
                                                      then={list.again}
                                                  >
                                                      Remove …
                                                  </Action>
                                              ),
                                      },
                                  ]
                                : []),
                        ]}
                    />
                    <More list={list} of="keys" />
                </>
            )}
        </Panel>
    );
}

// A tag is named by whoever stores: there is no list of them.
export function Invalidate(props: { prefix: string; then: () => void }) {
    const [tag, setTag] = useState('');
    if (!mayOperate()) return null;
    return (
        <Panel title="Make values void">
            <div class="stack">
                <form
                    class="row ends"
                    onSubmit={(event) => {
                        event.preventDefault();
                        void perform({ method: 'POST', path: 'cache/invalidate', body: { tag }, done: `All that carries ${tag} is void.`, confirm: { question: `Make all values with the tag ${tag} void?`, typed: tag, yes: 'Make void' } }).then(
                            (done) => done && props.then(),
                        );
                    }}
                >
                    <label class="field grow">
                        <span>Those with a tag</span>
                        <input value={tag} maxLength={255} autocomplete="off" spellcheck={false} onInput={(event) => setTag(event.currentTarget.value)} />
                    </label>
                    <button type="submit" class="danger" disabled={!tag}>
                        Make void …
                    </button>
                </form>
                <div class="apart">
                    <span class="muted small">All under {props.prefix ? `the prefix ${props.prefix}` : 'no prefix: what caches with a prefix of their own have stored stays'}</span>
                    <Action danger deed={{ method: 'POST', path: 'cache/flush', done: 'Everything is void: it will be loaded again.', confirm: { question: 'Make everything in this cache void?', typed: props.prefix || 'everything', yes: 'Flush' } }} then={props.then}>
                        Flush …
                    </Action>
                </div>
            </div>
        </Panel>
    );
}
