import type { Collection, Database, JsonObject, JsonValue } from '../../index.js'

/** What one line of an export says. */
export interface ExportRow {
  readonly entity: string
  /** Undefined, with the vector: the entity has no observation, and the line keeps it and its attributes. */
  readonly timestamp: number | undefined
  readonly vector: Float32Array | undefined
  readonly payload: JsonValue | undefined
  /** On the first line of each entity that has any. */
  readonly attributes: JsonObject | undefined
}

interface EntityHead {
  readonly id: string
  readonly observations: number
  readonly attributes: JsonObject | null
}

interface StoredRow {
  readonly entity: string
  readonly timestamp: number
  readonly vector: Float32Array
  readonly payload: JsonValue
  readonly [column: string]: unknown
}

const ROWS_AT_ONCE = 10_000
const ENTITIES_AT_ONCE = 500

/**
 * All of a collection, by entity id, then time.
 *
 * The rows of some entities, or a stretch of one, are read at a time: no reading is so long that it keeps the write-ahead log from being cut
 * back. While others write, each of these is as it is when it is read; a backup is of one moment.
 */
export async function* exportRows(db: Database, collection: Collection): AsyncGenerator<readonly ExportRow[]> {
  const heads: EntityHead[] = []
  for await (const { entity, observations, attributes } of collection.entities()) heads.push({ id: entity, observations, attributes })
  for (const group of groupsOf(heads)) {
    const [only] = group
    if (group.length === 1 && only!.observations > ROWS_AT_ONCE) yield* longRows(db, collection, only!)
    else yield withHeads(group, await rowsOf(db, collection, group))
  }
}

/** Neighbours that together have few enough rows, or a single one. */
function* groupsOf(heads: readonly EntityHead[]): Generator<readonly EntityHead[]> {
  let group: EntityHead[] = []
  let rows = 0
  for (const head of heads) {
    if (group.length > 0 && (rows + head.observations > ROWS_AT_ONCE || group.length === ENTITIES_AT_ONCE)) {
      yield group
      group = []
      rows = 0
    }
    group.push(head)
    rows += head.observations
  }
  if (group.length > 0) yield group
}

async function rowsOf(db: Database, { name }: Collection, group: readonly EntityHead[]): Promise<StoredRow[]> {
  const ids = group.filter(({ observations }) => observations > 0).map(({ id }) => id)
  if (ids.length === 0) return []
  const { rows } = await db.query<StoredRow>(`SELECT entity, timestamp, vector, payload FROM ${quoted(name)} FOR ENTITIES $1`, [ids])
  return rows as StoredRow[]
}

async function* longRows(db: Database, { name }: Collection, head: EntityHead): AsyncGenerator<readonly ExportRow[]> {
  const columns = 'SELECT entity, timestamp, vector, payload FROM'
  const first = `${columns} ${quoted(name)} FOR ENTITY $1 ORDER BY timestamp LIMIT ${ROWS_AT_ONCE}`
  const later = `${columns} ${quoted(name)} FOR ENTITY $1 SINCE $2 ORDER BY timestamp LIMIT ${ROWS_AT_ONCE + 1}`
  let last: number | undefined
  for (;;) {
    const { rows } = await (last === undefined ? db.query<StoredRow>(first, [head.id]) : db.query<StoredRow>(later, [head.id, last]))
    const fresh = (rows as StoredRow[]).filter(({ timestamp }) => last === undefined || timestamp > last) // SINCE includes its moment
    if (fresh.length === 0) return
    yield last === undefined ? withHeads([head], fresh) : fresh.map((row) => exported(row, undefined))
    last = fresh.at(-1)!.timestamp
  }
}

/** In the order of the heads, each with its attributes on its first row, or alone where it has none. */
function withHeads(heads: readonly EntityHead[], rows: readonly StoredRow[]): ExportRow[] {
  const byEntity = Map.groupBy(rows, ({ entity }) => entity)
  return heads.flatMap(({ id, attributes }) => {
    const own = byEntity.get(id) ?? []
    if (own.length === 0) return [{ entity: id, timestamp: undefined, vector: undefined, payload: undefined, attributes: attributes ?? undefined }]
    return own.map((row, i) => exported(row, i === 0 ? (attributes ?? undefined) : undefined))
  })
}

function exported({ entity, timestamp, vector, payload }: StoredRow, attributes: JsonObject | undefined): ExportRow {
  return { entity, timestamp, vector, payload: payload ?? undefined, attributes }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
