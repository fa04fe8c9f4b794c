import type { Random } from './random.ts'

/** An observation with its entity. */
export interface Placed {
  readonly entity: string
  readonly group: number
  readonly timestamp: number
  readonly vector: readonly number[]
  readonly flag: number
}

/** A NEAREST as data, from which both its text and its answer are made. */
export interface Search {
  readonly k: number
  readonly target: Target
  readonly scope: Scope
  readonly among: readonly string[] | undefined
  readonly where: Condition | undefined
  readonly within: number | undefined
  readonly perEntity: number | undefined
  readonly alpha: number | undefined
  readonly at: number | undefined
}

type Target =
  | { readonly kind: 'vector'; readonly vector: readonly number[] }
  | { readonly kind: 'entity'; readonly entity: string; readonly at: number | undefined }
  | { readonly kind: 'predicted'; readonly entity: string; readonly at: number }
type Scope =
  | { readonly kind: 'latest' }
  | { readonly kind: 'as-of'; readonly at: number }
  | { readonly kind: 'at'; readonly at: number; readonly tolerance: number | undefined }
  | { readonly kind: 'window'; readonly from: number; readonly to: number }
  | { readonly kind: 'predicted'; readonly at: number; readonly until: number | undefined; readonly method: 'linear' | 'last' }
interface Condition {
  readonly text: string
  readonly isOfEntity: boolean
  readonly holds: (row: Placed) => boolean
  /** Whether candidates of this scope may have to be read to know it. Default: when it is of more than the entity. */
  readonly isRead?: (scope: Scope) => boolean
}

export type Metric = 'l2' | 'cosine' | 'dot'

const CONDITIONS: readonly Condition[] = [
  { text: "entity <> 'b'", isOfEntity: true, holds: ({ entity }) => entity !== 'b' },
  { text: 'attributes.g = 1', isOfEntity: true, holds: ({ group }) => group === 1 },
  { text: "attributes.g < 2 AND entity LIKE '_'", isOfEntity: true, holds: ({ group, entity }) => group < 2 && [...entity].length === 1 },
  { text: 'payload.p >= 1', isOfEntity: false, holds: ({ flag }) => flag >= 1 },
  { text: 'attributes.g = 0 AND payload.p = 0', isOfEntity: false, holds: ({ group, flag }) => group === 0 && flag === 0 },
  { text: 'payload.p = 2 OR attributes.g = 2', isOfEntity: false, holds: ({ group, flag }) => flag === 2 || group === 2 },
  { text: 'norm(vector) <= 3 AND NOT (payload.p = 1)', isOfEntity: false, holds: ({ vector, flag }) => Math.hypot(...vector) <= 3 && flag !== 1 },
]

/** On time alone, or on time and the entity. */
function timeCondition(random: Random): Condition {
  const moment = () => random.below(30) + random.pick([0, 0, 0.5])
  const [a, b] = [moment(), moment()]
  const isBeyond = (end: number) => (scope: Scope) => (scope.kind === 'as-of' || scope.kind === 'at') && end < scope.at
  const never = () => false
  const of = (text: string, holds: (timestamp: number) => boolean, isRead: (scope: Scope) => boolean = never): Condition => ({
    text,
    isOfEntity: false,
    holds: ({ timestamp }) => holds(timestamp),
    isRead,
  })
  const [below, above, oneOf] = [
    of(`timestamp < ${a}`, (t) => t < a, isBeyond(a - 0.1)),
    of(`timestamp > ${a}`, (t) => t > a),
    of(
      `(timestamp < ${a} OR timestamp > ${b})`,
      (t) => t < a || t > b,
      ({ kind }) => kind !== 'latest',
    ),
  ]
  const single = random.pick([
    below,
    above,
    of(`timestamp <= ${a}`, (t) => t <= a, isBeyond(a)),
    of(`${a} <= timestamp`, (t) => t >= a),
    of(`${a} > timestamp`, (t) => t < a, isBeyond(a - 0.1)),
    of(`TIMESTAMP = ${a}`, (t) => t === a, isBeyond(a)),
    of(`timestamp >= NULL`, never),
    oneOf,
  ])
  return random.pick<() => Condition>([
    () => single,
    () => of(`timestamp BETWEEN ${a} AND ${b}`, (t) => t >= a && t <= b, isBeyond(b)),
    () => of(`timestamp > ${a} AND timestamp < ${b}`, (t) => t > a && t < b, isBeyond(b - 0.1)),
    () => ({ ...single, text: `attributes.g = 1 AND ${single.text}`, holds: (row) => row.group === 1 && single.holds(row) }),
    () => ({ ...single, text: `${single.text} AND payload.p >= 1`, holds: (row) => row.flag >= 1 && single.holds(row), isRead: () => true }),
  ])()
}

/** Whether candidates may have to be read one by one. */
export function isRead({ scope, where }: Search): boolean {
  return where !== undefined && (where.isRead === undefined ? !where.isOfEntity : where.isRead(scope))
}

const ENTITIES = ['a', 'b', 'ab', 'é', '\uffff', '😀', 'z']

/** Trajectories on whole numbers, a power of two apart in time, so that lines through them are exact in float32. Some entities have no observation. */
export function randomPlaces(random: Random): Placed[] {
  return ENTITIES.flatMap((entity) => {
    const group = random.below(3)
    let timestamp = random.below(10)
    return random.list(0, 6, () => {
      timestamp += random.pick([1, 2, 4])
      return { entity, group, timestamp, vector: random.list(3, 3, () => random.below(5) - 2), flag: random.below(3) }
    })
  })
}

export function randomSearch(random: Random): Search {
  const sometimes = <T>(make: () => T): T | undefined => (random.chance(0.3) ? make() : undefined)
  const moment = () => random.below(30)
  const scope = random.pick<() => Scope>([
    () => ({ kind: 'latest' }),
    () => ({ kind: 'as-of', at: moment() }),
    () => ({ kind: 'at', at: moment(), tolerance: sometimes(() => random.below(10)) }),
    () => ({ kind: 'window', from: moment(), to: 30 + random.below(5) }),
    () => ({ kind: 'predicted', at: moment(), until: sometimes(moment), method: random.pick(['linear', 'last']) }),
  ])()
  const target = random.pick<() => Target>([
    () => ({ kind: 'vector', vector: random.list(3, 3, () => random.below(5) - 2) }),
    () => ({ kind: 'entity', entity: random.pick(ENTITIES), at: random.chance(0.5) ? moment() : undefined }),
    () => ({ kind: 'predicted', entity: random.pick(ENTITIES), at: moment() }),
  ])()
  return {
    k: random.pick([1, 2, 3, 5, 50]),
    target,
    scope,
    among: sometimes(() => random.list(0, 5, () => random.pick([...ENTITIES, 'nobody']))),
    where: sometimes(() => {
      if (scope.kind === 'predicted') return random.pick(CONDITIONS.filter(({ isOfEntity }) => isOfEntity))
      return random.chance(0.5) ? timeCondition(random) : random.pick(CONDITIONS)
    }),
    within: sometimes(() => random.below(6)),
    perEntity: sometimes(() => 1 + random.below(3)),
    alpha: sometimes(() => random.pick([0, 0.25, 0.7, 1])),
    at: sometimes(moment),
  }
}

/** Its text, clauses in any order, ids and vectors as parameters. */
export function textOf(
  { k, target, scope, among, where, within, perEntity, alpha, at }: Search,
  random: Random,
): { text: string; values: Record<string, unknown> } {
  const options = [...(alpha === undefined ? [] : [`alpha = ${alpha}`]), ...(at === undefined ? [] : [`at = ${at}`])]
  const values: Record<string, unknown> = {}
  const parameter = (name: string, value: unknown) => {
    values[name] = value
    return `:${name}`
  }
  const to = {
    vector: () => parameter('vector', (target as { vector: readonly number[] }).vector),
    entity: () => {
      const { entity, at: when } = target as Extract<Target, { kind: 'entity' }>
      return `ENTITY ${parameter('who', entity)}${when === undefined ? '' : ` AT ${when}`}`
    },
    predicted: () => `(PREDICT vector AT ${(target as { at: number }).at} FOR ENTITY ${parameter('who', (target as { entity: string }).entity)})`,
  }[target.kind]()
  const clauses = random.shuffled([
    scopeText(scope),
    among === undefined ? '' : `FOR ENTITIES ${parameter('among', among)}`,
    within === undefined ? '' : `WITHIN ${within}`,
    perEntity === undefined ? '' : `PER ENTITY ${perEntity}`,
    options.length === 0 ? '' : `WITH (${options.join(', ')})`,
  ])
  // A BETWEEN behind an operand of WHERE would be a test, and an AT directly behind the entity would be the target's.
  const all = ['FROM things', ...clauses, where === undefined ? '' : `WHERE ${where.text}`]
  return { text: `NEAREST ${k} TO ${to} ${all.filter((clause) => clause !== '').join(' ')}`, values }
}

function scopeText(scope: Scope): string {
  switch (scope.kind) {
    case 'latest':
      return ''
    case 'as-of':
      return `AS OF ${scope.at}`
    case 'at':
      return `AT ${scope.at}${scope.tolerance === undefined ? '' : ` TOLERANCE ${scope.tolerance}ms`}`
    case 'window':
      return `BETWEEN ${scope.from} AND ${scope.to}`
    case 'predicted':
      return `PREDICTED AT ${scope.at} USING ${scope.method}${scope.until === undefined ? '' : ` CONTEXT UNTIL ${scope.until}`}`
  }
}

export interface Neighbour {
  readonly rank: number
  readonly entity: string
  readonly timestamp: number
  readonly distance: number
  readonly age_ms: number
  readonly score?: number
}

/** @returns undefined: the target has no vector. */
export function referenceNearest(
  search: Search,
  all: readonly Placed[],
  metric: Metric,
): { readonly rows: Neighbour[]; readonly shown: readonly { vector: number[]; payload: unknown }[]; readonly candidates: number } | undefined {
  const { scope, target, among, where, within, perEntity, alpha, k } = search
  const query = targetVector(search, all)
  if (query === undefined) return undefined
  const excluded = target.kind === 'entity' ? target.entity : undefined
  const candidates = ENTITIES.filter((entity) => entity !== excluded && (among === undefined || among.includes(entity)))
    .flatMap((entity) => seen(scope, of(all, entity)))
    .filter((row) => where === undefined || where.holds(row))
  const newest = Math.max(...candidates.map(({ timestamp }) => timestamp))
  const reference = search.at ?? (scope.kind === 'latest' ? newest : scope.kind === 'window' ? scope.to : scope.at)
  const span = Math.max(...candidates.map(({ timestamp }) => Math.abs(reference - timestamp)))
  const scored = candidates.map((row) => {
    const apart = distanceBetween(metric, query, row.vector)
    const age = span === 0 ? 0 : Math.abs(reference - row.timestamp) / span
    return { ...row, distance: apart, score: alpha === undefined ? apart : alpha * apart + (1 - alpha) * age }
  })
  const best = scored
    .filter(({ distance }) => within === undefined || distance <= within)
    .sort((a, b) => a.score - b.score || Buffer.compare(Buffer.from(a.entity), Buffer.from(b.entity)) || a.timestamp - b.timestamp)
    .filter(({ entity }, i, sorted) => perEntity === undefined || sorted.slice(0, i).filter((other) => other.entity === entity).length < perEntity)
    .slice(0, k)
  const rows = best.map(({ entity, timestamp, distance, score }, i) => ({
    rank: i + 1,
    entity,
    timestamp,
    distance,
    age_ms: reference - timestamp,
    ...(alpha === undefined ? {} : { score }),
  }))
  const shown = best.map(({ vector, flag }) => ({ vector: [...vector], payload: { p: flag } }))
  return { rows, shown, candidates: candidates.length }
}

function of(all: readonly Placed[], entity: string): readonly Placed[] {
  return all.filter((row) => row.entity === entity).sort((a, b) => a.timestamp - b.timestamp)
}

/** What of one entity is a candidate, before WHERE. */
function seen(scope: Scope, rows: readonly Placed[]): readonly Placed[] {
  const lastUntil = (at: number) => rows.filter(({ timestamp }) => timestamp <= at).slice(-1)
  switch (scope.kind) {
    case 'latest':
      return rows.slice(-1)
    case 'as-of':
      return lastUntil(scope.at)
    case 'at':
      return lastUntil(scope.at).filter(({ timestamp }) => timestamp >= scope.at - (scope.tolerance ?? 0))
    case 'window':
      return rows.filter(({ timestamp }) => timestamp >= scope.from && timestamp <= scope.to)
    case 'predicted': {
      const vector = answer(rows, scope.at, scope.until, scope.method)
      return vector === undefined ? [] : [{ ...rows[0]!, timestamp: scope.at, vector }]
    }
  }
}

/** What PREDICT says of one moment. */
function answer(
  rows: readonly Placed[],
  at: number,
  until = Number.POSITIVE_INFINITY,
  method: 'linear' | 'last' = 'linear',
): readonly number[] | undefined {
  const known = rows.filter(({ timestamp }) => timestamp <= until)
  const [before, after] = [known.filter(({ timestamp }) => timestamp <= at).at(-1), known.find(({ timestamp }) => timestamp > at)]
  if (before === undefined) return undefined
  const other = after ?? (method === 'linear' ? known.at(-2) : undefined)
  if (other === undefined || before.timestamp === at) return before.vector
  return before.vector.map((value, i) => value + ((other.vector[i]! - value) * (at - before.timestamp)) / (other.timestamp - before.timestamp))
}

function targetVector({ target, scope }: Search, all: readonly Placed[]): readonly number[] | undefined {
  if (target.kind === 'vector') return target.vector
  const rows = of(all, target.entity)
  const until = scope.kind === 'predicted' ? (scope.until ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  if (target.kind === 'predicted') return answer(rows, target.at, until)
  const { at } = target
  if (at !== undefined) return rows.filter(({ timestamp }) => timestamp <= Math.min(at, until)).at(-1)?.vector
  return seen(scope, rows).at(-1)?.vector
}

export function distanceBetween(metric: Metric, a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0)
  if (metric === 'dot') return 0 - dot(a, b)
  if (metric === 'l2') return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0))
  const lengths = dot(a, a) * dot(b, b)
  return lengths === 0 ? 1 : Math.min(Math.max(1 - dot(a, b) / Math.sqrt(lengths), 0), 2)
}
