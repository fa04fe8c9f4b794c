import { Slice } from '../../slice.js'
import type { EntityRecord } from '../../storage/index.js'
import type { BoundGrouping, BoundRange, BoundSample } from '../bind/bound.js'
import type { GroupRow } from '../bind/group-scope.js'
import type { SelectedRow } from '../bind/select-scope.js'
import type { Accumulator } from '../expression/aggregates.js'
import type { Batch } from '../running.js'
import type { Stop } from '../stop.js'
import { BucketWalk, type SampleGrid, sampleGrid } from './sample-grid.js'

const BATCH_ROWS = 1024

/** What aggregates are taken of: groups, and in them the buckets of a grid. */
interface Grouped {
  readonly grouping: BoundGrouping
  readonly sample: BoundSample | undefined
  readonly range: BoundRange
}

/** Takes aggregates of observations that come by entity, then by time. By entity, one group at a time is in memory; of all entities, one bucket of the grid each. */
export async function* aggregateRows(input: AsyncIterable<Batch>, query: Grouped, stop: Stop): AsyncGenerator<Batch> {
  const groups = query.sample === undefined ? new WholeGroups(query.grouping) : new SampledGroups(query, query.sample)
  const slice = new Slice()
  for await (const batch of input) {
    yield* inBatches(groups.take(batch as readonly SelectedRow[]))
    await slice.pause()
  }
  for (const batch of inBatches(groups.end())) {
    stop.check()
    yield batch
  }
}

function* inBatches(rows: Iterable<GroupRow>): Generator<Batch> {
  let batch: GroupRow[] = []
  for (const row of rows) {
    batch.push(row)
    if (batch.length < BATCH_ROWS) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** The aggregates of one group, or of one bucket of it, while they are taken. */
class Tally {
  private readonly accumulators: readonly Accumulator[]

  constructor(private readonly grouping: BoundGrouping) {
    this.accumulators = grouping.aggregates.map((aggregate) => aggregate.start())
  }

  add(row: SelectedRow): void {
    const { aggregates } = this.grouping
    for (let i = 0; i < aggregates.length; i++) {
      const { evaluate } = aggregates[i]!
      const value = evaluate === undefined ? true : evaluate(row as never)
      if (value !== null) this.accumulators[i]!.add(value)
    }
  }

  results(): readonly unknown[] {
    return this.accumulators.map((accumulator) => accumulator.result())
  }
}

interface Groups {
  /** Rows of groups that are finished now. */
  take(rows: readonly SelectedRow[]): Iterable<GroupRow>
  end(): Iterable<GroupRow>
}

/** One row an entity, or one in all: that one comes also of nothing. */
class WholeGroups implements Groups {
  private entity: EntityRecord | undefined
  private tally: Tally | undefined

  constructor(private readonly grouping: BoundGrouping) {
    if (!grouping.byEntity) this.tally = new Tally(grouping)
  }

  *take(rows: readonly SelectedRow[]): Generator<GroupRow> {
    for (const row of rows) {
      if (this.grouping.byEntity && row.entity.key !== this.entity?.key) {
        yield* this.end()
        this.tally = new Tally(this.grouping)
        this.entity = row.entity
      }
      this.tally!.add(row)
    }
  }

  *end(): Generator<GroupRow> {
    if (this.tally !== undefined) yield { entity: this.entity, timestamp: undefined, results: this.tally.results() }
    this.tally = undefined
  }
}

/** One row a bucket of the grid, of each entity or in all. */
class SampledGroups implements Groups {
  private readonly grid: SampleGrid
  private readonly nothing: readonly unknown[]
  private entity: EntityRecord | undefined
  private readonly tallies = new Map<number, Tally>()
  private walk: BucketWalk<Bucket, GroupRow> | undefined

  constructor(
    private readonly query: Grouped,
    private readonly sample: BoundSample,
  ) {
    this.grid = sampleGrid(sample.step, query.range.from)
    this.nothing = new Tally(query.grouping).results()
    if (!query.grouping.byEntity) this.walk = this.begin()
  }

  *take(rows: readonly SelectedRow[]): Generator<GroupRow> {
    const { byEntity } = this.query.grouping
    for (const row of rows) {
      if (byEntity && row.entity.key !== this.entity?.key) {
        yield* this.end()
        this.entity = row.entity
        this.walk = this.begin()
      }
      const bucket = this.grid.bucketOf(row.observation.timestamp)
      let tally = this.tallies.get(bucket)
      if (tally === undefined) {
        if (byEntity) yield* this.flush()
        tally = new Tally(this.query.grouping)
        this.tallies.set(bucket, tally)
      }
      tally.add(row)
    }
  }

  *end(): Generator<GroupRow> {
    yield* this.flush()
    if (this.walk !== undefined) yield* this.walk.end()
    this.walk = undefined
  }

  /** Gives the buckets that have been taken. */
  private *flush(): Generator<GroupRow> {
    const buckets = [...this.tallies.keys()].sort((a, b) => a - b)
    for (const bucket of buckets) yield* this.walk!.meet(bucket, { start: this.grid.startOf(bucket), results: this.tallies.get(bucket)!.results() })
    this.tallies.clear()
  }

  private begin(): BucketWalk<Bucket, GroupRow> {
    const { from, to } = this.query.range
    const { grid, entity } = this
    const rowOf = (bucket: number, results: readonly unknown[]): GroupRow => ({ entity, timestamp: grid.startOf(bucket), results })
    const empty = (bucket: number, before: Bucket | undefined, after: Bucket | undefined) =>
      rowOf(bucket, this.fillings(grid.startOf(bucket), before, after))
    const rows = { met: (bucket: number, { results }: Bucket) => rowOf(bucket, results), empty: this.sample.fill === 'none' ? undefined : empty }
    return new BucketWalk(rows, from === undefined ? undefined : grid.bucketOf(from), to === undefined ? undefined : grid.bucketOf(to), undefined)
  }

  /** What is known of nothing needs no filling: a count is 0. */
  private fillings(at: number, before: Bucket | undefined, after: Bucket | undefined): readonly unknown[] {
    return this.nothing.map((value, i) => value ?? this.filling(at, i, before, after))
  }

  private filling(at: number, i: number, before: Bucket | undefined, after: Bucket | undefined): unknown {
    const { fill } = this.sample
    if (before === undefined || fill === 'null') return null
    if (fill === 'previous') return before.results[i]
    if (after === undefined) return null
    return between(before.results[i], after.results[i], (at - before.start) / (after.start - before.start))
  }
}

/** A bucket that something fell into. */
interface Bucket {
  readonly start: number
  readonly results: readonly unknown[]
}

/** Numbers and times lie on the line between both; of all else there is no middle. */
function between(before: unknown, after: unknown, share: number): number | null {
  return typeof before === 'number' && typeof after === 'number' ? before * (1 - share) + after * share : null
}
