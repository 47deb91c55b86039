// Templates as mail readers will show them, with data beside them or typed here.

import { useEffect, useState } from 'preact/hooks';

import { useLoad } from '../../lib/load';
import { place } from '../../lib/route';
import * as words from '../../lib/words';
import { Empty, Facts, Notice, Panel, Problem, Skeleton } from '../../parts/basics';
import { Segmented, Tabs } from '../../parts/choose';
import { Filter } from '../../parts/filter';
import { Code } from '../../parts/json';
import { Table } from '../../parts/table';
import { Frame } from './frame';
import type { Template, TemplateName } from './model';
import { templateAt } from './outbox';

type Part = 'html' | 'text' | 'source';
const longest = 4000; // it travels in the address of a frame

const localeName = (locale: string) => locale || 'default';

function valid(text: string): string | undefined {
    try {
        const value: unknown = JSON.parse(text);
        return value !== null && typeof value === 'object' && !Array.isArray(value) ? undefined : 'The data are an object: {"name": "Ann"}.';
    } catch (error) {
        return (error as Error).message;
    }
}

function Data(props: { of: Template; typed: string | undefined; type: (data: string | undefined) => void }) {
    const [text, setText] = useState(props.typed ?? props.of.data.text);
    useEffect(() => setText(props.typed ?? props.of.data.text), [props.of.name, props.of.locale, props.typed === undefined]);
    const problem = text.length > longest ? `Up to ${longest} characters can be tried here.` : valid(text);
    return (
        <Panel
            title="Data"
            tools={
                <>
                    <button disabled={problem !== undefined} class="primary" onClick={() => props.type(text)}>
                        Try
                    </button>
                    {props.typed !== undefined && <button onClick={() => props.type(undefined)}>Back to the sample</button>}
                </>
            }
        >
            <label class="field">
                <span>{props.typed !== undefined ? 'Typed here' : props.of.sample_path ? `Of ${props.of.sample_path}` : `No sample: write ${props.of.name}.json beside it`}</span>
                <textarea rows={8} spellcheck={false} value={text} aria-invalid={problem !== undefined} onInput={(event) => setText(event.currentTarget.value)} />
            </label>
            {problem && <p class="bad small">{problem}</p>}
        </Panel>
    );
}

function One(props: { of: TemplateName; locale: string; part: Part }) {
    const { of, locale, part } = props;
    const [typed, setTyped] = useState<string>();
    useEffect(() => setTyped(undefined), [of.name, locale]);
    const query = { name: of.name, locale, ...(typed === undefined ? {} : { data: typed }) };
    const loaded = useLoad<Template>('mail/template', query);
    const t = loaded.value?.name === of.name && loaded.value.locale === locale ? loaded.value : undefined;
    const clipped = t?.html_bytes !== undefined && t.html_bytes > t.clipped_above;
    return (
        <div class="stack">
            <Problem failure={loaded.failure} again={loaded.again} />
            {!t && !loaded.failure && <Skeleton rows={10} />}
            {t && (
                <>
                    {t.problem && <Notice tone="bad">{t.problem}</Notice>}
                    {t.gaps && <Notice tone="warn">Not all places have a value: {t.gaps}</Notice>}
                    {clipped && <Notice tone="warn">{words.bytes(t.html_bytes)} of HTML: Gmail clips what is over {words.bytes(t.clipped_above)}.</Notice>}
                    <Panel title={of.name}>
                        <Facts
                            of={[
                                ['Subject', t.subject],
                                ['Preheader', t.preheader || '–'],
                                ['From', t.from ?? 'EMAIL_FROM'],
                                ['File', <span class="mono">{t.path}</span>],
                                ['Layout', t.layout || 'built in'],
                                ['HTML', words.bytes(t.html_bytes)],
                            ]}
                        />
                    </Panel>
                    <div>
                        <Tabs<Part>
                            label="Parts of the template"
                            at={part}
                            to={(key) => templateAt(of.name, { locale, part: key })}
                            tabs={[
                                { key: 'html', title: 'HTML' },
                                { key: 'text', title: 'Text' },
                                { key: 'source', title: 'Source' },
                            ]}
                        />
                        {part === 'html' && t.html_bytes !== undefined && <Frame key={JSON.stringify(query)} path="mail/template/html" query={query} title="The template as a reader shows it" />}
                        {part === 'text' && t.text && <Code label="Text" text={t.text.text} />}
                        {part === 'source' && t.source && <Code label="Source" text={t.source.text} />}
                    </div>
                    <Data of={t} typed={typed} type={setTyped} />
                </>
            )}
        </div>
    );
}

export function Templates(props: { directory: string }) {
    const { query } = place.value;
    const loaded = useLoad<{ items: readonly TemplateName[]; left_out: number }>('mail/templates');
    const [typed, setTyped] = useState('');
    const all = loaded.value;
    if (!all) return loaded.failure ? <Problem failure={loaded.failure} again={loaded.again} /> : <Skeleton rows={6} />;
    const name = query.get('name');
    const of = all.items.find((t) => t.name === name);
    if (name && of) {
        const locale = query.get('locale') ?? (of.locales.includes('') ? '' : (of.locales[0] ?? ''));
        return (
            <>
                <div class="apart">
                    <a href={templateAt('')}>All templates</a>
                    {of.locales.length > 1 && (
                        <Segmented label="Locale" options={of.locales.map((l) => ({ key: l, title: localeName(l) }))} value={locale} change={(l) => (location.hash = templateAt(of.name, { locale: l }))} />
                    )}
                </div>
                <One of={of} locale={locale} part={(query.get('part') ?? 'html') as Part} />
            </>
        );
    }
    return (
        <>
            <Problem failure={loaded.failure} again={loaded.again} />
            {name && <Empty>There is no template {name} in {props.directory}.</Empty>}
            <div class="row">
                <Filter label="Search templates" value={typed} change={setTyped} />
            </div>
            <Table
                label="Templates"
                rows={all.items.filter((t) => t.name.includes(typed.trim()))}
                keyOf={(t) => t.name}
                open={(t) => templateAt(t.name)}
                empty={typed ? 'No template is called so.' : `No templates in ${props.directory}: write welcome.md there, with sample data beside it in welcome.json.`}
                columns={[
                    { title: 'Template', wide: true, cell: (t) => t.name },
                    { title: 'Locales', cell: (t) => t.locales.map(localeName).join(', ') },
                ]}
            />
            {all.left_out > 0 && <Notice>{words.count(all.left_out)} more are not shown.</Notice>}
        </>
    );
}
