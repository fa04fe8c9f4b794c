/** What all connections of one store may keep in memory beyond what they are working on: a share of `memory_limit`. */
export class MemoryAccount {
  #left: number

  constructor(limitBytes: number) {
    this.#left = limitBytes
  }

  hasRoom(bytes: number): boolean {
    return bytes <= this.#left
  }

  /** @returns whether there is room; if so it is taken until `release`. */
  reserve(bytes: number): boolean {
    if (!this.hasRoom(bytes)) return false
    this.#left -= bytes
    return true
  }

  release(bytes: number): void {
    this.#left += bytes
  }
}
