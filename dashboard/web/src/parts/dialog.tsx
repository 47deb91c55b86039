// What lies over the page: dialogs and drawers. Escape closes them, and the focus goes back to where it was.

import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

import { Icon } from './icons';

export interface DialogProps {
    title: string;
    close: () => void;
    children: ComponentChildren;
    foot?: ComponentChildren; // buttons
    class?: string;
    bare?: boolean; // the title is for screen readers alone
}

// Shown for as long as it is rendered.
export function Dialog(props: DialogProps) {
    const box = useRef<HTMLDialogElement>(null);
    const id = useId();
    // Before it is painted: a key that is pressed at once is for the dialog.
    useLayoutEffect(() => {
        const from = document.activeElement as HTMLElement | null;
        const dialog = box.current!;
        dialog.showModal();
        return () => {
            dialog.close();
            const back = from?.isConnected && from !== document.body ? from : document.querySelector<HTMLElement>('main h1');
            back?.focus();
        };
    }, []);
    return (
        <dialog
            ref={box}
            class={props.class}
            aria-labelledby={id}
            onCancel={(event) => {
                event.preventDefault();
                props.close();
            }}
            onClick={(event) => event.target === box.current && props.close()}
            onKeyDown={(event) => event.key !== 'Escape' && event.stopPropagation()}
        >
            {props.bare ? (
                <h2 id={id} class="unseen">
                    {props.title}
                </h2>
            ) : (
                <header>
                    <h2 id={id}>{props.title}</h2>
                    <button class="quiet square" aria-label="Close" onClick={props.close}>
                        <Icon name="close" />
                    </button>
                </header>
            )}
            {props.bare ? props.children : <div class="body">{props.children}</div>}
            {props.foot && <footer>{props.foot}</footer>}
        </dialog>
    );
}

// At the side, for the details of a row; at the bottom on phones.
export function Drawer(props: Omit<DialogProps, 'class' | 'bare'>) {
    return <Dialog {...props} class="drawer" />;
}
