// Failed jobs, equal errors together.

import { useEffect, useRef } from 'preact/hooks';

import { useList } from '../../lib/list';
import * as words from '../../lib/words';
import { mayOperate } from '../../parts/actions';
import { Panel, Problem, Skeleton, Time } from '../../parts/basics';
import { Table } from '../../parts/table';
import { api, jobs, performAll } from './deeds';
import { cli, jobAt, queueAt, type Group, type Groups } from './model';

export function Failures(props: { queue: string; at: string; failed: number | undefined; turn: number; then: () => void }) {
    const { queue, at } = props;
    const list = useList<Group, Groups>(api(queue, 'failures'));
    const seen = useRef(props.failed);
    useEffect(() => {
        if (props.failed === undefined || seen.current === props.failed) return;
        const first = seen.current === undefined;
        seen.current = props.failed;
        if (!first) list.again();
    }, [props.failed, props.turn]);
    const act = async (what: 'retry' | 'remove', group: Group) => {
        const title = what === 'retry' ? 'Retry' : 'Remove';
        const done = await performAll(
            {
                method: 'POST',
                path: api(queue, 'failures', group.id, what),
                body: {},
                done: '',
                confirm: { question: `${title} ${jobs(group.count)} of ${group.name}?`, yes: title },
                cli: cli('infra', 'queue', what === 'retry' ? 'retry' : 'rm', '--all', '--queue', queue, '--error', group.id),
            },
            (n) => (what === 'retry' ? `${jobs(n)} ${n === 1 ? 'waits' : 'wait'} again.` : `${jobs(n)} removed.`),
        );
        if (done) {
            list.again();
            props.then();
        }
    };
    if (!list.first) return list.failure ? <Problem failure={list.failure} again={list.again} /> : <Skeleton rows={3} />;
    if (list.items.length === 0) return null;
    const shown = at ? list.items.filter((g) => g.id === at) : list.items;
    return (
        <Panel
            title="Equal errors"
            flush
            tools={
                <span class="muted small">
                    {list.first.complete ? `of ${words.count(list.first.failed)} failed` : `of the newest ${words.count(list.first.failed)} failed`} {at && <a href={queueAt(queue, { state: 'failed' })}>Show all</a>}
                </span>
            }
        >
            <Table
                label="Equal errors"
                rows={shown}
                keyOf={(g) => g.id}
                empty="No job has failed like this any more."
                columns={[
                    { title: 'Error', wide: true, cell: (g) => <a href={queueAt(queue, { state: 'failed', group: g.id })}>{g.signature || '(no reason)'}</a> },
                    { title: 'Job', cell: (g) => <span class="brief">{g.name}</span> },
                    { title: 'Failed', numeric: true, cell: (g) => words.count(g.count) },
                    { title: 'Last', cell: (g) => <a href={jobAt({ queue, id: g.newest })} title={g.reason}><Time at={g.last} relative /></a> },
                    { title: 'First', narrow: 'hide', cell: (g) => <Time at={g.first} relative /> },
                    ...(mayOperate()
                        ? [
                              {
                                  title: '',
                                  acts: true,
                                  cell: (g: Group) => (
                                      <>
                                          <button aria-label={`Retry ${jobs(g.count)}: ${g.signature}`} onClick={() => void act('retry', g)}>
                                              Retry
                                          </button>
                                          <button class="danger" aria-label={`Remove ${jobs(g.count)}: ${g.signature}`} onClick={() => void act('remove', g)}>
                                              Remove
                                          </button>
                                      </>
                                  ),
                              },
                          ]
                        : []),
                ]}
            />
        </Panel>
    );
}
