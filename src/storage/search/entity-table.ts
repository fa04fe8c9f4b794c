/** Keys are given one after another, so a page of them is mostly of one collection. */
const PAGE_KEYS = 64

/** Entities by their key. A `Map` of a million takes 60 ms each time it must grow; pages are so few that theirs does not. */
export class EntityTable<Entity> {
  readonly #pages = new Map<number, (Entity | undefined)[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: number): Entity | undefined {
    return this.#pages.get(Math.floor(key / PAGE_KEYS))?.[key % PAGE_KEYS]
  }

  set(key: number, entity: Entity): void {
    const number = Math.floor(key / PAGE_KEYS)
    let page = this.#pages.get(number)
    if (page === undefined) {
      page = new Array<Entity | undefined>(PAGE_KEYS).fill(undefined)
      this.#pages.set(number, page)
    }
    if (page[key % PAGE_KEYS] === undefined) this.#size++
    page[key % PAGE_KEYS] = entity
  }

  /** @param key  One that is there. */
  delete(key: number): void {
    const number = Math.floor(key / PAGE_KEYS)
    const page = this.#pages.get(number)!
    page[key % PAGE_KEYS] = undefined
    if (page.every((entity) => entity === undefined)) this.#pages.delete(number)
    this.#size--
  }
}
