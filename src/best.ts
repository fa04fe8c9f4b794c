import { sortedStepwise } from './stepwise-sort.js'

/** Items that are kept beyond those that are wanted, until the next cut. */
const SURPLUS_MAX = 4096

/** The best of what comes, some at a time. */
export class Best<Item> {
  #items: Item[] = []

  /**
   * @param count  How many are wanted.
   * @param compare  The better one first; of equal ones the one that came first is better.
   * @param thin  Leaves out of those in order what cannot be among the best.
   */
  constructor(
    private readonly count: number,
    private readonly compare: (a: Item, b: Item) => number,
    private readonly thin?: (inOrder: Item[]) => Generator<void, Item[]>,
  ) {}

  /** It is time to `cut`. */
  get isFull(): boolean {
    return this.#items.length >= 2 * this.count + SURPLUS_MAX
  }

  add(item: Item): void {
    this.#items.push(item)
  }

  /** Keeps those that may be among the best. Yields where it may pause. @returns them, the best first. */
  *cut(): Generator<void, readonly Item[]> {
    const inOrder = yield* sortedStepwise(this.#items, this.compare)
    const left = this.thin === undefined ? inOrder : yield* this.thin(inOrder)
    this.#items = left.length > this.count ? left.slice(0, this.count) : left
    return this.#items
  }
}
