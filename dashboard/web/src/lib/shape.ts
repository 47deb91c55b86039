// The line of a small chart, in a box of 100 by 24.

export interface Shape {
    line: string; // of an SVG path; a gap where nothing is known
    area: string;
    dots: string; // a point that no line leads to
    limit: number | undefined; // its height, where it is in sight
}

export const box = { width: 100, height: 24 };

export function shapeOf(values: readonly (number | null)[], limit?: number | null): Shape {
    const known = values.filter((v): v is number => v !== null);
    const low = Math.min(0, ...known);
    const high = Math.max(...known, low + 1e-9);
    const x = (i: number) => (values.length === 1 ? box.width : (i / (values.length - 1)) * box.width).toFixed(1);
    const y = (v: number) => (box.height - 1 - ((v - low) / (high - low)) * (box.height - 2)).toFixed(1);
    let line = '';
    let area = '';
    let dots = '';
    let begin: string | undefined;
    values.forEach((v, i) => {
        if (v === null) {
            begin = undefined;
            return;
        }
        if (values[i - 1] == null && values[i + 1] == null) dots += `M${x(i)} ${y(v)}h0`;
        line += `${begin === undefined ? 'M' : 'L'}${x(i)} ${y(v)}`;
        area += begin === undefined ? `M${x(i)} ${box.height}V${y(v)}` : `L${x(i)} ${y(v)}`;
        begin ??= x(i);
        if (i === values.length - 1 || values[i + 1] === null) area += `V${box.height}Z`;
    });
    return { line, area, dots, limit: limit != null && limit > low && limit <= high ? Number(y(limit)) : undefined };
}
