import { openDatabase } from 'chronode'
import { nameOf, Source } from './observations.ts'

const PER_ENTITY = 1000
const BATCH = 1000

/** One task on one file, then the memory peak of this process on stdout, in KiB. */
export type FootprintTask = 'insertMany' | 'iterate' | 'trajectory'

const [task, path, countText, dimensionText] = process.argv.slice(2)
const count = Number(countText)
const dimension = Number(dimensionText)
await using db = await openDatabase({ storage: { path: path! } })
const collection = await db.createCollection('walks', { dimension, metric: 'l2' })
switch (task as FootprintTask) {
  case 'insertMany':
    await collection.insertMany(observations(), { batchSize: BATCH })
    break
  case 'iterate':
    await iterated()
    break
  case 'trajectory':
    for (let entity = 0; entity < count / PER_ENTITY; entity++) await collection.trajectory({ entity: nameOf(entity) })
}
console.log(process.resourceUsage().maxRSS)

function* observations() {
  for (const batch of new Source(dimension).sorted(count, PER_ENTITY, BATCH)) yield* batch
}

async function iterated(): Promise<void> {
  let rows = 0
  for await (const _ of db.prepare('SELECT entity, timestamp, vector FROM walks').iterate()) rows++
  if (rows !== count) throw new Error(`${rows} rows came of ${count}`)
}
