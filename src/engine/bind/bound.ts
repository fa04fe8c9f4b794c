import type { Interval } from '../../interval.js'
import type { CollectionRecord } from '../../storage/index.js'
import type { Timestamp } from '../../timestamp.js'
import type { BoundAggregate } from '../expression/aggregates.js'
import type { Evaluate } from '../expression/compiled.js'
import type { BoundTime } from '../expression/value-binder.js'
import type { Expression, Fill } from '../syntax/statement.js'
import type { TimeBounds } from '../time-bounds.js'

/**
 * A statement whose names are known to exist and whose parameters have become values.
 * `Row` is what its expressions look at.
 */
export type BoundQuery = BoundPredict | BoundSelect | BoundNearest | BoundShow | BoundDescribe

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
  /** Those that FOR or WHERE name. */
  readonly entities: BoundEntities
  readonly range: BoundRange
  readonly sample: BoundSample | undefined
  readonly where: BoundWhere
  /** When WHERE can be true: what lies outside need not be read. The grid of SAMPLE BY knows nothing of it. */
  readonly window: TimeBounds
  /** Undefined: no aggregates, a row is an observation. */
  readonly grouping: BoundGrouping | undefined
  readonly having: BoundCondition | undefined
  readonly order: readonly BoundOrderKey[]
  readonly limit: BoundLimit | undefined
  readonly reads: BoundReads
}

/** WHERE, told apart by what it is asked of: what AND joins must all be true. Undefined: there is nothing to ask. */
export interface BoundWhere {
  /** Looks at the entity and its attributes alone: it is asked once an entity, before anything of it is read. */
  readonly ofEntity: BoundCondition | undefined
  readonly ofObservation: BoundCondition | undefined
}

/** What expressions look at: the rest is not read. */
export interface BoundReads {
  readonly vectors: boolean
  /** A column shows the vector as it is, which nothing else needs where `vectors` is false. */
  readonly vectorsToShow: boolean
  readonly payloads: boolean
}

export interface BoundSample {
  readonly step: Interval
  readonly fill: Fill
  /** A column says who predicted. */
  readonly showsMethod: boolean
}

/** Aggregates, one row a group: of each entity or of all, in each bucket of SAMPLE BY or in all times. */
export interface BoundGrouping {
  readonly byEntity: boolean
  readonly aggregates: readonly BoundAggregate[]
  /** As they were written, for EXPLAIN. */
  readonly texts: readonly string[]
}

export interface BoundNearest {
  readonly kind: 'nearest'
  readonly collection: CollectionRecord
  readonly columns: readonly OutputColumn[]
  /** At least 1. */
  readonly k: number
  readonly target: BoundTarget
  readonly scope: BoundScope
  /** Absent: all of them. */
  readonly entities: BoundEntities
  /** What is farther away does not count. */
  readonly within: number | undefined
  readonly perEntity: number | undefined
  /** The share of the distance in the score; undefined: rows are ranked by it alone. */
  readonly alpha: number | undefined
  /** From when ages are counted; undefined: from the newest candidate. */
  readonly reference: Timestamp | undefined
  /** What columns show of stored observations; undefined: nothing that a search does not bring. */
  readonly shows: BoundShown | undefined
  readonly limit: BoundLimit | undefined
}

export interface BoundShown {
  readonly vectors: boolean
  readonly payloads: boolean
}

export type BoundTarget =
  /** [D] */
  | { readonly kind: 'vector'; readonly vector: Float32Array }
  | {
      readonly kind: 'entity'
      readonly id: string
      /** Its last observation at or before; Infinity: its last one; undefined: as the scope sees its candidates. */
      readonly at: Timestamp | undefined
      readonly missing: Missing
      /** Makes the error for an entity that is there without a vector then. */
      readonly without: (what: string) => Error
    }
  | {
      readonly kind: 'prediction'
      readonly query: BoundPredict
      /** Makes the error for a prediction that is not one row. */
      readonly notOne: (met: string) => Error
      readonly without: (entity: string, what: string) => Error
    }

export type BoundScope =
  | {
      readonly kind: 'stored'
      /** `newest`: each entity's last observation at or before `to`, unless it is before `from`. */
      readonly choice: 'newest' | 'all'
      /** Ends included, also by what WHERE says of time; -Infinity and Infinity leave them open. */
      readonly from: number
      readonly to: number
      /** The same without WHERE: what the target is seen in, and what ages are counted from. */
      readonly extent: TimeBounds
      readonly where: BoundSearchCondition | undefined
    }
  | { readonly kind: 'predicted'; readonly at: Timestamp; readonly prediction: BoundPredict }

/**
 * WHERE of a search, but for what `from` and `to` say already: what looks at the entity alone is asked once an entity, the rest of observations. Both
 * keep a row when they are true.
 */
export interface BoundSearchCondition {
  /** What AND joins, as it was written, for EXPLAIN. */
  readonly expressions: { readonly ofEntity: readonly Expression[]; readonly ofObservation: readonly Expression[] }
  readonly ofEntity: Evaluate | undefined
  readonly ofObservation: Evaluate | undefined
  readonly needs: { readonly vectors: boolean; readonly payloads: boolean }
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
