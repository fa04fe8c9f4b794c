import type { EntityRecord, Observation } from '../../storage/index.js'
import type { Compiled, Scope, Space } from '../expression/compiled.js'
import type { Call } from '../syntax/statement.js'

/** What SELECT's expressions look at. */
export interface SelectedRow {
  readonly entity: EntityRecord
  /** As it is stored, or as SAMPLE BY has made it. */
  readonly observation: Pick<Observation, 'timestamp' | 'payload'> & { readonly vector: Float32Array | null; readonly recordedAt: number | null }
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
export const SELECT_STAR: readonly string[] = ['entity', 'timestamp', 'vector', 'recorded_at', 'payload']

/** Remembers what expressions looked at, so that a scan brings no more than that. */
export class SelectScope implements Scope {
  readonly names: readonly string[] = [...SELECT_STAR, 'attributes']
  readonly what: string = 'column of SELECT'
  vectors = false
  /** True once a column was to show vectors as they are. */
  shownVectors = false
  payloads = false
  /** True once anything but the entity and its attributes was looked at. */
  observations = false

  /** @param aggregateRefusal  Why there are no aggregates in this place. */
  constructor(
    readonly space: Space,
    private readonly aggregateRefusal: (name: string) => string,
  ) {}

  column(name: string): Compiled | undefined {
    if (name === 'vector') this.vectors = true
    if (name !== 'entity') this.observations = true
    return Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : undefined
  }

  /** The vector as it is, for a column. */
  shownVector(): Compiled {
    this.shownVectors = true
    return COLUMNS['vector']!
  }

  root(name: 'payload' | 'attributes'): Compiled {
    if (name === 'attributes') return ATTRIBUTES
    this.payloads = true
    this.observations = true
    return { kind: 'json', evaluate: ({ observation }: SelectedRow) => observation.payload ?? null }
  }

  aggregate({ name }: Call): { readonly refusal: string } {
    return { refusal: this.aggregateRefusal(name.name) }
  }
}

/** WHERE of a PREDICT chooses entities: no single observation is in sight. */
export function entityScope(space: Space): Scope {
  return {
    names: ['entity', 'attributes'],
    what: 'column for WHERE of PREDICT',
    space,
    column: (name) => (name === 'entity' ? ENTITY : undefined),
    root: (name) => (name === 'attributes' ? ATTRIBUTES : undefined),
    aggregate: noAggregates,
  }
}

export function noAggregates({ name }: Call): { readonly refusal: string } {
  return { refusal: `PREDICT has no aggregates, such as ${name.name}. They are taken of stored observations, by SELECT.` }
}
