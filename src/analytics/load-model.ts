import type { Native, TensorModel } from '../native/runtime.js'
import { type Refusal, refused } from '../prediction.js'
import { checkArchive } from './model-archive.js'
import { type ModelCard, NO_CARD, readModelCard } from './model-card.js'
import { type ModelBytes, readModelFile } from './model-file.js'
import { ModelRefusal } from './model-refusal.js'

/** A model file that the configuration names, and how it is to be loaded. */
export interface ModelSource {
  /** Absolute. */
  readonly path: string
  /** What the sha256 of the file must be; undefined: anything. */
  readonly pin: string | undefined
  readonly device: 'auto' | 'cpu' | 'cuda'
  /** Of a prediction. A load may take longer, for nobody need wait for it. */
  readonly timeoutMs: number
}

/** How long libtorch may load a model, at least: a file may hold a program that never ends. */
const LOAD_TIMEOUT_MS = 60_000

/** What models are loaded by. */
export interface Loader {
  readonly native: Native
  readonly threads: number
  /** Aborted when nobody wants the model any more. */
  readonly signal: AbortSignal
}

/** What became of a model file. Sha256 and card are told as far as they could be read. */
export type ModelLoad = { readonly sha256?: string | undefined; readonly card?: ModelCard | undefined } & (
  | {
      readonly kind: 'loaded'
      readonly sha256: string
      readonly card: ModelCard
      readonly tensorModel: TensorModel
      readonly warning: string | undefined
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly isPassing: boolean }
)

/**
 * File, pin, archive, card, libtorch, model: in this order, so that the reason is the first that its owner can mend, and so that libtorch
 * (half a second, 150 MB) is brought in only for a model that may serve.
 *
 * @throws the signal's reason, and bugs of ours; what is wrong with a model is a refusal.
 */
export async function loadModel(source: ModelSource, loader: Loader): Promise<ModelLoad> {
  const { signal } = loader
  const known: { sha256?: string; card?: ModelCard } = {}
  try {
    const file = await readModelFile(source.path, signal)
    known.sha256 = file.sha256
    known.card = await checkedCard(source, file, signal)
    const { model, warning } = await loadIntoLibtorch(source, file.bytes, known.card, loader)
    if (signal.aborted) model.dispose()
    signal.throwIfAborted()
    return { kind: 'loaded', sha256: file.sha256, card: known.card, tensorModel: model, warning }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ModelRefusal)) throw error
    return { kind: 'refused', refusal: refused(error.reason, error.message), isPassing: error.isPassing, ...known }
  }
}

async function checkedCard({ path, pin }: ModelSource, { bytes, sha256 }: ModelBytes, signal: AbortSignal): Promise<ModelCard> {
  if (pin !== undefined && pin.toLowerCase() !== sha256) {
    throw new ModelRefusal('model_invalid', `${path} should have the sha256 ${pin} of model_sha256; it has ${sha256}.`)
  }
  try {
    const card = await checkArchive(bytes, signal)
    return card === undefined ? NO_CARD : readModelCard(card)
  } catch (error) {
    if (!(error instanceof ModelRefusal)) throw error
    throw new ModelRefusal(error.reason, `${path} is no usable TorchScript file. ${error.message}`)
  }
}

async function loadIntoLibtorch({ path, device, timeoutMs }: ModelSource, bytes: Buffer, card: ModelCard, { native, threads, signal }: Loader) {
  const door = await native.torch({ threads })
  if (!door.open) throw new ModelRefusal('native_unavailable', `${door.message} ${door.remedy}`)
  const outcome = await door.addon.load(
    bytes,
    { device, manyTargets: card.targets === 'many', timeoutMs: Math.max(timeoutMs, LOAD_TIMEOUT_MS), dimension: card.dimension },
    signal,
  )
  if (outcome.kind === 'loaded') return outcome
  throw new ModelRefusal(outcome.reason, `${path}: ${outcome.message}`)
}
