import { describe, expect, test } from 'vitest'
import type { Collection } from '../../src/index.js'
import { randomNumbers } from '../support/random-numbers.js'
import { type App, attachWithWords, openApp, point, stored } from './support.js'

/** What should be there: `entity timestamp`. */
type Model = Set<string>

/** An app that begins, nests, commits and takes back transactions, and the plain sets that say what is left of each. */
class Player {
  readonly #committed: Model[]

  constructor(
    private readonly app: App,
    private readonly words: Collection,
  ) {
    this.#committed = [new Set()]
  }

  /** As the app's connection sees it. */
  get seen(): string[] {
    return [...this.#committed.at(-1)!].sort()
  }

  get depth(): number {
    return this.#committed.length - 1
  }

  begin(): void {
    this.app.exec(this.depth === 0 ? 'BEGIN' : `SAVEPOINT level${this.depth}`)
    this.#committed.push(new Set(this.#committed.at(-1)))
  }

  keep(): void {
    if (this.depth === 0) return
    this.app.exec(this.depth === 1 ? 'COMMIT' : `RELEASE level${this.depth - 1}`)
    this.#committed.splice(-2, 1)
  }

  takeBack(): void {
    if (this.depth === 0) return
    const level = `level${this.depth - 1}`
    this.app.exec(this.depth === 1 ? 'ROLLBACK' : `ROLLBACK TO ${level}; RELEASE ${level}`)
    this.#committed.pop()
  }

  insert(entity: string, timestamp: number): void {
    this.words.insertSync([point(entity, timestamp)])
    this.#committed.at(-1)!.add(`${entity} ${timestamp}`)
  }

  async remove(entity: string): Promise<void> {
    if (this.depth > 0) return
    await this.words.removeEntity(entity)
    for (const key of this.#committed[0]!) if (key.startsWith(`${entity} `)) this.#committed[0]!.delete(key)
  }
}

/** The same by functions in the app's SQL, which answer what the app sees or not at all. */
function inSql(app: App): unknown {
  const trajectories =
    "SELECT t.entity || ' ' || CAST(t.timestamp AS INTEGER) FROM chronode_as_of('words') a JOIN chronode_trajectory('words', a.entity) t"
  try {
    return app.prepare(trajectories).pluck().all().sort()
  } catch (error) {
    return (error as { code: unknown }).code
  }
}

describe.each([
  ['a file', () => openApp()],
  ['a file that is not in WAL mode', () => openApp({ journal: 'delete' })],
  [':memory:', () => openApp({ path: ':memory:' })],
])('in %s', (_, open) => {
  test('random transactions of the app leave, and show at each step, what plain sets hold', { timeout: 60_000 }, async () => {
    const random = randomNumbers(20_26)
    const app = open()
    const { db, words } = await attachWithWords(app)
    const hasFunctions = !app.memory
    if (hasFunctions) db.registerSqlFunctions()
    const player = new Player(app, words)
    for (let step = 0; step < 400; step++) {
      const dice = random()
      if (dice < 0.15 && player.depth < 3) player.begin()
      else if (dice < 0.25) player.keep()
      else if (dice < 0.38) player.takeBack()
      else if (dice < 0.43) await player.remove(`e${Math.floor(random() * 4)}`)
      else player.insert(`e${Math.floor(random() * 4)}`, 1 + Math.floor(random() * 20))

      const { seen } = player
      expect((await stored(db)).sort()).toEqual(seen)
      expect((await words.stats()).observations).toBe(seen.length)
      if (hasFunctions) expect([player.depth === 0 ? seen : 'STORAGE_BUSY', seen]).toContainEqual(inSql(app))
    }
    while (player.depth > 0) player.takeBack()
    expect((await stored(db)).sort()).toEqual(player.seen)
    expect(await db.verify()).toMatchObject({ ok: true, problems: [] })
  })
})
