import type { Batch } from '../observations.ts'
import { type Arrow, type ArrowTable, tableOf, vectorsOf } from './arrow.ts'
import type { Contender } from './contender.ts'
import { importPeer } from './install.ts'

interface Query {
  where(condition: string): Query
  select(columns: readonly string[]): Query
  distanceType(metric: 'l2'): Query
  limit(rows: number): Query
  toArrow(): Promise<ArrowTable>
}

interface Table {
  add(data: ArrowTable): Promise<unknown>
  createIndex(column: string, options: { config: object }): Promise<void>
  optimize(options: { cleanupOlderThan: Date }): Promise<unknown>
  query(): Query
  vectorSearch(query: Float32Array): Query
  close(): void
}

interface LanceDb {
  connect(path: string): Promise<{ createTable(name: string, data: ArrowTable): Promise<Table>; close(): void }>
  Index: { btree(): object }
}

/** One Arrow table a batch, then a B-tree over the entities and one compaction. It has no order by time: rows are sorted here where they came out of it. */
export async function openLanceDb(path: string, dimension: number): Promise<Contender> {
  const lance = await importPeer<LanceDb>('@lancedb/lancedb')
  const arrow = await importPeer<Arrow>('apache-arrow')
  const database = await lance.connect(path)
  let table: Table | undefined
  const read = async (condition: string) => vectorsOf(await table!.query().where(condition).select(['timestamp', 'vector']).toArrow(), dimension)
  return {
    name: 'LanceDB',
    async insert(batch: Batch) {
      const rows = tableOf(arrow, batch, dimension)
      if (table === undefined) table = await database.createTable('observation', rows)
      else await table.add(rows)
    },
    async finish() {
      await table!.createIndex('entity', { config: lance.Index.btree() })
      await table!.optimize({ cleanupOlderThan: new Date() })
    },
    trajectory: (entity) => read(`entity = '${entity}'`),
    async newestBefore(entity, at) {
      const vectors = await read(`entity = '${entity}' AND timestamp <= ${at}`)
      return vectors.subarray(-dimension)
    },
    async nearest(query, k) {
      const found = await table!.vectorSearch(query).distanceType('l2').select(['timestamp', '_distance']).limit(k).toArrow()
      return found.numRows
    },
    close() {
      table?.close()
      database.close()
    },
  }
}
