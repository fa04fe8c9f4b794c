import { ArgumentError, described, NotFoundError } from '../errors.js'
import type { Predictor } from '../prediction.js'
import { suggest } from '../suggestion.js'
import type { ImmediatePredictor } from './immediate-predictor.js'
import { last } from './last.js'
import { linear } from './linear.js'

export const NEURAL_ODE = 'neural_ode'
/** `fallback = 'error'`: not a method, but the wish for none. */
export const ERROR = 'error'

/** Methods that need nothing but the context. */
const BUILT_IN: ReadonlyMap<string, ImmediatePredictor> = new Map([
  ['linear', linear],
  ['last', last],
])

/** Names that mean something else in `USING` or `fallback`. */
const RESERVED: readonly string[] = [NEURAL_ODE, ERROR, 'model', ...BUILT_IN.keys()]
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/

/** The predictors of one database, by name. */
export class Methods {
  readonly #registered = new Map<string, Predictor>()

  /** @throws {ArgumentError} a name that is no identifier or taken, or something that is no predictor. */
  register(name: string, predictor: Predictor): void {
    if (typeof name !== 'string' || !NAME.test(name)) {
      throw new ArgumentError('name', 'an identifier of at most 64 letters, digits and _, not beginning with a digit', described(name))
    }
    if (RESERVED.includes(name.toLowerCase())) throw new ArgumentError('name', 'a name of your own', `'${name}', which Chronode uses itself`)
    if (this.#registered.has(name)) throw new ArgumentError('name', 'a new name', `'${name}', which is registered`)
    checkPredictor(predictor)
    this.#registered.set(name, predictor)
  }

  names(): readonly string[] {
    return [NEURAL_ODE, ...BUILT_IN.keys(), ...this.#registered.keys()]
  }

  has(name: string): boolean {
    return name === NEURAL_ODE || BUILT_IN.has(name) || this.#registered.has(name)
  }

  builtIn(name: string): ImmediatePredictor | undefined {
    return BUILT_IN.get(name)
  }

  registered(name: string): Predictor | undefined {
    return this.#registered.get(name)
  }

  /** @throws {NotFoundError} listing the names that there are. */
  check(name: string): void {
    if (this.has(name)) return
    const names = this.names()
    throw new NotFoundError('predictor', name, `No method is named "${name}". There are ${names.join(', ')}.`, { suggestions: suggest(name, names) })
  }
}

function checkPredictor(predictor: Predictor): void {
  if (typeof predictor !== 'object' || predictor === null || typeof predictor.predict !== 'function') {
    throw new ArgumentError('predictor', 'an object with context and predict()', described(predictor))
  }
  const { min, max } = predictor.context ?? {}
  if (!Number.isSafeInteger(min) || min < 1 || (max !== undefined && (!Number.isSafeInteger(max) || max < min))) {
    throw new ArgumentError(
      'predictor.context',
      '{ min, max? }, whole numbers with 1 <= min <= max',
      `{ min: ${described(min)}, max: ${described(max)} }`,
    )
  }
}
