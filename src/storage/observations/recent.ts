import type { Strip } from './strip.js'

/** What the strips hold of one entity, in time order, from `start` on. Before it is what has been settled. */
export class Recent {
  readonly strips: Strip[] = []
  readonly positions: number[] = []
  start = 0

  get count(): number {
    return this.strips.length - this.start
  }

  get firstTimestamp(): number {
    return this.timestamp(this.start)
  }

  get lastTimestamp(): number {
    return this.timestamp(this.strips.length - 1)
  }

  /** @param i  From `start` to before `strips.length`. */
  timestamp(i: number): number {
    return this.strips[i]!.timestamps[this.positions[i]!]!
  }

  add(strip: Strip, position: number): void {
    this.strips.push(strip)
    this.positions.push(position)
  }

  /** What strips up to this key hold is somewhere else by now. */
  settle(strip: number): void {
    while (this.start < this.strips.length && this.strips[this.start]!.key <= strip) this.strips[this.start++]!.unsettled--
  }
}
