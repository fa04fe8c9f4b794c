import { afterAll } from 'vitest'
import { type Database, DatabaseError, openDatabase } from '../../src/index.js'

/** What the one row of `answerTo` has. */
const PAYLOAD = { n: 7, t: 'x', yes: true, day: '2024-03-01', list: [1, 2], v: [3, 4], deep: { n: 1 }, empty: null }

/** One collection, one entity, one observation: `a`, 2024-01-31, [3, 4]. */
async function openOne(): Promise<Database> {
  const db = await openDatabase({ storage: { path: ':memory:' } })
  const one = await db.createCollection('one', { dimension: 2, metric: 'l2' })
  await one.insert([{ entity: 'a', timestamp: '2024-01-31', vector: [3, 4], payload: PAYLOAD }])
  return db
}

let opened: Promise<Database> | undefined
afterAll(async () => (await opened)?.close())

/** What an expression is for one observation. */
export async function answerTo(expression: string, values: unknown[] = []): Promise<unknown> {
  opened ??= openOne()
  const db = await opened
  const { rows } = await db.query(`SELECT ${expression} AS x`, values)
  return rows[0]!['x']
}

/** The mistake in an expression, with carets below the place where it is. */
export async function mistakeIn(expression: string, values: unknown[] = []): Promise<{ code: string; message: string; carets: string }> {
  opened ??= openOne()
  const db = await opened
  try {
    await db.query(`SELECT ${expression}`, values)
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    const [message, , , carets] = error.message.split('\n')
    return { code: error.code, message: message!, carets: carets!.slice('  | SELECT '.length) }
  }
  throw new Error(`${expression} was accepted`)
}
