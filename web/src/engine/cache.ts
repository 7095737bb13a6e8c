/** Keeps the most recently used values, so that undo shows at once what has been seen before. */
export class RecentCache<Value> {
  private readonly values = new Map<string, Value>();

  constructor(
    private readonly capacity: number,
    private readonly release: (value: Value) => void = () => undefined,
  ) {}

  get(key: string): Value | undefined {
    const value = this.values.get(key);
    if (value === undefined) return undefined;
    this.values.delete(key);
    this.values.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    const old = this.values.get(key);
    if (old !== undefined && old !== value) this.release(old);
    this.values.delete(key);
    this.values.set(key, value);
    if (this.values.size <= this.capacity) return;
    const [oldest] = this.values;
    if (!oldest) return;
    this.values.delete(oldest[0]);
    this.release(oldest[1]);
  }

  get size(): number {
    return this.values.size;
  }

  clear(): void {
    for (const value of this.values.values()) this.release(value);
    this.values.clear();
  }
}
