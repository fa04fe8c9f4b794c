import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { serve } from '../../examples/embed/server.js'
import { Shop } from '../../examples/embed/shop.js'
import type { ConfigInput, PredictRow } from '../../src/index.js'
import { temporaryFolder } from '../support/database.js'
import { canCompileModels, compileModel, sources } from '../support/torch-models.js'

const MUG = { id: 'mug', name: 'A mug', stock: 3, embedding: [1, 0, 0, 0] }

async function open(analytics: ConfigInput['analytics'] = {}) {
  const folder = temporaryFolder()
  const shop = await Shop.open(join(folder, 'shop.db'), analytics)
  const server = serve(shop).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await shop.close()
  })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    folder,
    put: (product: object) => fetch(`${address}/products`, { method: 'POST', body: JSON.stringify(product) }),
    products: async () => ((await (await fetch(`${address}/products`)).json()) as { products: string[] }).products,
    predict: async (id: string) => (await (await fetch(`${address}/predict?id=${id}&at=2040-01-01`)).json()) as PredictRow,
  }
}

test('a product and its embedding are written together, and rolled back together', async () => {
  const { put, products, predict } = await open()

  expect((await put(MUG)).status).toBe(200)
  const refused = await put({ id: 'jug', name: 'A jug', stock: 1, embedding: [1, 0] })

  expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'DIMENSION_MISMATCH' }])
  expect(await products()).toEqual(['A mug'])
  expect(await predict('mug')).toMatchObject({ vector: [1, 0, 0, 0], method: 'last', status: 'ok' })
  expect(await predict('jug')).toMatchObject({ code: 'NOT_FOUND' })
})

describe.skipIf(!canCompileModels && process.env['CHRONODE_REQUIRE_NATIVE'] !== '1')('with a model that never returns', () => {
  test('predictions are answered by another method, and the shop stays open', async () => {
    const model = join(temporaryFolder(), 'stuck.pt')
    writeFileSync(model, compileModel(sources.endless))
    const { put, products, predict } = await open({ neural_ode: true, model_path: model, timeout_ms: 500 })
    await put(MUG)

    const first = await predict('mug')
    const start = performance.now()
    const rest = await Promise.all([...Array.from({ length: 20 }, () => predict('mug')), products()])

    expect(first).toMatchObject({ method: 'last', fallback_reason: 'timeout' })
    expect(rest.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => first))
    expect(performance.now() - start).toBeLessThan(5000)
  })
})
