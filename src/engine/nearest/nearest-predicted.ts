import { Best } from '../../best.js'
import { Slice } from '../../slice.js'
import type { Snapshot } from '../../storage/index.js'
import { compareText } from '../../text-order.js'
import type { Found } from '../bind/bind-return.js'
import type { BoundEntities, BoundNearest, BoundScope } from '../bind/bound.js'
import { type Reading, readPages } from '../predict/predict-read.js'
import { answerPage, bytesOfPage } from '../predict/predict-rows.js'
import { readAhead } from '../predict/read-ahead.js'
import type { PredictRecord } from '../predict-record.js'
import type { Context } from '../running.js'
import { handing } from '../shared-snapshot.js'
import type { Aim } from './nearest-target.js'
import { refuseTooManyPredicted } from './predicted-limit.js'
import { type Neighbours, shortfallOf } from './search-meta.js'

const HITS_A_STEP = 1000

type Answered = Extract<PredictRecord, { status: 'ok' }>
type Candidate = Omit<Found, 'rank'>

/** Predicts the candidates page by page, and keeps the nearest of them. */
export async function predictedNeighbours(
  query: BoundNearest,
  scope: Extract<BoundScope, { kind: 'predicted' }>,
  { vector, excluded }: Aim,
  snapshot: Snapshot,
  context: Context,
): Promise<Neighbours> {
  const { analytics, stop, readAheadBytes } = context
  const prediction = { ...scope.prediction, entities: inOrder(query.entities) }
  const route = await stop.race(analytics.route(prediction))
  const nearest = new NearestPredictions(query, scope.at, vector, context)
  const pages = readPages(prediction, route, Number.POSITIVE_INFINITY, { ...context, ...handing(snapshot, context.store) })
  for await (const page of readAhead(pages, bytesOfPage, readAheadBytes)) {
    stop.check()
    const others = excluded === undefined ? page : page.filter(({ id }) => id !== excluded.id)
    await nearest.add(others, await answerPage(others, prediction, route, context))
  }
  return nearest.result()
}

/** Ids in the order that decides between candidates at the same distance, each once. */
function inOrder(entities: BoundEntities): BoundEntities {
  return entities.kind === 'each' ? entities : { ...entities, ids: [...new Set(entities.ids)].sort(compareText) }
}

class NearestPredictions {
  /** Of equal ones the one that came first: candidates come in the order of their ids. */
  readonly #best: Best<Candidate>
  readonly #unpredicted = new Map<string, number>()
  #candidates = 0
  #threads = 0

  constructor(
    private readonly query: BoundNearest,
    private readonly at: number,
    private readonly vector: Float32Array,
    private readonly context: Context,
  ) {
    this.#best = new Best(query.k, byScore)
  }

  /** @param records  One a reading. */
  async add(page: readonly Reading[], records: readonly PredictRecord[]): Promise<void> {
    const answered: { readonly reading: Reading; readonly record: Answered }[] = []
    records.forEach((record, i) => {
      if (record.status === 'ok') answered.push({ reading: page[i]!, record })
      else if (record.status !== 'not_found') this.#unpredicted.set(record.status, (this.#unpredicted.get(record.status) ?? 0) + 1)
    })
    this.#candidates += answered.length
    refuseTooManyPredicted(this.#candidates)
    if (answered.length === 0) return
    const { rows, distances, scores } = await this.#scan(answered.map(({ record }) => record.vector))
    const reference = this.query.reference ?? this.at
    for (let i = 0; i < rows.length; i++) {
      const { reading, record } = answered[rows[i]!]!
      this.#best.add({
        entity: { id: reading.id, attributes: reading.attributes }, // and not the context, which may be long
        timestamp: this.at,
        distance: distances[i]!,
        score: scores[i]!,
        ageMs: reference - this.at,
        prediction: record,
      })
    }
    if (this.#best.isFull) await new Slice().drive(this.#best.cut())
  }

  async #scan(vectors: readonly Float32Array[]) {
    const { collection, k, within, alpha, reference = this.at } = this.query
    const { dimension, metric } = collection
    const { stop } = this.context
    const kernels = this.context.kernels()
    const count = vectors.length
    const matrix = new Float32Array(count * dimension)
    vectors.forEach((vector, i) => {
      matrix.set(vector, i * dimension)
    })
    const recency =
      alpha === undefined ? undefined : { alpha, reference, span: Math.abs(reference - this.at), timestamps: new Float64Array(count).fill(this.at) }
    const request = { metric, dimension, matrix, queries: this.vector, runs: Uint32Array.of(0, count), k, within, recency }
    const [neighbours] = await stop.race(kernels.scan(request, { signal: stop.signal }))
    this.#threads = Math.max(this.#threads, kernels.threadsFor(count, dimension, 1))
    return neighbours!
  }

  async result(): Promise<Neighbours> {
    const found: Found[] = []
    const slice = new Slice()
    for (const candidate of await slice.drive(this.#best.cut())) {
      if ((found.length + 1) % HITS_A_STEP === 0) await slice.pause()
      found.push({ ...candidate, rank: found.length + 1 })
    }
    const candidates = this.#candidates
    const shortfall = shortfallOf(this.query, found.length, candidates, this.#unpredicted)
    return { found, meta: { candidates, kernel: this.context.kernels().simd, threads: this.#threads, access: 'predicted', shortfall } }
  }
}

function byScore(a: Candidate, b: Candidate): number {
  return a.score === b.score ? 0 : a.score - b.score // Infinity - Infinity is no number
}
