import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { DatabaseError } from 'chronode'
import type { Customer, Product, Shop } from './shop.ts'

const WEEK_MS = 7 * 24 * 60 * 60 * 1000

/** The shop over HTTP, on loopback: `POST /products`, `GET /products`, `GET /predict?id=...&at=...`, `POST /customers`, `GET /suggestions?customer=...&at=...`. */
export function serve(shop: Shop): Server {
  return createServer((request, response) => {
    answer(shop, request).then(
      (body) => send(response, 200, body),
      (error: unknown) => {
        if (!(error instanceof DatabaseError)) return send(response, 500, { error: 'internal' })
        send(response, error.code === 'NOT_FOUND' ? 404 : 400, { code: error.code, error: error.message })
      },
    )
  })
}

async function answer(shop: Shop, request: IncomingMessage): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  switch (`${request.method} ${pathname}`) {
    case 'POST /products':
      shop.put((await json(request)) as Product, Date.now())
      return { products: shop.names() }
    case 'POST /customers':
      shop.putCustomer((await json(request)) as Customer, Date.now())
      return {}
    case 'GET /suggestions':
      return shop.suggest(searchParams.get('customer') ?? '', searchParams.get('at') ?? Date.now() + WEEK_MS)
    case 'GET /predict': {
      const { vector, ...row } = await shop.predict(searchParams.get('id') ?? '', searchParams.get('at') ?? '')
      return { ...row, vector: vector && Array.from(vector) }
    }
    default:
      return { products: shop.names() }
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
