import { segment } from '../../lib/api';
import { useList } from '../../lib/list';
import * as words from '../../lib/words';
import { Action, mayOperate } from '../../parts/actions';
import { Badge, Notice, Problem, Skeleton, Time } from '../../parts/basics';
import { Table } from '../../parts/table';
import { useAgain } from './deeds';
import { cli, jobAt, queueAt, titleOf, toneOf, type Schedule } from './model';

function Condition(props: { of: Schedule }) {
    const s = props.of;
    if (s.paused_since !== null)
        return (
            <Badge tone="idle">
                Paused <Time at={s.paused_since} relative />
            </Badge>
        );
    if (s.orphaned) return <Badge tone="warn">Orphaned</Badge>;
    if (s.queue_paused) return <Badge tone="idle">Queue paused</Badge>;
    if (s.overdue_ms > 0) return <Badge tone="bad">Missed by {words.span(s.overdue_ms)}</Badge>;
    if (!s.stored) return <Badge tone="idle">Not stored yet</Badge>;
    return s.next === null ? <Badge tone="idle">Over</Badge> : <Badge tone="good">Runs</Badge>;
}

const clockThere = (there: string) => there.replace('T', ' ').replace(/([+-]\d\d:\d\d|Z)$/, ' $1');

function NextRuns(props: { of: Schedule }) {
    const s = props.of;
    if (s.next_runs.length === 0) return <span class="muted">–</span>;
    return (
        <details>
            <summary>
                <Time at={s.next_runs[0]!.at} relative />
            </summary>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{s.tz}</th>
                        <th scope="col">Here</th>
                    </tr>
                </thead>
                <tbody>
                    {s.next_runs.map((run) => (
                        <tr>
                            <td class="mono" data-title={s.tz}>
                                {clockThere(run.there)}
                            </td>
                            <td class="mono" data-title="Here">
                                {words.date(run.at)}
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </details>
    );
}

function Pause(props: { of: Schedule; then: () => void }) {
    const { queue, name, paused, stored } = props.of;
    const verb = paused ? 'resume' : 'pause';
    return (
        <Action
            deed={{
                method: 'POST',
                path: `cron/${segment(queue)}/${segment(name)}/${verb}`,
                done: paused ? `${name} runs again, from its next time on.` : `${name} is paused, also over restarts, until it is resumed. A run that was taken goes on.`,
                cli: cli('infra', 'cron', verb, name, '--queue', queue),
            }}
            disabled={!stored}
            label={`${paused ? 'Resume' : 'Pause'} ${name}`}
            then={props.then}
        >
            {paused ? 'Resume' : 'Pause'}
        </Action>
    );
}

export function Cron() {
    const list = useList<Schedule>('cron');
    useAgain(list.again);
    if (!list.first) return list.failure ? <Problem failure={list.failure} again={list.again} /> : <Skeleton rows={4} />;
    return (
        <>
            <Problem failure={list.failure} again={list.again} />
            <Notice>
                Schedules are written in code: whoever defines one stores it again when a process starts. One that is paused stays so, and once it is resumed nothing of what was due
                meanwhile is made up for.
            </Notice>
            <Table
                label="Schedules"
                rows={list.items}
                keyOf={(s) => `${s.queue}:${s.name}`}
                empty="No schedule is defined or stored: define_cron makes one."
                columns={[
                    { title: 'Schedule', wide: true, cell: (s) => <a href={queueAt(s.queue)}>{s.name}</a> },
                    { title: 'State', cell: (s) => <Condition of={s} /> },
                    { title: 'When', cell: (s) => <span class="clip">{s.pattern ? <code>{s.pattern}</code> : `every ${words.span(s.every_ms)}`}</span> },
                    { title: 'Zone', narrow: 'hide', cell: (s) => s.tz },
                    { title: 'Next', cell: (s) => <NextRuns of={s} /> },
                    {
                        title: 'Last run',
                        cell: (s) =>
                            s.last_run ? (
                                <a href={jobAt({ queue: s.queue, id: s.last_run.id })} title={s.last_run.failed_reason}>
                                    <Badge tone={toneOf(s.last_run.state)}>{titleOf(s.last_run.state)}</Badge>
                                </a>
                            ) : (
                                <Time at={s.last} relative />
                            ),
                    },
                    { title: 'Runs', numeric: true, narrow: 'hide', cell: (s) => words.count(s.runs) },
                    ...(mayOperate()
                        ? [
                              {
                                  title: '',
                                  acts: true,
                                  cell: (s: Schedule) => (
                                      <>
                                          <Action
                                              deed={{
                                                  method: 'POST' as const,
                                                  path: `cron/${segment(s.queue)}/${segment(s.name)}/run`,
                                                  done: `A run of ${s.name} waits, beside its own.`,
                                                  cli: cli('infra', 'cron', 'run', s.name, '--queue', s.queue),
                                              }}
                                              disabled={!s.stored}
                                              label={`Run ${s.name} now`}
                                              then={list.again}
                                          >
                                              Run now
                                          </Action>
                                          <Pause of={s} then={list.again} />
                                      </>
                                  ),
                              },
                          ]
                        : []),
                ]}
            />
        </>
    );
}
