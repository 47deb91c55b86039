// How far back we look: one choice for all pages.

import { computed, signal } from '@preact/signals';

import { keep, kept } from './kept';

export type Range = '5m' | '15m' | '1h' | '6h';
export const ranges: readonly Range[] = ['5m', '15m', '1h', '6h'];
const minutes: Record<Range, number> = { '5m': 5, '15m': 15, '1h': 60, '6h': 360 };
const spoken: Record<Range, string> = { '5m': '5 minutes', '15m': '15 minutes', '1h': 'hour', '6h': '6 hours' };

export const range = signal<Range>(kept('range', ranges) ?? '15m');
range.subscribe((now) => keep('range', now));

export const rangeMs = computed(() => minutes[range.value] * 60_000);
export const rangeWords = computed(() => `last ${spoken[range.value]}`);
