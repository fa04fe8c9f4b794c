// `npm run demo`: the words of the State of the Union addresses, where they stood, how they moved, and where they are going.
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type ExplainRow, type NearestRow, openDatabase, type PredictRow, type Warning } from 'chronode'
import { chapter, day, statement, table } from './print.ts'
import { type Replay, replay } from './replay.ts'
import { TOPIC_OF } from './topics.ts'
import { readWords } from './words.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const FOLDER = resolve(process.argv[2] ?? join(HERE, '..', '..', '.demo'))
const MODEL = join(FOLDER, 'model', 'words.pt')

const WORD = 'energy'
const YEARS = [1910, 1935, 1960, 1985, 2021]
const FUTURE = '2030-12-31'
const HORIZONS_YEARS = [1, 5, 10]
/** A vanished model file is noticed within a second. */
const NOTICED_MS = 1100

const warnings: Warning[] = []
prepareFolder()
const db = await openDatabase(join(FOLDER, 'chronode.toml'), { logger: { warn: (warning) => warnings.push(warning) } })
const observations = readWords()

await importWords()
await showWayThroughTime()
await showAsOf()
const hasModel = await showPrediction()
await showFutureNeighbours()
await showPlan()
if (hasModel) await showFallback()
await showAccuracy()
await db.close()
const config = relative(process.cwd(), join(FOLDER, 'chronode.toml'))
console.log('The database stays where it is. Ask it yourself:\n')
console.log(`  scripts/node dist/src/cli/main.js query --config ${config} "PREDICT vector AT '2030-12-31' FOR ENTITY 'climate'"\n`)

/** A copy of the configuration and the model, so that the demo can move the model away. */
function prepareFolder(): void {
  rmSync(join(FOLDER, 'words.db'), { force: true })
  for (const ending of ['-wal', '-shm']) rmSync(join(FOLDER, `words.db${ending}`), { force: true })
  mkdirSync(join(FOLDER, 'model'), { recursive: true })
  cpSync(join(HERE, 'chronode.toml'), join(FOLDER, 'chronode.toml'))
  if (existsSync(join(HERE, 'model', 'words.pt'))) cpSync(join(HERE, 'model', 'words.pt'), MODEL)
}

async function importWords(): Promise<void> {
  const startMs = performance.now()
  const words = await db.createCollection('words', { dimension: observations[0]!.vector.length, metric: 'cosine' })
  await words.insert(observations)
  const elapsedMs = performance.now() - startMs
  const names = [...new Set(observations.map(({ entity }) => entity))]
  const years = observations.map(({ timestamp }) => day(timestamp).slice(0, 4)).sort()
  for (const name of names) await words.setAttributes(name, { topic: TOPIC_OF.get(name) ?? 'other' })
  chapter(
    'The data',
    'Presidents of the United States speak to Congress once a year. A word is described by the words around it, year by year, on one fixed basis;\n' +
      'the vector of a year knows nothing that was said later.',
  )
  table([
    ['collection', 'words', 'observations', 'dimension', 'years', 'written in'],
    ['words', names.length, observations.length, words.dimension, `${years.at(0)}-${years.at(-1)}`, `${elapsedMs.toFixed(0)} ms`],
  ])
}

async function showWayThroughTime(): Promise<void> {
  chapter(
    `The way of '${WORD}' through time`,
    `The words that stood nearest to '${WORD}' (cosine similarity), each where it was last seen at that time.`,
  )
  statement(`NEAREST 5 TO ENTITY '${WORD}' AS OF '1960-12-31' FROM words`)
  const rows = await Promise.all(YEARS.map(async (year) => [String(year), await nearestAsOf(WORD, `${year}-12-31`)]))
  table([['year', `most like '${WORD}'`], ...rows])
}

async function showAsOf(): Promise<void> {
  const text = `SELECT entity, timestamp, vector FROM words AS OF '1970-12-31' WHERE entity IN ('energy', 'internet', 'climate')`
  chapter(
    'What was known then',
    'AS OF answers as if it were still that day: in 1970 nobody has spoken of the internet or the climate often enough to place the word.',
  )
  statement(text)
  const { rows } = await db.query<{ entity: string; timestamp: number; vector: Float32Array }>(text)
  table([['entity', 'last seen', 'vector'], ...rows.map(({ entity, timestamp, vector }) => [entity, day(timestamp), numbers(vector)])])
}

/** @returns whether the model answered. */
async function showPrediction(): Promise<boolean> {
  const text = `PREDICT vector AT '${FUTURE}' FOR ENTITY '${WORD}'`
  chapter(`Where '${WORD}' is going`, 'A Neural ODE, trained on earlier years, continues the trajectory. The row says who answered.')
  statement(text)
  const [row] = (await db.query<PredictRow>(text)).rows
  table([['entity', 'at', 'method', 'model', 'context', 'fallback reason', 'vector'], predictionCells(row!)])
  const near = `NEAREST 5 TO (${text}) AS OF LATEST FROM words WHERE entity <> '${WORD}'`
  statement(near)
  console.log(`  Most like it, among the words as they stand: ${inWords((await db.query<NearestRow>(near)).rows)}\n`)
  if (row!.method === 'neural_ode') return true
  const { torch } = db.nativeStatus()
  console.log(`  The model did not answer (${row!.fallback_reason}); the straight line through the last two vectors did.`)
  console.log(`  ${torch.available ? (warnings[0]?.message ?? '') : `To have the model answer: ${torch.remedy}`}\n`)
  return false
}

async function showFutureNeighbours(): Promise<void> {
  const text = `NEAREST 5 TO ENTITY '${WORD}' PREDICTED AT '${FUTURE}' FROM words`
  chapter(`Who will be near '${WORD}'`, 'PREDICTED AT predicts every word, and ranks them by where they will be. Each row says who predicted it.')
  statement(text)
  const { rows, meta } = await db.query<NearestRow>(text)
  table([
    ['rank', 'entity', 'likeness', 'method', 'fallback reason', 'vector'],
    ...rows.map(({ rank, entity, distance, method, fallback_reason, vector }) => [
      rank,
      entity,
      (1 - distance).toFixed(2),
      method ?? '',
      fallback_reason ?? '',
      numbers(vector!),
    ]),
  ])
  console.log(`  Of ${meta.candidates} words in ${meta.elapsedMs.toFixed(0)} ms, ranked by ${meta.kernel}.\n`)
}

async function showPlan(): Promise<void> {
  const text = `EXPLAIN PREDICT vector AT '${FUTURE}' FOR ENTITY '${WORD}'`
  chapter('Why that method', 'EXPLAIN names the methods that are tried, in this order, and why.')
  statement(text)
  const { rows } = await db.query<ExplainRow>(text)
  table([['operation', 'detail'], ...rows.map(({ operation, detail }) => [operation, detail])])
}

async function showFallback(): Promise<void> {
  const text = `PREDICT vector AT '${FUTURE}' FOR ENTITY '${WORD}'`
  chapter(
    'When the model is gone',
    'The model file is moved away while the database is open. The same statement is still answered, and says by whom and why.',
  )
  statement(text)
  renameSync(MODEL, `${MODEL}.away`)
  await delay(NOTICED_MS)
  const [away] = (await db.query<PredictRow>(text)).rows
  renameSync(`${MODEL}.away`, MODEL)
  await delay(NOTICED_MS)
  const [back] = (await db.query<PredictRow>(text)).rows
  table([
    ['', 'entity', 'at', 'method', 'model', 'context', 'fallback reason', 'vector'],
    ['moved away', ...predictionCells(away!)],
    ['put back', ...predictionCells(back!)],
  ])
  console.log(`  Warned once: ${warnings.at(-1)?.message}\n`)
}

/** The year from which on the model has seen nothing, as its card says. */
async function heldOutFrom(): Promise<number> {
  const { rows } = await db.query<{ property: string; value: unknown }>("DESCRIBE MODEL 'words.pt'")
  const card = rows.find(({ property }) => property === 'card')?.value as { metrics: { held_out_from: string } }
  return new Date(card.metrics.held_out_from).getUTCFullYear()
}

async function showAccuracy(): Promise<void> {
  const firstTarget = await heldOutFrom()
  const methods = hasModel ? ['last', 'linear', 'neural_ode'] : ['last', 'linear']
  chapter(
    'How far off it is',
    `Neither training nor the choice of the model has seen anything said from ${firstTarget} on. Each of these years is predicted as it would have been 1, 5\n` +
      'or 10 years before (CONTEXT UNTIL), for every word used in both years, and compared. Mean squared error a dimension; smaller is better.',
  )
  statement(`PREDICT vector AT '${firstTarget}-12-31' FOR ENTITIES $1 FROM words CONTEXT UNTIL '${firstTarget - 10}-12-31' USING ${methods.at(-1)}`)
  const replays: Replay[] = []
  for (const horizonYears of HORIZONS_YEARS) replays.push(await replay(db, observations, { methods, horizonYears, firstTarget }))
  table([
    ['years ahead', 'cases', ...methods],
    ...replays.map(({ horizonYears, cases, errors }) => [horizonYears, cases, ...errors.map((error) => error.toFixed(4))]),
  ])
  for (const line of verdicts(methods, replays)) console.log(`  ${line}`)
  console.log()
}

/** What the table says, in words: against the last value, the plainest of forecasts. */
function verdicts(methods: readonly string[], replays: readonly Replay[]): string[] {
  return methods.slice(1).map((method, i) => {
    const gains = replays.map(({ horizonYears, errors }) => {
      const percent = Math.round((1 - errors[i + 1]! / errors[0]!) * 100)
      const judged = percent === 0 ? 'no better' : `${Math.abs(percent)} % ${percent > 0 ? 'better' : 'worse'}`
      return `${judged} at ${horizonYears} ${horizonYears === 1 ? 'year' : 'years'}`
    })
    return `${method} against repeating the last vector: ${gains.join(', ')}.`
  })
}

/** The words that stood nearest then; a word that was not spoken of yet has no place. */
async function nearestAsOf(word: string, date: string): Promise<string> {
  const there = await db.collection('words').asOf(date, { entities: [word] })
  if (there.length === 0) return '(not yet placed)'
  const { rows } = await db.query<NearestRow>('NEAREST 5 TO ENTITY $1 AS OF $2 FROM words', [word, date])
  return inWords(rows)
}

/** `fuels 0.84, production 0.83`: the cosine similarity, 1 in the same direction. */
function inWords(rows: readonly NearestRow[]): string {
  return rows.map(({ entity, distance }) => `${entity} ${(1 - distance).toFixed(2)}`).join(', ')
}

function predictionCells({ entity, timestamp, method, model, context_count, fallback_reason, vector }: PredictRow): (string | number)[] {
  return [entity, day(timestamp!), method ?? '', model ?? '', context_count, fallback_reason ?? '', numbers(vector!)]
}

function numbers(vector: Float32Array): string {
  return `[${Array.from(vector.subarray(0, 3), (value) => value.toFixed(2)).join(', ')}, ...]`
}
