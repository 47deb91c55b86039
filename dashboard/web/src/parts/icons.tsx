// Drawn on 16 by 16, in lines of the text's colour. Always beside a word, or on a button with a label.

const paths = {
    overview: 'M2 9.5 5 6l3 3 5.5-6M2 13.5h12',
    health: 'M1.5 8.5h3l2-5 3 9 2-4h3',
    logs: 'M2.5 3.5h11M2.5 8h11M2.5 12.5h7',
    metrics: 'M2.5 13.5v-5M6.2 13.5v-9M9.8 13.5v-6M13.5 13.5v-11',
    traces: 'M2 3.5h7M5 8h8M8 12.5h6',
    queues: 'M2.5 2.5h11v3h-11zM2.5 8h11v2h-11zM2.5 12.5h11',
    mail: 'M2 3.5h12v9H2zM2 4.5l6 4.5 6-4.5',
    realtime: 'M8 8h.01M5 11a4.2 4.2 0 0 1 0-6M11 5a4.2 4.2 0 0 1 0 6M2.8 13.2a7.4 7.4 0 0 1 0-10.4M13.2 2.8a7.4 7.4 0 0 1 0 10.4',
    cache: 'M9 1.5 3 9h4.5L7 14.5 13 7H8.5z',
    storage: 'M2.5 4c0-3 11-3 11 0v8c0 3-11 3-11 0zM2.5 4c0 3 11 3 11 0M2.5 8c0 3 11 3 11 0',
    settings: 'M2 4.5h6M12 4.5h2M10 2.5v4M2 11.5h2M8 11.5h6M6 9.5v4',
    search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8 14 14',
    pause: 'M5.5 3v10M10.5 3v10',
    play: 'M4.5 2.5v11l9-5.5z',
    help: 'M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM6 6.2a2 2 0 1 1 2.8 1.9c-.6.2-.8.6-.8 1.2M8 11.5h.01',
    light: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
    dark: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z',
    close: 'm4 4 8 8M12 4l-8 8',
    copy: 'M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1',
    tick: 'm3 8.5 3.5 3.5L13 4.5',
    warning: 'M8 2 1.5 13.5h13zM8 6.5v3.5M8 12h.01',
    cross: 'M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6',
    more: 'M2 8h1M7.5 8h1M13 8h1',
    refresh: 'M13.5 8A5.5 5.5 0 1 1 11.8 4M13.5 1.5V5H10',
    next: 'm6 3 5 5-5 5',
    out: 'M9.5 2.5h4v4M13.5 2.5 7 9M11.5 9.5v4h-9v-9h4',
} as const;

export type IconName = keyof typeof paths;

export function Icon(props: { name: IconName }) {
    return (
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d={paths[props.name]} />
        </svg>
    );
}
