import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { attach, attachWithWords, openApp, point, products, rejection, stored } from './support.js'

const places = [
  ['a file', () => openApp()],
  ['a file that is not in WAL mode', () => openApp({ journal: 'delete' })],
  [':memory:', () => openApp({ path: ':memory:' })],
] as const

describe.each(places)('insertSync inside the transaction of the app, in %s', (_, open) => {
  test('is rolled back with it, and committed with it', async () => {
    const app = open()
    const { db, words } = await attachWithWords(app)
    const write = app.transaction((name: string, fails: boolean) => {
      app.prepare('INSERT INTO product VALUES (?)').run(name)
      expect(words.insertSync([point(name, 1)])).toEqual({ inserted: 1, replaced: 0 })
      if (fails) throw new Error('no')
    })

    expect(() => write('lost', true)).toThrow('no')
    expect([products(app), await stored(db), await words.stats()]).toEqual([[], [], { entities: 0, observations: 0 }])
    write('kept', false)
    expect([products(app), await stored(db), await words.stats()]).toEqual([['kept'], ['kept 1'], { entities: 1, observations: 1 }])
    expect(await db.verify()).toMatchObject({ ok: true })
  })

  test('that fails takes back only itself', async () => {
    const app = open()
    const { db, words } = await attachWithWords(app)
    app.exec("CREATE TRIGGER no_c BEFORE INSERT ON chronode_entity WHEN new.id = 'c' BEGIN SELECT raise(ABORT, 'no c'); END")
    app.exec("BEGIN; INSERT INTO product VALUES ('kept')")
    words.insertSync([point('a', 1)])
    expect(() => words.insertSync([point('b', 1), point('c', 1)])).toThrow(/no c/)
    expect(app.inTransaction).toBe(true)
    app.exec('COMMIT; DROP TRIGGER no_c')
    expect([products(app), await stored(db)]).toEqual([['kept'], ['a 1']])
    expect(await db.verify()).toMatchObject({ ok: true })
  })

  test('is part of a savepoint of the app, whatever its name', async () => {
    const app = open()
    const { db, words } = await attachWithWords(app)
    app.exec('BEGIN; SAVEPOINT chronode')
    words.insertSync([point('a', 1)])
    app.exec('ROLLBACK TO chronode; RELEASE chronode')
    words.insertSync([point('b', 1)])
    app.exec('COMMIT')
    expect(await stored(db)).toEqual(['b 1'])
  })

  test('is seen by reads inside, and nothing of it is remembered after a rollback', async () => {
    const app = open()
    const { db, words } = await attachWithWords(app)
    await words.insert([point('a', 1)])
    await words.setAttributes('a', { state: 'committed' })
    expect(await stored(db)).toEqual(['a 1'])

    for (const round of [1, 2]) {
      app.exec('BEGIN')
      words.insertSync([point('a', 5 + round), point('new', round)])
      expect(await stored(db)).toEqual(['a 1', `a ${5 + round}`, `new ${round}`])
      expect(await words.stats()).toEqual({ entities: 2, observations: 3 })
      expect((await words.trajectory({ entity: 'a' })).timestamps).toEqual(Float64Array.of(1, 5 + round))
      expect(await words.predict({ entity: 'new', at: 100 })).toMatchObject([{ entity: 'new', method: 'last' }])
      app.exec('ROLLBACK')
      expect(await stored(db)).toEqual(['a 1'])
      expect(await words.stats()).toEqual({ entities: 1, observations: 1 })
      expect(await rejection(words.trajectory({ entity: 'new' }))).toMatchObject({ code: 'NOT_FOUND' })
    }
    words.insertSync([point('new', 9)]) // the same keys and generations as those that were rolled back, with other rows
    expect((await words.trajectory({ entity: 'new' })).timestamps).toEqual(Float64Array.of(9))
    expect(await db.verify()).toMatchObject({ ok: true })
  })

  test('outside of one it is its own', async () => {
    const app = open()
    const { db, words } = await attachWithWords(app)
    words.insertSync([point('a', 1)])
    expect(app.inTransaction).toBe(false)
    expect(await stored(db)).toEqual(['a 1'])
  })
})

describe.each(places)('awaited writes, in %s', (_, open) => {
  test("wait until the app's transaction has ended, and are not part of it", async () => {
    const app = open()
    const { db, words } = await attachWithWords(app)
    app.exec("BEGIN; INSERT INTO product VALUES ('x')")
    const done: string[] = []
    const writes = [
      words.insert([point('a', 1)]).then(() => done.push('insert')),
      words.setAttributes('a', { n: 1 }).then(() => done.push('attributes')),
      db.createCollection('more', { dimension: 1 }).then(() => done.push('create')),
    ]
    await pause(40)
    expect(done).toEqual([])
    app.exec('ROLLBACK')
    await Promise.all(writes)

    expect(done).toEqual(['insert', 'attributes', 'create'])
    expect([products(app), await words.attributes('a')]).toEqual([[], { n: 1 }])
  })

  test('give up after busy_timeout_ms, and say why', async () => {
    const app = open()
    const { words } = await attachWithWords(app, { storage: { busy_timeout_ms: 40 } })
    app.exec('BEGIN')
    const error = await rejection(words.insert([point('a', 1)]))
    expect(error).toMatchObject({ name: 'StorageError', code: 'STORAGE_BUSY' })
    expect(error.message).toMatch(/has a transaction open .* did not end within busy_timeout_ms\. End it .* insertSync\(\)/)
    app.exec('COMMIT')
    expect(await words.insert([point('a', 1)])).toEqual({ inserted: 1, replaced: 0 })
  })

  test('asked for inside a transaction function come after it', async () => {
    const app = open()
    const { db, words } = await attachWithWords(app)
    let inserting: Promise<unknown> | undefined
    expect(() =>
      app.transaction(() => {
        inserting = words.insert([point('a', 1)])
        throw new Error('rolled back')
      })(),
    ).toThrow('rolled back')
    await inserting
    expect(await stored(db)).toEqual(['a 1'])
  })

  test('wait while the app is in the middle of an iteration; insertSync cannot', async () => {
    const app = open()
    const { words } = await attachWithWords(app, { storage: { busy_timeout_ms: 5000 } })
    app.exec("INSERT INTO product VALUES ('x'), ('y')")
    let inserting: Promise<unknown> | undefined
    for (const _row of app.prepare('SELECT name FROM product').iterate()) {
      inserting ??= words.insert([point('a', 1)])
      expect(() => words.insertSync([point('b', 1)])).toThrow(
        expect.objectContaining({ code: 'STORAGE_BUSY', message: expect.stringMatching(/End that iteration/) }),
      )
      await pause(5)
    }
    expect(await inserting).toEqual({ inserted: 1, replaced: 0 })
    expect(await words.stats()).toEqual({ entities: 1, observations: 1 })
  })
})

test.each(places)('reading goes on while the app is in the middle of an iteration, in %s', async (_, open) => {
  const app = open()
  const { db, words } = await attachWithWords(app)
  await words.insert([point('a', 1)])
  app.exec("INSERT INTO product VALUES ('x')")
  for (const _row of app.prepare('SELECT name FROM product').iterate()) {
    expect([await stored(db), await words.stats(), await db.verify()]).toMatchObject([['a 1'], { entities: 1 }, { ok: true }])
  }
})

test('a long delete ends within the turn it began in: nothing of the app can come between its parts', async () => {
  const app = openApp()
  const { words } = await attachWithWords(app)
  await words.insert(Array.from({ length: 5000 }, (_, i) => point('a', i)))
  let wasInTransaction = false
  const watching = setInterval(() => {
    wasInTransaction ||= app.inTransaction
  }, 0)
  expect(await words.delete({ entity: 'a' })).toBe(5000)
  await pause(5)
  clearInterval(watching)
  expect(wasInTransaction).toBe(false)
})

test('a statement whose transaction ends before it has read all says so', async () => {
  const app = openApp()
  const { db, words } = await attachWithWords(app)
  await words.insert(Array.from({ length: 3000 }, (_, i) => point(`e${i}`, 1)))
  app.exec('BEGIN')
  const rows = db.prepare('SELECT entity').iterate()
  expect(await rows.next()).toMatchObject({ done: false })
  app.exec('COMMIT')
  const error = await rejection(
    (async () => {
      for await (const _row of rows);
    })(),
  )
  expect(error).toMatchObject({ code: 'QUERY_ABORTED' })
  expect(error.message).toContain('Await the statement before COMMIT or ROLLBACK')
})

test('two databases attached to one connection see what the other writes', async () => {
  const app = openApp()
  const { db, words } = await attachWithWords(app)
  const other = await attach(app)
  expect(await stored(other)).toEqual([])
  await words.insert([point('a', 1)])
  expect([await other.collection('words').stats(), await stored(other)]).toEqual([{ entities: 1, observations: 1 }, ['a 1']])
  await other.dropCollection('words')
  expect(db.collections()).toEqual([])
})

test('without foreign keys, removing and dropping leave nothing behind', async () => {
  const app = openApp()
  app.pragma('foreign_keys = OFF')
  const { db, words } = await attachWithWords(app)
  await words.insert([point('a', 1), point('b', 1)])
  await words.removeEntity('a')
  expect(app.prepare('SELECT count(*) FROM chronode_observation').pluck().get()).toBe(1)
  await db.dropCollection('words')
  for (const table of ['collection', 'entity', 'observation', 'removed_entity']) {
    expect(app.prepare(`SELECT count(*) FROM chronode_${table}`).pluck().get()).toBe(0)
  }
})
