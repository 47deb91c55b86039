// Storage: folders and objects.

import { lazy } from 'preact/compat';
import { useState } from 'preact/hooks';

import { useList } from '../lib/list';
import { useLoad } from '../lib/load';
import { place, refine, to } from '../lib/route';
import * as words from '../lib/words';
import { mayOperate } from '../parts/actions';
import { Heading, More, Notice, Problem, Skeleton, Time } from '../parts/basics';
import { Tabs } from '../parts/choose';
import { Filter } from '../parts/filter';
import { Table } from '../parts/table';
import { folderAt, folderOf, objectAt, shortName, type About, type Entry } from './storage/model';

const ObjectView = lazy(() => import('./storage/object').then((m) => ({ default: m.ObjectView })));
const Upload = lazy(() => import('./storage/upload').then((m) => ({ default: m.Upload })));
const Leftovers = lazy(() => import('./storage/leftovers').then((m) => ({ default: m.Leftovers })));

type View = 'objects' | 'leftovers';

function Way(props: { prefix: string }) {
    const parts = folderOf(props.prefix).split('/').slice(0, -1);
    if (parts.length === 0) return null;
    return (
        <nav aria-label="Folders above" class="row">
            <a href={folderAt('')}>All</a>
            {parts.map((part, i) => (
                <>
                    <span aria-hidden="true">/</span>
                    <a href={folderAt(parts.slice(0, i + 1).join('/') + '/')}>{part}</a>
                </>
            ))}
        </nav>
    );
}

function Objects(props: { about: About }) {
    const prefix = place.value.query.get('prefix') ?? '';
    const list = useList<Entry>('storage/objects', { prefix, limit: 100 });
    const [uploading, setUploading] = useState(false);
    const above = folderOf(prefix);
    return (
        <>
            <div class="row">
                <Filter label="Keys that begin with" value={prefix} change={(typed) => refine({ prefix: typed || undefined })} />
                {mayOperate() && <button onClick={() => setUploading(true)}>Upload …</button>}
            </div>
            <Way prefix={prefix} />
            <Problem failure={list.failure} again={list.again} />
            {!list.first && !list.failure && <Skeleton rows={8} />}
            {list.first && (
                <>
                    <Table
                        label="Objects"
                        rows={list.items}
                        keyOf={(e) => e.key}
                        open={(e) => (e.folder ? folderAt(e.key) : objectAt(e.key))}
                        empty={prefix ? 'No key begins so.' : 'Nothing is stored yet.'}
                        columns={[
                            { title: 'Name', wide: true, cell: (e) => <span>{shortName(e.key, above)}</span> },
                            { title: 'Kind', cell: (e) => <span class="muted">{e.folder ? 'folder' : 'object'}</span> },
                            { title: 'Size', numeric: true, cell: (e) => (e.folder ? <span class="muted">–</span> : words.bytes(e.size)) },
                            { title: 'Put', cell: (e) => (e.folder ? <span class="muted">–</span> : <Time at={e.modified} relative />) },
                        ]}
                    />
                    <More list={list} of="keys" />
                </>
            )}
            {uploading && (
                <Upload
                    prefix={above}
                    most={props.about.max_upload}
                    close={() => setUploading(false)}
                    done={() => {
                        setUploading(false);
                        list.again();
                    }}
                />
            )}
        </>
    );
}

export default function Storage() {
    const { path, query } = place.value;
    const about = useLoad<About>(path[1] === undefined ? 'storage' : undefined);
    if (path[1] !== undefined) return <ObjectView name={path[1]} />;
    const view: View = query.get('view') === 'leftovers' ? 'leftovers' : 'objects';
    return (
        <>
            <Heading title="Storage" />
            <Tabs<View>
                label="Of storage"
                at={view}
                to={(key) => to(['storage'], key === 'objects' ? {} : { view: key })}
                tabs={[
                    { key: 'objects', title: 'Objects' },
                    { key: 'leftovers', title: 'Left over' },
                ]}
            />
            <div class="stack">
                <Problem failure={about.failure} again={about.again} />
                {about.value?.problem && <Notice tone="bad">Storage does not answer: {about.value.problem}</Notice>}
                {!about.value && !about.failure && <Skeleton rows={8} />}
                {about.value && (view === 'leftovers' ? <Leftovers /> : <Objects about={about.value} />)}
                {about.value && <p class="muted small">Kept in {about.value.kept_in}.</p>}
            </div>
        </>
    );
}
