import { setTimeout as delay } from 'node:timers/promises'
import type { Database, Warning } from '../index.js'
import { attempt, type Check, settingsOf } from './check.js'

/** How often models that are still loading are looked at. */
const POLL_MS = 50

interface ModelRow {
  readonly name: string
  readonly collection: string | null
  readonly status: 'loading' | 'ready' | 'refused' | 'off'
  readonly reason: string | null
  readonly message: string | null
  readonly device: string | null
  readonly sha256: string | null
  readonly card: Readonly<Record<string, unknown>> | null
}

/** One check a model file that the configuration names. */
export async function modelChecks(db: Database, warnings: readonly Warning[]): Promise<Check[]> {
  const models = await settledModels(db)
  if (models.length === 0) return missingModel(await settingsOf(db))
  return models.map((model): Check => {
    const name = `model ${model.name}${model.collection === null ? '' : ` of ${model.collection}`}`
    if (model.status === 'off') return { name, status: 'absent', detail: model.message ?? 'off' }
    if (model.status === 'ready') return { name, status: 'ok', detail: modelDetail(model) }
    const message = model.message ?? 'It is still loading.'
    return { name, status: 'failed', detail: `${model.reason ?? model.status}: ${message}`, ...adviceAfter(message, warnings) }
  })
}

function missingModel(settings: ReadonlyMap<string, unknown>): Check[] {
  if (settings.get('analytics.neural_ode') !== true) return []
  const detail = 'model_missing: neural_ode = true, and no model_path is configured.'
  return [{ name: 'model', status: 'failed', detail, remedy: 'name the file as model_path under [analytics], or leave neural_ode out' }]
}

function modelDetail({ device, sha256, card }: ModelRow): string {
  const known = ['architecture', 'dimension', 'context']
    .filter((member) => card?.[member] !== undefined)
    .map((member) => `${member} ${card![member]}`)
  return [`on ${device}`, `sha256 ${sha256}`, ...(known.length === 0 ? ['no card'] : known)].join(', ')
}

/** Waits for what is loading, as long as a prediction would. */
async function settledModels(db: Database): Promise<readonly ModelRow[]> {
  const endMs = performance.now() + Number((await settingsOf(db)).get('analytics.timeout_ms'))
  for (;;) {
    const { rows } = await db.query<ModelRow>('SHOW MODELS')
    if (rows.every(({ status }) => status !== 'loading') || performance.now() > endMs) return rows
    await delay(POLL_MS)
  }
}

/** The proof of the whole: one prediction in each collection. */
export async function predictionChecks(db: Database, warnings: readonly Warning[]): Promise<Check[]> {
  const checks: Check[] = []
  for (const { name } of db.collections()) {
    const quoted = `"${name.replaceAll('"', '""')}"`
    const found = await attempt(`predictions in ${name}`, () =>
      db.query<Record<string, string | null>>(`PREDICT * AT LATEST + INTERVAL '1 day' FOR EACH ENTITY FROM ${quoted} LIMIT 1`),
    )
    checks.push('check' in found ? found.check : predictionCheck(name, found.value.rows[0], found.value.meta.warnings, warnings))
  }
  return checks
}

function predictionCheck(
  collection: string,
  row: Record<string, string | null> | undefined,
  met: readonly Warning[],
  warnings: readonly Warning[],
): Check {
  const name = `predictions in ${collection}`
  if (row === undefined || row['status'] !== 'ok') return { name, status: 'ok', detail: 'there are no observations to try one with' }
  const { method, model, fallback_reason: reason } = row
  const by = `${method}${model === null ? '' : ` with ${model}`}`
  if (reason === null || reason === 'too_few_observations') return { name, status: 'ok', detail: `come from ${by}` }
  const message = met[0]?.message ?? ''
  return { name, status: 'failed', detail: `come from ${by}, because of ${reason}: ${message}`, ...adviceAfter(message, warnings) }
}

/** What the warning about a refusal advises, behind the words of the refusal itself. */
function adviceAfter(message: string, warnings: readonly Warning[]): { remedy: string } | Record<string, never> {
  const text = warnings.map((warning) => warning.message).find((told) => told.includes(message))
  const advice = text?.slice(text.indexOf(message) + message.length).trim() ?? ''
  return advice === '' ? {} : { remedy: advice }
}
