// What the service was told, what it is made of, and what people did here.

import { place, to } from '../lib/route';
import { Heading } from '../parts/basics';
import { Tabs } from '../parts/choose';
import { Actions } from './settings/actions';
import { Build } from './settings/build';
import { Configuration } from './settings/configuration';

const tabs = [
    { key: 'configuration', title: 'Configuration' },
    { key: 'actions', title: 'Record of actions' },
    { key: 'build', title: 'This service' },
] as const;
type Tab = (typeof tabs)[number]['key'];

export default function Settings() {
    const at = tabs.find((t) => t.key === place.value.path[1])?.key ?? 'configuration';
    return (
        <>
            <Heading title="Settings" />
            <Tabs<Tab> label="Settings" tabs={tabs} at={at} to={(key) => to(['settings', key])} />
            {at === 'configuration' && <Configuration />}
            {at === 'actions' && <Actions />}
            {at === 'build' && <Build />}
        </>
    );
}
