// scripts/node examples/embed/main.ts [shop.db] [port]
import type { AddressInfo } from 'node:net'
import { serve } from './server.ts'
import { Shop } from './shop.ts'

const [path = 'shop.db', port = '8080'] = process.argv.slice(2)
const shop = await Shop.open(path)
const server = serve(shop).listen(Number(port), '127.0.0.1', () => {
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  console.log(`The shop is open at ${address}. Try:

  curl -d '{"id": "mug", "name": "A mug", "stock": 3, "embedding": [1, 0, 0, 0]}' ${address}/products
  curl -d '{"id": "jug", "name": "A jug", "stock": 1, "embedding": [1, 0]}' ${address}/products   # too short: nothing of it is written
  curl '${address}/predict?id=mug&at=2030-01-01'
  curl -d '{"id": "ann", "name": "Ann", "embedding": [1, 0.5, 0, 0]}' ${address}/customers
  curl '${address}/suggestions?customer=ann'   # in stock, and nearest to where Ann will be next week
`)
})

process.once('SIGINT', () => {
  server.close()
  void shop.close()
})
