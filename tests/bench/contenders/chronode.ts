import { openDatabase } from 'chronode'
import type { Contender } from './contender.ts'

export async function openChronode(path: string, dimension: number): Promise<Contender> {
  const db = await openDatabase({ storage: { path } })
  const collection = await db.createCollection('walks', { dimension, metric: 'l2' })
  const asOf = db.prepare('SELECT vector FROM walks AS OF $1 FOR ENTITY $2')
  const nearest = db.prepare("NEAREST $1 TO $2 FROM walks BETWEEN '1970-01-01' AND '2100-01-01'")
  return {
    name: 'Chronode',
    insert: async (batch) => void (await collection.insert(batch)),
    finish() {},
    trajectory: async (entity) => (await collection.trajectory({ entity })).vectors,
    newestBefore: async (entity, at) => (await asOf.all([at, entity])).rows[0]!['vector'] as Float32Array,
    nearest: async (query, k) => (await nearest.all([k, query])).rows.length,
    close: () => db.close(),
  }
}
