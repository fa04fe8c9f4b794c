import type { EntityRecord, Observation } from '../storage/index.js'
import type { Compiled, Scope } from './expression.js'

/** What SELECT's expressions look at. */
export interface SelectedRow {
  readonly entity: EntityRecord
  readonly observation: Observation
}

const ENTITY: Compiled = { kind: 'text', evaluate: ({ entity }: SelectedRow) => entity.id }
const ATTRIBUTES: Compiled = { kind: 'json', evaluate: ({ entity }: SelectedRow) => entity.attributes }

const COLUMNS: Readonly<Record<string, Compiled>> = {
  entity: ENTITY,
  timestamp: { kind: 'time', evaluate: ({ observation }: SelectedRow) => observation.timestamp },
  vector: { kind: 'vector', evaluate: ({ observation }: SelectedRow) => observation.vector },
  recorded_at: { kind: 'time', evaluate: ({ observation }: SelectedRow) => observation.recordedAt },
}

/** The columns of `SELECT *`. */
export const SELECT_STAR = ['entity', 'timestamp', 'vector', 'recorded_at', 'payload'] as const

/** Remembers whether an expression looked at vectors or payloads, so that a scan brings no more than that. */
export class SelectScope implements Scope {
  readonly names = [...SELECT_STAR, 'attributes']
  readonly what = 'column of SELECT'
  vectors = false
  payloads = false

  column(name: string): Compiled | undefined {
    if (name === 'vector') this.vectors = true
    return Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : undefined
  }

  root(name: 'payload' | 'attributes'): Compiled {
    if (name === 'attributes') return ATTRIBUTES
    this.payloads = true
    return { kind: 'json', evaluate: ({ observation }: SelectedRow) => observation.payload ?? null }
  }
}

/** WHERE of a PREDICT chooses entities: no single observation is in sight. */
export const entityScope: Scope = {
  names: ['entity', 'attributes'],
  what: 'column for WHERE of PREDICT',
  column: (name) => (name === 'entity' ? ENTITY : undefined),
  root: (name) => (name === 'attributes' ? ATTRIBUTES : undefined),
}
