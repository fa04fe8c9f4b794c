import { Recent } from './recent.js'
import type { Strip } from './strip.js'

/**
 * The strips of one collection, by key, and which of their entries are whose.
 *
 * An entry that is added only points at the one before of its entity, in typed memory: half a million take 10 to 25 ms, where a list for each entity took 100.
 * An entity that is asked for gets its list then.
 */
export class StripIndex {
  /** By key. */
  strips: Strip[] = []
  #lists = new Map<number, Recent>()
  #newest = new NewestEntries()
  /** Beside `strips`: for each entry the number of the strip of the one before of its entity [count], and its position there [count]. */
  #before: Int32Array[] = []
  /** Of `strips[0]`. They are numbered one after another; what is less is gone, or nothing. */
  #firstNumber = 1
  /** Entries of strips that are gone, and may still be known here. */
  #gone = 0

  /** Makes room at once for so many entities: to make more of it later takes long where there are many. */
  expect(entityCount: number): void {
    this.#newest.reserve(entityCount)
  }

  /** @param strip  Newer than all others. */
  add(strip: Strip): void {
    const { count, entityKeys } = strip
    const number = this.#firstNumber + this.strips.length
    const before = new Int32Array(2 * count)
    for (let i = 0; i < count; i++) {
      const key = entityKeys[i]!
      const list = this.#lists.size === 0 ? undefined : this.#lists.get(key)
      if (list === undefined) this.#newest.replace(key, number, i, before, count)
      else list.add(strip, i)
    }
    this.strips.push(strip)
    this.#before.push(before)
  }

  /** What strips hold of an entity beyond those that were settled; undefined: nothing. */
  recent(entity: number, settledStrip: number): Recent | undefined {
    const recent = this.#lists.get(entity) ?? this.#list(entity)
    if (recent === undefined) return undefined
    recent.settle(settledStrip)
    if (recent.count > 0) return recent
    this.#lists.delete(entity)
    return undefined
  }

  #list(entity: number): Recent | undefined {
    let [number, position] = this.#newest.take(entity)
    if (number < this.#firstNumber) return undefined
    const recent = new Recent()
    while (number >= this.#firstNumber) {
      const i = number - this.#firstNumber
      const before = this.#before[i]!
      const { count } = this.strips[i]!
      recent.add(this.strips[i]!, position)
      number = before[position]!
      position = before[count + position]!
    }
    recent.strips.reverse()
    recent.positions.reverse()
    this.#lists.set(entity, recent)
    return recent
  }

  /** Strips leave at the front. @returns those that have left. */
  drop(count: number): readonly Strip[] {
    const dropped = this.strips.splice(0, count)
    this.#before.splice(0, count)
    this.#firstNumber += count
    this.#gone += entryCount(dropped)
    if (this.#gone > entryCount(this.strips)) this.#rebuild()
    return dropped
  }

  #rebuild(): void {
    const { strips } = this
    this.strips = []
    this.#before = []
    this.#lists = new Map()
    this.#newest = new NewestEntries()
    this.#firstNumber = 1
    this.#gone = 0
    for (const strip of strips) {
      strip.unsettled = strip.count
      this.add(strip)
    }
  }
}

function entryCount(strips: readonly Strip[]): number {
  return strips.reduce((sum, { count }) => sum + count, 0)
}

const FREE = 0
const TAKEN = -1

const SLOTS_MIN_BITS = 6
/** Keys that follow one another mostly come one after another: they lie side by side in runs of 16. */
const RUN_BITS = 4
const RUN_MASK = 2 ** RUN_BITS - 1
/** 2^32 / golden ratio. Source: Fibonacci hashing, Knuth, TAOCP 3, 6.4. */
const FIBONACCI = 0x9e3779b1

/** Where the newest entry of each entity lies: a hash table in typed memory, half full at most. Source: linear probing, Knuth, TAOCP 3, 6.4, algorithm L. */
class NewestEntries {
  #bits = SLOTS_MIN_BITS
  #keys = new Float64Array(2 ** SLOTS_MIN_BITS)
  /** Of the strip; FREE: there is no such key yet, TAKEN: nothing any more. */
  #numbers = new Int32Array(2 ** SLOTS_MIN_BITS)
  #positions = new Int32Array(2 ** SLOTS_MIN_BITS)
  #used = 0

  /** Puts another entry there. What was there goes to `before`, at `position` and `count + position`. */
  replace(key: number, number: number, position: number, before: Int32Array, count: number): void {
    const slot = this.#slotOf(key)
    const numberBefore = this.#numbers[slot]!
    before[position] = numberBefore
    before[count + position] = this.#positions[slot]!
    this.#numbers[slot] = number
    this.#positions[slot] = position
    if (numberBefore !== FREE) return
    this.#keys[slot] = key
    if (++this.#used * 2 > this.#numbers.length) this.#grow(this.#bits + 2)
  }

  take(key: number): [number: number, position: number] {
    const slot = this.#slotOf(key)
    const number = this.#numbers[slot]!
    if (number !== FREE) this.#numbers[slot] = TAKEN
    return [number, this.#positions[slot]!]
  }

  /** Of this key, or a free one. */
  #slotOf(key: number): number {
    const keys = this.#keys
    const numbers = this.#numbers
    const mask = numbers.length - 1
    let slot = ((Math.imul(key >>> RUN_BITS, FIBONACCI) >>> (32 + RUN_BITS - this.#bits)) << RUN_BITS) + (key & RUN_MASK)
    while (keys[slot] !== key && numbers[slot] !== FREE) slot = (slot + 1) & mask
    return slot
  }

  /** @param count  Of keys. */
  reserve(count: number): void {
    const bits = Math.ceil(Math.log2(2 * count))
    if (bits > this.#bits) this.#grow(bits)
  }

  #grow(bits: number): void {
    const [keys, numbers, positions] = [this.#keys, this.#numbers, this.#positions]
    this.#bits = bits
    const slots = 2 ** bits
    this.#keys = new Float64Array(slots)
    this.#numbers = new Int32Array(slots)
    this.#positions = new Int32Array(slots)
    for (let i = 0; i < numbers.length; i++) {
      if (numbers[i] === FREE) continue
      const slot = this.#slotOf(keys[i]!)
      this.#keys[slot] = keys[i]!
      this.#numbers[slot] = numbers[i]!
      this.#positions[slot] = positions[i]!
    }
  }
}
