import { createHash } from 'node:crypto'
import { constants, createReadStream, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type AnalyticsConfig, openDatabase, readConfig, type StorageConfig } from '../index.js'
import { sizeText } from './amounts.js'
import { attempt, type Check } from './check.js'
import { isAllowed, isWritable } from './file-access.js'

/** A configuration as it is written, and the files that it names as they lie there. Nothing is opened as a database or a model. */
export async function checkConfiguration(file: string, options: { readonly attached: boolean }): Promise<Check[]> {
  const read = await attempt('configuration', async () => readConfig(file, options))
  if ('check' in read) return [read.check]
  const { source, storage, analytics, collections } = read.value
  const own = [...collections].filter(([, settings]) => settings.modelPath !== analytics.modelPath || settings.neuralOde !== analytics.neuralOde)
  return [
    { name: 'configuration', status: 'ok', detail: source },
    databaseCheck(storage),
    ...(await modelCheck('model', analytics)),
    ...(await Promise.all(own.map(([name, settings]) => modelCheck(`model of ${name}`, settings)))).flat(),
    ...(await predictorChecks([analytics, ...collections.values()])),
  ]
}

function databaseCheck({ path, readonly }: StorageConfig): Check {
  const [name, folder] = ['database', dirname(path ?? '')]
  if (path === undefined) return { name, status: 'ok', detail: 'the app gives its own connection' }
  if (path === ':memory:') return { name, status: 'ok', detail: 'in memory: it goes with the process' }
  const stats = statusOf(path)
  if (stats !== undefined) return foundDatabase(name, path, stats, readonly)
  const missing = { name, status: 'failed', detail: `there is no ${path}` } as const
  if (readonly) return { ...missing, remedy: 'open it once without readonly = true, which makes it' }
  if (statusOf(folder)?.isDirectory() !== true)
    return { ...missing, detail: `${missing.detail}, nor its folder`, remedy: `make the folder: mkdir -p "${folder}"` }
  if (!isWritable(folder)) return { ...missing, remedy: `let this user write into ${folder}, or choose another path` }
  return { name, status: 'absent', detail: `${path} is not there yet; it is made when it is first opened for writing` }
}

function foundDatabase(name: string, path: string, stats: Stats, readonly: boolean): Check {
  if (!stats.isFile()) return { name, status: 'failed', detail: `${path} is no regular file`, remedy: 'name a file as path under [storage]' }
  if (!isAllowed(path, readonly ? constants.R_OK : constants.R_OK | constants.W_OK)) {
    const remedy = readonly ? 'let this user read it' : 'let this user write it, or say readonly = true under [storage]'
    return { name, status: 'failed', detail: `${path} may not be ${readonly ? 'read' : 'written'} by this user`, remedy }
  }
  return { name, status: 'ok', detail: `${path}, ${sizeText(stats.size)}` }
}

/** One check, or none where no model is spoken of. */
async function modelCheck(name: string, { neuralOde, modelPath, modelSha256 }: AnalyticsConfig): Promise<Check[]> {
  if (modelPath === undefined) {
    if (neuralOde !== true) return []
    const remedy = 'name the file as model_path under [analytics], or leave neural_ode out'
    return [{ name, status: 'failed', detail: 'neural_ode = true, and no model_path says which model', remedy }]
  }
  if (neuralOde !== true) return [{ name, status: 'absent', detail: `${modelPath} is off: it serves with neural_ode = true alone` }]
  const stats = statusOf(modelPath)
  if (stats?.isFile() !== true) {
    const detail = stats === undefined ? `there is no ${modelPath}` : `${modelPath} is no regular file`
    return [{ name, status: 'failed', detail, remedy: 'correct model_path under [analytics]; without a model predictions are linear' }]
  }
  if (modelSha256 === undefined) return [{ name, status: 'ok', detail: `${modelPath}, ${sizeText(stats.size)}` }]
  const found = await sha256Of(modelPath)
  if (found === modelSha256) return [{ name, status: 'ok', detail: `${modelPath}, ${sizeText(stats.size)}, with the sha256 that pins it` }]
  const remedy = 'bring back the file that was pinned, or pin this one with model_sha256'
  return [{ name, status: 'failed', detail: `${modelPath} has the sha256 ${found}; model_sha256 is ${modelSha256}`, remedy }]
}

/** Names that Chronode has no predictor for: an app may bring them, and a slip looks the same. */
async function predictorChecks(all: readonly AnalyticsConfig[]): Promise<Check[]> {
  await using db = await openDatabase({ storage: { path: ':memory:' } })
  const { rows } = await db.query<{ name: string }>('SHOW PREDICTORS')
  const known = new Set([...rows.map(({ name }) => name), 'error'])
  const named = new Set(all.flatMap(({ method, fallback }) => (method === undefined ? [fallback] : [method, fallback])))
  return [...named]
    .filter((name) => !known.has(name))
    .map((name) => ({
      name: `predictor ${name}`,
      status: 'note',
      detail: `it is none of ${rows.map((row) => row.name).join(', ')}: the app must bring it when it opens the database, and nothing here can tell whether it does`,
    }))
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined // what cannot be looked at cannot be used either
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
