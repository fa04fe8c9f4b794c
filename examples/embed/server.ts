import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { DatabaseError } from 'chronode'
import type { Product, Shop } from './shop.ts'

/** The shop over HTTP, on loopback: `POST /products`, `GET /products`, `GET /predict?id=...&at=...`. */
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
