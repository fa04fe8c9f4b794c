// A predictor of the app's own beside the built-in ones. Run it with: scripts/node examples/quickstart/quickstart.ts
import { fileURLToPath } from 'node:url'
import { openDatabase, type Predictor, type PredictRow } from 'chronode'

/** Goes half as far as the line through the last two observations: a change that is seen is often partly noise. */
const halfway: Predictor = {
  context: { min: 2, max: 2 },
  async predict(items) {
    return items.map(({ context: { timestamps, vectors, dimension }, targets }) => {
      const [before, last] = [vectors.subarray(0, dimension), vectors.subarray(dimension)]
      return Array.from(targets, (target) => {
        const steps = (target - timestamps[1]!) / (timestamps[1]! - timestamps[0]!)
        return { kind: 'vector', vector: last.map((value, i) => value + ((value - before[i]!) * steps) / 2) }
      })
    })
  },
}

const config = fileURLToPath(new URL('chronode.toml', import.meta.url))
const db = await openDatabase(config, { predictors: { halfway } })
const readers = await db.createCollection('readers', { dimension: 2, metric: 'cosine' })
await readers.insert([
  { entity: 'ada', timestamp: '2030-01-01', vector: [0.25, 0.75] },
  { entity: 'ada', timestamp: '2030-01-02', vector: [0.5, 0.625], payload: { read: 'The Analytical Engine' } },
  { entity: 'bob', timestamp: '2030-01-02', vector: [1, 0] },
])

const asked = await db.query<PredictRow>("PREDICT vector AT '2030-01-04' FOR EACH ENTITY")
const linear = await readers.predict({ entity: 'ada', at: '2030-01-04', using: 'linear' })
const then = await readers.predict({ entity: 'ada', at: '2030-01-02', context: { until: '2030-01-01' } })
for (const { entity, vector, method, fallback_reason } of [...asked.rows, ...linear, ...then]) {
  console.log(entity, vector, method, fallback_reason)
}
await db.close()
