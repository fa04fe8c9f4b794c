import type { EntityRecord, Observation } from '../../storage/index.js'
import type { BoundSelect } from '../bind/bound.js'
import type { SampledRow } from '../bind/sample-scope.js'
import { interpolate } from '../predict/interpolate.js'
import { BucketWalk, type SampleGrid, sampleGrid } from './sample-grid.js'

/** Puts the observations of one entity, one after another, into the buckets of a grid: the last one in a bucket is its row. */
export class SampleSeries {
  private readonly grid: SampleGrid
  private walk: BucketWalk<Observation, SampledRow> | undefined
  private held: { readonly bucket: number; readonly observation: Observation } | undefined

  /** @param before  The last observation before the range, as far as it is known already. */
  constructor(
    private readonly query: BoundSelect,
    private readonly entity: EntityRecord,
    private before: Observation | undefined,
  ) {
    this.grid = sampleGrid(query.sample!.step, query.range.from)
  }

  /** @returns the rows that are finished by the next observations. */
  *take(observations: readonly Observation[]): Generator<SampledRow> {
    const { where, range } = this.query
    const test = where.ofObservation?.evaluate
    for (const observation of observations) {
      if (test !== undefined && test({ entity: this.entity, observation } as never) !== true) continue
      if (range.from !== undefined && observation.timestamp < range.from) {
        this.before = observation
        continue
      }
      const bucket = this.grid.bucketOf(observation.timestamp)
      if (bucket !== this.held?.bucket) {
        yield* this.flush()
        yield* this.begun().reach(bucket, observation)
      }
      this.held = { bucket, observation }
    }
  }

  /** The rest. An entity of which nothing is known has no rows. */
  *end(): Generator<SampledRow> {
    if (this.walk === undefined && this.held === undefined && this.before === undefined) return
    yield* this.flush()
    yield* this.begun().end()
  }

  private *flush(): Generator<SampledRow> {
    if (this.held !== undefined) yield* this.begun().meet(this.held.bucket, this.held.observation)
    this.held = undefined
  }

  private begun(): BucketWalk<Observation, SampledRow> {
    if (this.walk !== undefined) return this.walk
    const { range, sample } = this.query
    const [first, last] = [range.from, range.to].map((end) => (end === undefined ? undefined : this.grid.bucketOf(end)))
    const rows = {
      met: (bucket: number, observation: Observation) => this.row(bucket, observation, 'observed'),
      empty: sample!.fill === 'none' ? undefined : (...bucket: Parameters<SampleSeries['filled']>) => this.filled(...bucket),
    }
    this.walk = new BucketWalk(rows, first, last, this.before)
    return this.walk
  }

  /** An empty bucket holds what AS OF, or PREDICT, would say of the moment at which it begins. A prediction is still to be made. */
  private filled(bucket: number, before: Observation | undefined, after: Observation | undefined): SampledRow {
    const { sample, reads } = this.query
    const { fill } = sample!
    if (before === undefined || fill === 'null' || (fill === 'linear' && after === undefined)) return this.row(bucket, NOTHING, null)
    if (fill === 'previous') return this.row(bucket, before, 'previous')
    if (after === undefined) return this.row(bucket, NOTHING, 'extrapolated')
    const vector = reads.vectors ? interpolate(before, after, this.grid.startOf(bucket)) : null
    return this.row(bucket, { ...NOTHING, vector }, 'interpolated')
  }

  private row(bucket: number, { vector, payload, recordedAt }: Contents, kind: SampledRow['kind']): SampledRow {
    const observation = { timestamp: this.grid.startOf(bucket), vector, payload, recordedAt }
    return { entity: this.entity, observation, kind, method: null, model: null, fallbackReason: null }
  }
}

type Contents = Omit<SampledRow['observation'], 'timestamp'>
const NOTHING: Contents = { vector: null, payload: undefined, recordedAt: null }
