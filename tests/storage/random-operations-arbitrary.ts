import fc from 'fast-check'

/** Which store does it: two of their own by path, two attached to the app's connection. In memory and without WAL there are fewer, and these are shared. */
export type Hand = 0 | 1 | 2 | 3

/** What is written at once. Vectors are not chosen: each is one that was never written before. */
export type Batch =
  /** Each of these entities once, after everything that is there. */
  | { readonly kind: 'feed'; readonly entities: readonly string[]; readonly gap: number }
  /** One entity from a moment on, or after everything. */
  | { readonly kind: 'run'; readonly entity: string; readonly count: number; readonly from: number | null }
  | { readonly kind: 'mixed'; readonly moments: readonly (readonly [entity: string, timestamp: number])[] }

export interface Reading {
  readonly entity: string
  readonly at: number
  readonly until: number | null
  readonly since: number | null
  readonly limit: number
  readonly newest: number | null
  readonly vectors: boolean
}

/** One step, as plain data: a list of them can be printed, made smaller, and run again. */
export type Operation =
  | { readonly op: 'insert'; readonly by: Hand; readonly into: string; readonly batch: Batch; readonly payloads: boolean; readonly now: boolean }
  /** Several of one store in one turn, none awaited before the next is asked for. */
  | { readonly op: 'together'; readonly by: Hand; readonly into: string; readonly batches: readonly (readonly [Batch, now: boolean])[] }
  /** With a vector of a wrong length in it, or with no page left: nothing of it may stay. */
  | {
      readonly op: 'fail'
      readonly by: Hand
      readonly into: string
      readonly batch: Batch
      readonly how: 'wrong vector' | 'full disk'
      readonly now: boolean
    }
  | {
      readonly op: 'delete'
      readonly by: Hand
      readonly into: string
      readonly entity: string
      readonly from: number | null
      readonly to: number | null
    }
  | { readonly op: 'remove'; readonly by: Hand; readonly into: string; readonly entity: string }
  | {
      readonly op: 'attributes'
      readonly by: Hand
      readonly into: string
      readonly entity: string
      readonly value: number | null
      readonly merge: boolean
    }
  | { readonly op: 'create' | 'drop'; readonly by: Hand; readonly into: string }
  /** Giving room back to the file system takes long, so it is done in few sequences. */
  | { readonly op: 'compact'; readonly by: Hand; readonly reclaims: boolean }
  | { readonly op: 'verify' | 'everything' | 'hold' | 'look' | 'letGo'; readonly by: Hand }
  | { readonly op: 'read'; readonly by: Hand; readonly into: string; readonly what: Reading }
  | { readonly op: 'reopen'; readonly by: Hand; readonly packing: number; readonly readonly: boolean }
  | { readonly op: 'begin' | 'commit' | 'rollback' | 'savepoint' | 'rollbackTo' | 'release' | 'appWrite' }

export const IDS = ['a', 'b', 'B', 'ä', '\u{1f600}', '\uffff']

const hand = fc.constantFrom<Hand>(0, 0, 1, 2, 3)
const into = fc.constantFrom('words', 'words', 'words', 'more')
/** Some meet again and again, so that what was written lies in each place, and in several. */
const entity = fc.constantFrom('a', 'a', 'a', 'a', 'b', 'b', ...IDS)
const whole = fc.integer({ min: -1, max: 24 })
const moment = fc.oneof({ weight: 8, arbitrary: whole }, { weight: 2, arbitrary: fc.constantFrom(0.5, 7.5, -0, -8.64e15, 8.64e15 - 1) })
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })

const batch: fc.Arbitrary<Batch> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('feed' as const), entities: fc.subarray(IDS, { minLength: 1 }), gap: fc.constantFrom(1, 2) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('run' as const), entity, count: fc.integer({ min: 1, max: 14 }), from: orNull(whole) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('mixed' as const), moments: fc.array(fc.tuple(entity, moment), { maxLength: 10 }) }) },
)

const reading: fc.Arbitrary<Reading> = fc.record({
  entity,
  at: moment,
  until: orNull(moment),
  since: orNull(moment),
  limit: fc.integer({ min: 1, max: 9 }),
  newest: orNull(fc.integer({ min: 1, max: 7 })),
  vectors: fc.boolean(),
})

/** Field by field, in the order of the type: fast-check's own `record` loses the union. */
function step<Op extends Operation['op'], Fields extends object>(op: Op, fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> }) {
  return fc.record({ op: fc.constant(op), ...fields }) as unknown as fc.Arbitrary<Extract<Operation, { op: Op }>>
}

const isNow = fc.boolean()
const app = (op: 'begin' | 'commit' | 'rollback' | 'savepoint' | 'rollbackTo' | 'release' | 'appWrite') => step(op, {})

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 40, arbitrary: step('insert', { by: hand, into, batch, payloads: fc.boolean(), now: isNow }) },
  { weight: 3, arbitrary: step('together', { by: hand, into, batches: fc.array(fc.tuple(batch, isNow), { minLength: 2, maxLength: 4 }) }) },
  { weight: 3, arbitrary: step('fail', { by: hand, into, batch, how: fc.constantFrom('wrong vector', 'full disk'), now: isNow }) },
  { weight: 9, arbitrary: step('delete', { by: hand, into, entity, from: orNull(moment), to: orNull(moment) }) },
  { weight: 4, arbitrary: step('remove', { by: hand, into, entity }) },
  { weight: 4, arbitrary: step('attributes', { by: hand, into, entity, value: orNull(fc.integer({ min: 0, max: 9 })), merge: fc.boolean() }) },
  { weight: 2, arbitrary: step('create', { by: hand, into }) },
  { weight: 1, arbitrary: step('drop', { by: hand, into }) },
  { weight: 18, arbitrary: step('read', { by: hand, into, what: reading }) },
  { weight: 6, arbitrary: step('everything', { by: hand }) },
  { weight: 3, arbitrary: step('compact', { by: hand, reclaims: fc.nat(9).map((n) => n === 0) }) },
  { weight: 3, arbitrary: step('hold', { by: hand }) },
  { weight: 3, arbitrary: step('look', { by: hand }) },
  { weight: 1, arbitrary: step('letGo', { by: hand }) },
  { weight: 5, arbitrary: step('reopen', { by: hand, packing: fc.nat(2), readonly: fc.boolean() }) },
  { weight: 5, arbitrary: app('begin') },
  { weight: 4, arbitrary: app('commit') },
  { weight: 4, arbitrary: app('rollback') },
  { weight: 3, arbitrary: app('savepoint') },
  { weight: 2, arbitrary: app('rollbackTo') },
  { weight: 1, arbitrary: app('release') },
  { weight: 2, arbitrary: app('appWrite') },
)
