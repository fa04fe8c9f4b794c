import type { Interval } from '../interval.js'
import type { CollectionRecord } from '../storage/index.js'
import type { Timestamp } from '../timestamp.js'
import type { Expression } from './statement.js'

/** The value of an expression for one row; NULL is null. */
export type Evaluate = (row: never) => unknown

/**
 * A statement whose names are known to exist and whose parameters have become values.
 * `Row` is what its expressions look at.
 */
export type BoundQuery = BoundPredict | BoundSelect | BoundShow | BoundDescribe

export interface BoundPredict {
  readonly kind: 'predict'
  readonly collection: CollectionRecord
  readonly columns: readonly OutputColumn[]
  /** The columns are those of the row itself, all of them. */
  readonly isWholeRow: boolean
  readonly entities: BoundEntities
  /** On entity and attributes. */
  readonly where: BoundCondition | undefined
  readonly times: BoundTimes
  readonly context: BoundContext
  /** Undefined: as the configuration says. */
  readonly methods: readonly string[] | undefined
  readonly model: string | undefined
  readonly fallback: string | undefined
  readonly timeoutMs: number | undefined
  /** On the columns of the row. */
  readonly order: readonly BoundOrderKey[]
  readonly limit: BoundLimit | undefined
}

export interface BoundSelect {
  readonly kind: 'select'
  readonly collection: CollectionRecord
  readonly columns: readonly OutputColumn[]
  /** Absent: all of them. */
  readonly entities: BoundEntities
  readonly range: BoundRange
  readonly where: BoundCondition | undefined
  readonly order: readonly BoundOrderKey[]
  readonly limit: BoundLimit | undefined
  /** What the expressions look at: the rest is not read. */
  readonly reads: { readonly vectors: boolean; readonly payloads: boolean }
}

export interface BoundShow {
  readonly kind: 'show'
  readonly what: 'collections' | 'models' | 'predictors' | 'settings'
  /** Undefined: of all of them. */
  readonly collection: CollectionRecord | undefined
}

export type BoundDescribe =
  | { readonly kind: 'describe-collection'; readonly collection: CollectionRecord }
  | { readonly kind: 'describe-model'; readonly model: string; readonly missing: Missing }
  | { readonly kind: 'describe-entity'; readonly collection: CollectionRecord; readonly entity: string; readonly missing: Missing }

/** Makes the error for a name that turns out to be unknown while the statement runs. */
export type Missing = (known: readonly string[]) => Error

export interface OutputColumn {
  readonly name: string
  readonly evaluate: Evaluate
  /** The column holds the observation's or the predicted vector as it is. */
  readonly isVector: boolean
}

export type BoundEntities =
  /** `missing`: set when an unknown one is an error and not a row. */
  { readonly kind: 'ids'; readonly ids: readonly string[]; readonly missing: Missing | undefined } | { readonly kind: 'each' }

/** One moment: the same for all entities, or counted from each entity's first or last observation. */
export type BoundTime =
  | { readonly kind: 'instant'; readonly at: Timestamp }
  /** `beyond`: the error for a moment that leaves the range of timestamps. */
  | { readonly kind: 'latest' | 'first'; readonly shifts: readonly Interval[]; readonly beyond: () => Error }

export type BoundTimes =
  | { readonly kind: 'list'; readonly list: readonly BoundTime[] }
  /** `count` moments a `step` apart after each entity's last observation. */
  | { readonly kind: 'horizon'; readonly count: number; readonly step: Interval; readonly beyond: () => Error }

export interface BoundRange {
  /** Both ends included. */
  readonly from: Timestamp | undefined
  readonly to: Timestamp | undefined
  /** Of each entity: its newest `count`, or a span back from its last observation. */
  readonly last: { readonly count: number } | { readonly interval: Interval } | undefined
}

/** Like a range; `to` hides everything after it from the whole statement, `from` and `last` narrow what predictors are given. */
export type BoundContext = BoundRange

/** What WHERE tests: true keeps the row, false and NULL drop it. */
export interface BoundCondition {
  /** As it was written, for EXPLAIN. */
  readonly expression: Expression
  readonly evaluate: Evaluate
}

export interface BoundOrderKey {
  /** As it was written, for EXPLAIN. */
  readonly expression: Expression
  readonly evaluate: Evaluate
  readonly descending: boolean
}

export interface BoundLimit {
  readonly count: number
  readonly offset: number
}
