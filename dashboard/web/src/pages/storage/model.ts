import { segment } from '../../lib/api';
import { to } from '../../lib/route';

export interface Entry {
    key: string;
    folder: boolean;
    size?: number;
    modified?: number;
}

export interface Stored {
    key: string;
    size: number;
    etag: string;
    modified: number;
    type: string;
    cache_control: string;
    disposition: string;
    encoding: string;
    language: string;
    metadata: Record<string, string>;
    checksum: { kind: string; base64: string } | null;
    preview: 'text' | 'image' | 'none';
}

export interface About {
    kept_in: string;
    problem: string; // empty: it answers
    max_upload: number;
    max_link_s: number;
}

export const objectApi = (key: string, ...rest: readonly string[]): string => ['storage', 'objects', key, ...rest].map(segment).join('/');
export const objectAt = (key: string): string => to(['storage', key]);
export const folderAt = (prefix: string): string => to(['storage'], { prefix: prefix || undefined });
export const shortName = (key: string, below: string): string => key.slice(key.startsWith(below) ? below.length : 0);
export const folderOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);
