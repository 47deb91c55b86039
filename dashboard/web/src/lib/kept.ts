// What the browser remembers of whoever looks. Where it may not (a private window), everything is as on the first day.

export function kept<T extends string>(name: string, among?: readonly T[]): T | undefined {
    try {
        const value = localStorage.getItem('infra.' + name) as T | null;
        return value !== null && (!among || among.includes(value)) ? value : undefined;
    } catch {
        return undefined;
    }
}

export function keep(name: string, value: string): void {
    try {
        localStorage.setItem('infra.' + name, value);
    } catch {
        // then not
    }
}
