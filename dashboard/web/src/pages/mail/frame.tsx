// A mail as its reader shows it: in a frame that runs nothing and loads nothing, unless somebody wants its images.

import { useState } from 'preact/hooks';

import { href, type Query } from '../../lib/api';
import { Segmented } from '../../parts/choose';

type Width = 'phone' | 'desktop';

export function Frame(props: { path: string; query?: Query; title: string }) {
    const [width, setWidth] = useState<Width>('desktop');
    const [colours, setColours] = useState<'light' | 'dark'>('light');
    const [images, setImages] = useState(false);
    const address = href(props.path, { ...props.query, ...(colours === 'dark' ? { dark: 1 } : {}), ...(images ? { images: 1 } : {}) });
    // Without the host: an address that leads elsewhere would be seen as such.
    const here = address.replace(location.origin, '');
    return (
        <div class="stack tight">
            <div class="row">
                <Segmented<Width>
                    label="Width"
                    options={[
                        { key: 'phone', title: 'Phone' },
                        { key: 'desktop', title: 'Desktop' },
                    ]}
                    value={width}
                    change={setWidth}
                />
                <Segmented<'light' | 'dark'>
                    label="Colours"
                    options={[
                        { key: 'light', title: 'Light' },
                        { key: 'dark', title: 'Dark' },
                    ]}
                    value={colours}
                    change={setColours}
                />
                <label class="check">
                    <input type="checkbox" checked={images} onChange={(event) => setImages(event.currentTarget.checked)} />
                    Images of the web: whoever sent them sees that
                </label>
            </div>
            <iframe class={`mail as-${width} ${colours}`} sandbox="" src={here} title={props.title} />
        </div>
    );
}
