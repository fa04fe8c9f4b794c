import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Snapshot, Store } from '../../src/storage/index.js'
import type { Packing } from '../../src/storage/observations/packing.js'

type Answer = { readonly number: number; readonly result?: unknown; readonly error?: { readonly code: string; readonly message: string } }

const ITERATED = new Set(['scan', 'scanEntities'])

/** A second process, which opens stores and does with them what it is told. It runs what is compiled. */
export class RemoteProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #sent = 0

  constructor(private readonly clock: { readonly now: number }) {
    this.#child = fork(fileURLToPath(new URL('remote-store.mjs', import.meta.url)), { serialization: 'advanced' })
    this.#child.on('message', ({ number, result, error }: Answer) => {
      const waiting = this.#waiting.get(number)!
      this.#waiting.delete(number)
      if (error === undefined) waiting.resolve(result)
      else waiting.reject(Object.assign(new Error(error.message), { code: error.code }))
    })
  }

  /** What a store returns at once comes as a promise from there. */
  async openStore(path: string, options: { readonly readonly: boolean; readonly packing: Packing }): Promise<Store> {
    const { blockSize, ...packing } = options.packing
    const block = blockSize(2, 16_384)
    const rest = { memoryLimitBytes: 2 ** 26, durability: 'normal', busyTimeoutMs: 0, migrate: 'auto' }
    const store = await this.#call(undefined, 'open', [{ ...rest, path, readonly: options.readonly, packing, block }])
    return this.#standIn<Store>(store, { snapshot: async () => this.#standIn<Snapshot>(await this.#call(store, 'snapshot', [])) })
  }

  async end(): Promise<void> {
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }

  #standIn<T extends object>(target: unknown, own: Partial<T> = {}): T {
    const get = (_: T, method: string) => {
      if (method === 'then') return undefined // it is no promise
      if (method in own) return own[method as keyof T]
      if (ITERATED.has(method)) return (...args: unknown[]) => this.#iterate(target, method, args)
      return (...args: unknown[]) => this.#call(target, method, args)
    }
    return new Proxy({} as T, { get: get as ProxyHandler<T>['get'] & {} })
  }

  async *#iterate(target: unknown, method: string, args: unknown[]): AsyncGenerator<unknown> {
    yield* (await this.#call(target, method, args)) as unknown[]
  }

  #call(target: unknown, method: string, args: unknown[]): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>()
    const number = ++this.#sent
    this.#waiting.set(number, waiting)
    this.#child.send({ number, clock: this.clock.now, target, method, args })
    return waiting.promise
  }
}
