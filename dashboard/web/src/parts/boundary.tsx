// A page that falls over takes nothing else with it. Most often the service is newer than this page, which then has to be loaded again.

import { Component, type ComponentChildren } from 'preact';

import { Heading } from './basics';

export class Boundary extends Component<{ children: ComponentChildren }, { failed?: unknown }> {
    static override getDerivedStateFromError(failed: unknown) {
        return { failed };
    }
    override render() {
        if (this.state.failed === undefined) return <>{this.props.children}</>;
        return (
            <>
                <Heading title="This page cannot be shown" />
                <div class="problem" role="alert">
                    <span class="grow">{String(this.state.failed)}. If the service was updated since this page was opened, loading it again helps.</span>
                    <button onClick={() => location.reload()}>Load again</button>
                </div>
            </>
        );
    }
}
