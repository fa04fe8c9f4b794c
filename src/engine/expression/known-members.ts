/** A list is hashed in so many parts. A prime: whole days in milliseconds are multiples of a power of two. */
const PARTS = 61

/**
 * The members of a list that are the same for every row. They are hashed in parts, each when it is first looked into: 100,000 texts at once would hold the
 * event loop for 30 ms.
 */
export class KnownMembers {
  private readonly values: unknown[]
  private parts: (unknown[] | Set<unknown>)[] | undefined
  private countByType = new Map<string, number>()

  constructor(values: readonly unknown[]) {
    this.values = [...values]
  }

  /** Before any is looked for. */
  add(value: unknown): void {
    this.values.push(value)
  }

  /** @returns null: it is equal to none, and some are NULL or of another kind. */
  has(value: unknown): boolean | null {
    if (this.values.length === 0) return false
    if (value === null || typeof value === 'object') return null
    if (this.partOf(value).has(value)) return true
    return this.countByType.get(typeof value) === this.values.length ? false : null
  }

  private partOf(value: unknown): ReadonlySet<unknown> {
    this.parts ??= this.divided()
    const index = partIndex(value)
    const part = this.parts[index]!
    if (part instanceof Set) return part
    const hashed = new Set(part)
    this.parts[index] = hashed
    return hashed
  }

  private divided(): unknown[][] {
    const parts = Array.from({ length: PARTS }, (): unknown[] => [])
    for (const value of this.values) {
      parts[partIndex(value)]!.push(value)
      this.countByType.set(typeof value, (this.countByType.get(typeof value) ?? 0) + 1)
    }
    return parts
  }
}

/** Of what is equal the same. */
function partIndex(value: unknown): number {
  if (typeof value === 'number') return Math.abs(Math.trunc(value) % PARTS)
  if (typeof value !== 'string') return 0
  const { length } = value
  if (length === 0) return 0
  const [middle, last] = [value.charCodeAt(length >> 1), value.charCodeAt(length - 1)]
  return (((length * 31 + middle) * 31 + last) * 31 + value.charCodeAt(Math.max(0, length - 2))) % PARTS
}
