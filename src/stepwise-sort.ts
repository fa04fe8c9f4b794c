/** How many items are sorted, or merged, in one step: well below a millisecond's worth. */
const STEP_ITEMS = 1024

/**
 * Sorts by merging, in steps that others may be let in between; items that are equal keep their order.
 *
 * @returns the items in order, in this array or another. What the given one holds afterwards is left open.
 * Cost: O(n log n); what is in order already is only looked through.
 */
export function* sortedStepwise<Item>(items: Item[], compare: (a: Item, b: Item) => number): Generator<void, Item[]> {
  if (yield* isInOrder(items, compare)) return items
  for (let start = 0; start < items.length; start += STEP_ITEMS) {
    const run = items.slice(start, start + STEP_ITEMS).sort(compare)
    for (let i = 0; i < run.length; i++) items[start + i] = run[i]!
    yield
  }
  let from = items
  let to = items.length > STEP_ITEMS ? items.slice() : items
  for (let width = STEP_ITEMS; width < items.length; width *= 2) {
    for (let start = 0; start < items.length; start += 2 * width) yield* merge(from, to, start, start + width, start + 2 * width, compare)
    ;[from, to] = [to, from]
  }
  return from
}

function* isInOrder<Item>(items: readonly Item[], compare: (a: Item, b: Item) => number): Generator<void, boolean> {
  for (let i = 1; i < items.length; i++) {
    if (compare(items[i - 1]!, items[i]!) > 0) return false
    if (i % STEP_ITEMS === 0) yield
  }
  return true
}

/** Merges `from[start, middle)` and `from[middle, end)`, both in order, into `to`. Either may be cut off by the end of all. */
function* merge<Item>(
  from: readonly Item[],
  to: Item[],
  start: number,
  middle: number,
  end: number,
  compare: (a: Item, b: Item) => number,
): Generator<void> {
  const leftEnd = Math.min(middle, from.length)
  const rightEnd = Math.min(end, from.length)
  let left = start
  let right = leftEnd
  for (let i = start; i < rightEnd; i++) {
    const takesLeft = left < leftEnd && (right >= rightEnd || compare(from[left]!, from[right]!) <= 0)
    to[i] = takesLeft ? from[left++]! : from[right++]!
    if (i % STEP_ITEMS === 0) yield
  }
}
