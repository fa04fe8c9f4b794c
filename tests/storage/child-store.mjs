// A second process with a store of its own: loads the TypeScript sources through vite, runs a command, and says so line by line.
import { createViteServer } from 'vitest/node'

const [path, command, argument] = process.argv.slice(2)
const server = await createViteServer({
  root: new URL('../..', import.meta.url).pathname,
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
})
const { openStore } = await server.ssrLoadModule('/src/storage/index.ts')

const store = await openStore({
  path,
  readonly: false,
  memoryLimitBytes: 2 ** 30,
  durability: 'normal',
  busyTimeoutMs: 10_000,
  migrate: 'auto',
  warn: () => undefined,
})
const words = await store.createCollection('words', { dimension: 2, metric: 'cosine', normalized: false })
await { insertSome }[command]()

/** Inserts 100 observations of one entity, one batch each. */
async function insertSome() {
  for (let n = 0; n < 100; n++) {
    await store.insert(words, [{ entity: argument, timestamp: n, vector: Float32Array.of(n, n), payload: undefined }])
  }
  await store.close()
  await server.close()
  process.stdout.write('done\n')
}
