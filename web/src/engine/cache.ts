/**
 * Keeps the most recently used values, so that undo shows at once what has been seen before: as many as cost no more
 * than the capacity together, and always the last.
 */
export class RecentCache<Value> {
  private readonly values = new Map<string, Value>();
  private spent = 0;

  constructor(
    private readonly capacity: number,
    private readonly release: (value: Value) => void = () => undefined,
    private readonly cost: (value: Value) => number = () => 1,
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
    if (old !== undefined) this.spent -= this.cost(old);
    if (old !== undefined && old !== value) this.release(old);
    this.values.delete(key);
    this.values.set(key, value);
    this.spent += this.cost(value);
    for (const [name, oldest] of this.values) {
      if (this.spent <= this.capacity || this.values.size === 1) return;
      this.values.delete(name);
      this.spent -= this.cost(oldest);
      this.release(oldest);
    }
  }

  get size(): number {
    return this.values.size;
  }

  clear(): void {
    for (const value of this.values.values()) this.release(value);
    this.values.clear();
    this.spent = 0;
  }
}
